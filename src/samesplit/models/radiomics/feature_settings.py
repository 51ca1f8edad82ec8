"""What the models without a search among selectors say alike: which features they take, and how prepared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from sklearn.pipeline import Pipeline

from samesplit.models.protocol import Requirements
from samesplit.models.radiomics.preparation import preparation_steps
from samesplit.models.settings import ModelSettings

__all__ = ["FeatureSettings"]


class FeatureSettings(ModelSettings):
    """The base of the settings of models that take all features, imputed and standardised on the training part."""

    profiles: tuple[str, ...] = ("*",)
    """Feature profiles of the benchmark; `*` means all."""
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """A feature that more than this share of the training lesions lack is dropped."""
    near_constant: Annotated[float, Field(gt=0, le=1)] = 0.95
    """A feature with one value in this share of the training lesions is dropped."""
    impute: Literal["median", "mean"] = "median"
    """A missing value becomes this statistic of the training part. All features are standardised."""

    def needs(self) -> Requirements:
        """Ask for the features."""
        return Requirements(profiles=self.profiles, sequences=self.sequences)

    def preparation(self) -> Pipeline:
        """Make the unfitted steps before the model."""
        return Pipeline(
            preparation_steps(
                missing=self.missing,
                near_constant=self.near_constant,
                impute=self.impute,
                scale="standard",
                correlation=None,
            )
        )
