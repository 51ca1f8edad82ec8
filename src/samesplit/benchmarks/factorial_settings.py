"""What `benchmark.yaml` may say about a factorial benchmark: features, mask regimes and heads, each with each."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import Field, model_validator

from samesplit.declarations import Declaration

__all__ = ["FACTORS", "FactorialModel", "FactorialSettings"]

FACTORS = ("features", "mask regime", "head")
"""The factors in the order in which names of models are made of them."""

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Level = Annotated[str, Field(pattern=_NAME)]


class FactorialModel(NamedTuple):
    """One combination, as a model of the benchmark."""

    name: str
    head: str
    settings: dict[str, Any]
    """What is changed in the head's file: its profiles and title."""
    levels: dict[str, str]
    """The level of each of `FACTORS`."""


class FactorialSettings(Declaration):
    """Every set of features under every mask regime it has, with every head: one model each, in the frozen split.

    Example:
        >>> settings = FactorialSettings(
        ...     features={"radiomics": {"lesion": ["ct-default"]}, "encoder": {"lesion": ["e"], "box": ["e-box"]}},
        ...     heads=["ridge", "knn-probe"],
        ... )
        >>> [model.name for model in settings.models()][:3]
        ['radiomics-lesion-ridge', 'radiomics-lesion-knn-probe', 'encoder-lesion-ridge']
    """

    features: Annotated[
        dict[Level, Annotated[dict[Level, tuple[str, ...]], Field(min_length=1)]], Field(min_length=1)
    ]
    """Set of features -> mask regime -> profiles (under `profiles`) that are its features under this regime. A
    set need not have every regime."""
    heads: Annotated[tuple[Level, ...], Field(min_length=1)]
    """Model files that learn from features: each is used once for each set of features and mask regime."""

    @model_validator(mode="after")
    def _combinations(self) -> FactorialSettings:
        for name, regimes in self.features.items():
            empty = [regime for regime, profiles in regimes.items() if not profiles]
            if empty:
                raise ValueError(f"the features '{name}' have no profile under the mask regime '{empty[0]}'")
        names = [model.name for model in self.models()]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"two combinations are both called '{doubled[0]}': rename a level")
        if len(names) < 2:
            raise ValueError("one combination is no factorial benchmark: add features, a regime or a head")
        return self

    def regimes(self) -> tuple[str, ...]:
        """Return the mask regimes, in order of appearance."""
        return tuple(dict.fromkeys(regime for regimes in self.features.values() for regime in regimes))

    def profiles(self) -> tuple[str, ...]:
        """Return all profiles that are named, in order of appearance."""
        named = (p for regimes in self.features.values() for profiles in regimes.values() for p in profiles)
        return tuple(dict.fromkeys(named))

    def models(self) -> tuple[FactorialModel, ...]:
        """Return the combinations as models: features by features, regime by regime, head by head."""
        several = len(self.regimes()) > 1
        found = []
        for features, regimes in self.features.items():
            for regime, profiles in regimes.items():
                for head in self.heads:
                    levels = dict(zip(FACTORS, (features, regime, head), strict=True))
                    title = f"{features}{f' ({regime})' if several else ''}, {head}"
                    settings = {"profiles": list(profiles), "title": title}
                    found.append(FactorialModel(f"{features}-{regime}-{head}", head, settings, levels))
        return tuple(found)
