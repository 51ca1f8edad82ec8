"""What an engine is: code that turns an image and a mask into named numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from samesplit.features.engines.profile import EngineSettings, Profile
from samesplit.features.steps import Step
from samesplit.imaging.case import Case

__all__ = ["Engine", "EngineSettings", "FeatureInfo", "FeatureValues", "Step"]


@dataclass(frozen=True)
class FeatureInfo:
    """What a feature is, so that engines can be compared and tables can be explained.

    Attributes:
        feature: Its name in the features table.
        family: The feature family in the engine's words, for example `glcm`.
        ibsi_code: The four letters of the IBSI reference manual (doi:10.1148/radiol.2020191145); None where
            the standard has no such feature, or where a filter that the engine does not tell was applied first.
        aggregation: How matrices of several directions or slices become one value, in IBSI's words; empty
            where that question does not arise.
        unit: `mm`, `mm2`, `mm3`, `1/mm`, `I` and `I2` (the image's intensity and its square); empty for
            numbers without a unit.
        note: A known difference from the standard's definition.
        undefined_when: When it has no value (NaN), in words that go on from "not defined:"; empty where the
            engine does not tell.
        filter: The filter that was applied to the image first, by its name in features; empty for none.
        filter_code: The four letters of the IBSI's manual on image filters (doi:10.1148/radiol.231319) for it.
    """

    feature: str
    family: str
    ibsi_code: str | None = None
    aggregation: str = ""
    unit: str = ""
    note: str = ""
    undefined_when: str = ""
    filter: str = ""
    filter_code: str = ""


class FeatureValues(dict[str, float]):
    """The features of one case by name, and what led to them.

    Attributes:
        steps: The steps of the processing, in their order; empty where the engine does not tell.
        notes: What the case ledger should say about the case.

    Example:
        >>> FeatureValues({"stat_mean": 4.0}, notes=("looks like Bq/mL",)).notes
        ('looks like Bq/mL',)
    """

    def __init__(
        self,
        values: Mapping[str, float] | Iterable[tuple[str, float]] = (),
        *,
        steps: tuple[Step, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(values)
        self.steps = steps
        self.notes = notes


class Engine(Protocol):
    """Computes features; one object serves all profiles, and keeps nothing from one case to the next."""

    @property
    def name(self) -> str:
        """The word that profiles use for it."""

    @property
    def version(self) -> str:
        """Changes whenever values may change: cached values of another version are not used."""

    @property
    def settings(self) -> type[EngineSettings]:
        """What a profile of this engine may say under `settings`."""

    def catalogue(self, settings: EngineSettings) -> tuple[FeatureInfo, ...]:
        """Every feature that the settings ask for, in the order in which `extract` gives them."""

    def extract(self, case: Case, profile: Profile) -> FeatureValues:
        """Return the features of one case; NaN where a feature is not defined for it.

        Raises:
            LesionError: No feature can be computed for this case.
        """
