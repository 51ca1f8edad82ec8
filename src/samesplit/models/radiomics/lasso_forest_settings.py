"""What a model file of `kind: lasso-random-forest` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from samesplit.models.protocol import Model
from samesplit.models.radiomics.feature_settings import FeatureSettings
from samesplit.models.radiomics.oversampling import OversampleSettings
from samesplit.tasks import TaskKind

__all__ = ["LassoForestSettings"]

Share = Annotated[float, Field(gt=0, le=1)]
Penalty = Annotated[float, Field(gt=0)]


class LassoForestSettings(FeatureSettings):
    """`kind: lasso-random-forest`: features ranked by a LASSO, a random forest on the first few of them.

    Of more than two classes the LASSO explains one 0/1 label each, with one penalty for all coefficients of a
    feature (group LASSO), and a feature ranks by the length of its coefficients.

    References:
        Xiong et al., Nature Communications 2025, https://doi.org/10.1038/s41467-025-56784-z.
    """

    built_by: ClassVar[str] = "samesplit.models.radiomics.lasso_forest:LassoForestModel"
    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    kind: Literal["lasso-random-forest"] = "lasso-random-forest"
    once_per_lesion: tuple[str, ...] = ()
    """Patterns of feature names (`original_shape2D_*`) that say the same in every sequence, because one mask
    serves all of them: they enter once, from the first sequence that has a value."""
    near_constant: Share = 1.0
    """A feature with one value in this share of the training lesions is dropped."""
    oversample: OversampleSettings | None = None
    """SMOTE after the preparation, on the rows that are fitted on; never before a split."""
    penalties: tuple[Penalty, ...] = Field(default=(1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0), min_length=1)
    """Of the LASSO on the label as 0 and 1; the one with the smallest inner squared error is used."""
    size: Annotated[int, Field(ge=1)] | None = None
    """How many features; null: the best of `sizes`."""
    sizes: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=tuple(range(1, 20)), min_length=1)
    compare: Literal["inner", "validation"] = "inner"
    """Where sizes are compared: on the inner folds, or on the validation part (inner folds where that lacks a
    class). The validation part also gives the threshold; compared there, it is used twice."""
    repeats: int = Field(default=3, ge=1)
    """Forests of as many seeds are averaged in the comparison of sizes."""
    trees: int = Field(default=100, ge=1)
    inner_folds: int = Field(default=5, ge=2)
    """Grouped by patient; one forest is fitted without each, and their mean is the model."""

    @field_validator("penalties", "sizes")
    @classmethod
    def _once_each(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) < len(values):
            raise ValueError("a value is named twice")
        return tuple(sorted(values))

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh model."""
        model: Model = self.model_class()(self)
        return model
