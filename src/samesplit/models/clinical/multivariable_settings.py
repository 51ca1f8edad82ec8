"""What a model file of `kind: univariate-multivariable-logistic` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from samesplit.models.protocol import Model, Requirements
from samesplit.models.settings import ModelSettings

__all__ = ["UnivariateMultivariableSettings"]

Level = Annotated[float, Field(gt=0, le=1)]


class UnivariateMultivariableSettings(ModelSettings):
    """`kind: univariate-multivariable-logistic`: what passes a univariate screen, in one logistic regression.

    References:
        The published use that it follows: Zhong et al. 2025 (T1 mapping of small renal masses).
    """

    built_by: ClassVar[str] = "samesplit.models.clinical.multivariable:UnivariateMultivariableModel"
    kind: Literal["univariate-multivariable-logistic"] = "univariate-multivariable-logistic"
    inputs: Literal["clinical", "features", "both"] = "clinical"
    """Where candidates come from."""
    variables: tuple[str, ...] = ()
    """Clinical candidates; empty means all that the benchmark declares."""
    profiles: tuple[str, ...] = ("*",)
    features: tuple[str, ...] = ()
    """Candidates among the features: names or patterns (`*`, `?`), with or without profile and sequence;
    empty means all of the profiles."""
    screen: Level = 0.05
    """A candidate passes when its univariate P value is below this."""
    keep: Level | None = None
    """Backward elimination: the worst variable goes until every multivariable P value is below this; null keeps
    all that passed."""
    most: Annotated[int, Field(ge=1)] | None = 20
    """Of more candidates that pass, those with the smallest P values enter; null: no limit."""
    none_pass: Literal["prevalence", "smallest-p"] = "prevalence"
    """Where no candidate is left: the training prevalence for every lesion, or the candidate with the smallest
    univariate P value all the same."""
    per: Literal["sd", "unit"] = "sd"
    """What the odds ratio of a number stands for; predictions do not depend on it."""
    impute: Literal["median", "mean"] = "median"
    """A missing number becomes this statistic of the training part in the multivariable model, a missing
    category the commonest one. Univariate tests use the lesions that have the value."""

    @model_validator(mode="after")
    def _in_use(self) -> UnivariateMultivariableSettings:
        if self.features and self.inputs == "clinical":
            raise ValueError(
                "'features' are named, but inputs is 'clinical'; set inputs to 'features' or 'both'"
            )
        if self.variables and self.inputs == "features":
            raise ValueError("'variables' are named, but inputs is 'features'; set inputs to 'both'")
        return self

    def needs(self) -> Requirements:
        """Ask for the profiles, if features are candidates, and the variables."""
        profiles = () if self.inputs == "clinical" else self.profiles
        clinical = () if self.inputs == "features" else self.variables or ("*",)
        return Requirements(profiles=profiles, sequences=self.sequences, clinical=clinical)

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh model."""
        model: Model = self.model_class()(self)
        return model
