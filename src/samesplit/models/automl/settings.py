"""What a model file of `kind: tpot` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from samesplit.extras import EXTRAS
from samesplit.models.design_tables import Scale
from samesplit.models.protocol import Model, Requirements
from samesplit.models.radiomics.preparation import preparation_steps
from samesplit.models.radiomics.settings import Classifiers, ClassifierUse, Selectors, SelectorUse
from samesplit.models.settings import ModelSettings

__all__ = ["Space", "TpotSettings"]

Space = Literal["radiomics", "linear", "linear-light"]
"""Where TPOT looks: samesplit's own scalers, selectors and classifiers, or one of TPOT's templates."""

_SELECTORS = ("anova-f", "lasso")
_CLASSIFIERS = ("logistic", "random-forest", "xgboost")


class TpotSettings(ModelSettings):
    """`kind: tpot`: pipelines evolved by TPOT (Olson and Moore 2016, https://doi.org/10.1145/2908812.2908918).

    Each candidate is scored by its mean AUC over patient-grouped inner folds of the training part. The same seed
    gives the same pipeline, unless a limit of time or memory cuts something off: then the machine has its say.
    """

    built_by: ClassVar[str] = "samesplit.models.automl.model:TpotModel"
    searches: ClassVar[bool] = True
    kind: Literal["tpot"] = "tpot"
    profiles: tuple[str, ...] = ("*",)
    """Feature profiles of the benchmark; `*` means all."""
    space: Space = "radiomics"
    """`radiomics`: a scaler, a selector and a classifier, one of each named below. `linear`, `linear-light`: the
    templates of TPOT, with selectors and transformers of their own; `linear` stacks classifiers too."""
    scalers: tuple[Scale, ...] = Field(default=("standard", "min-max", "robust"), min_length=1)
    """Of the space `radiomics`."""
    selectors: Selectors = Field(default=tuple(SelectorUse(name=name) for name in _SELECTORS), min_length=1)
    """Of the space `radiomics`: keys, or `name:` and `parameters:`."""
    sizes: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = (5, 100)
    """Of the space `radiomics`: the fewest and the most features that a selector keeps."""
    classifiers: Classifiers = Field(
        default=tuple(ClassifierUse(name=name) for name in _CLASSIFIERS), min_length=1
    )
    """Of the space `radiomics`: keys, or `name:` and `parameters:`. A parameter that is given is not searched."""
    generations: int = Field(default=5, ge=0)
    """Rounds of offspring after the first population; `population` more pipelines each."""
    population: int = Field(default=20, ge=2)
    inner_folds: int = Field(default=5, ge=2)
    """Inside the training part, grouped by patient; fewer where a class has fewer patients."""
    minutes: Annotated[float, Field(gt=0)] | None = 60.0
    """The search ends after so many minutes with what it has; null: when all generations are done."""
    pipeline_minutes: Annotated[float, Field(gt=0)] | None = 5.0
    """A candidate that takes longer over all its inner folds is given up; null: it may take as long as it does."""
    memory_gb: Annotated[float, Field(gt=0)] | None = None
    """A candidate that needs more, beyond what its process held before, is given up (on Linux); null: no bound."""
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """A feature that more than this share of the training lesions lack is dropped."""
    near_constant: Annotated[float, Field(gt=0, le=1)] = 0.95
    """A feature with one value in this share of the training lesions is dropped."""
    impute: Literal["median", "mean"] = "median"

    @field_validator("selectors", "classifiers", "scalers")
    @classmethod
    def _once_each(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        labels = [value if isinstance(value, str) else value.label for value in values]
        doubled = sorted({label for label in labels if labels.count(label) > 1})
        if doubled:
            raise ValueError(f"named more than once: {', '.join(doubled)}")
        return values

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.sizes[0] > self.sizes[1]:
            raise ValueError(f"sizes: the fewest ({self.sizes[0]}) are more than the most ({self.sizes[1]})")
        return self

    def extras(self) -> dict[str, tuple[str, ...]]:
        """TPOT, which brings XGBoost."""
        return {"automl": EXTRAS["automl"]}

    def needs(self) -> Requirements:
        """Ask for the features."""
        return Requirements(profiles=self.profiles, sequences=self.sequences)

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh model."""
        model: Model = self.model_class()(self)
        return model

    def steps(self) -> list[tuple[str, Any]]:
        """Make the unfitted preparation of the features; scaling is a matter of the search."""
        steps = preparation_steps(
            missing=self.missing,
            near_constant=self.near_constant,
            impute=self.impute,
            scale="none",
            correlation=None,
        )
        return [(name, step) for name, step in steps if step != "passthrough"]
