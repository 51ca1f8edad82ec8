"""What `derived_features` in benchmark.yaml may say: formulas of one feature on several sequences."""

from __future__ import annotations

from pydantic import field_validator

from samesplit.benchmarks.field_types import Name
from samesplit.declarations import Declaration
from samesplit.features.derived import DerivedFeature
from samesplit.features.formula import Formula

__all__ = ["DerivedFeatureSettings"]


class DerivedFeatureSettings(Declaration):
    """One derived feature; its name is the key that it stands under.

    Example:
        >>> ratio = DerivedFeatureSettings(formula="(CMP - T1WI) / T1WI", profile="roi-mean", feature="mean")
        >>> ratio.sequences
        ('CMP', 'T1WI')
    """

    formula: str
    """Of names of sequences, numbers, + - * / and parentheses."""
    profile: Name
    """One of those under `profiles`."""
    feature: str
    """The feature of the profile that each sequence stands for."""

    @field_validator("formula")
    @classmethod
    def _is_one(cls, formula: str) -> str:
        return Formula(formula).text

    @property
    def sequences(self) -> tuple[str, ...]:
        """The sequences that the formula names."""
        return Formula(self.formula).names

    def named(self, name: str) -> DerivedFeature:
        """Return the feature with its name."""
        return DerivedFeature(name, Formula(self.formula), self.profile, self.feature)
