"""What a model file of `kind: radiomics-grid` may say."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BeforeValidator, Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.errors import DeclarationError
from samesplit.models.design_tables import Scale
from samesplit.models.protocol import Model, Requirements
from samesplit.models.radiomics.classifiers import CLASSIFIERS, make_classifier, supports_class_weight
from samesplit.models.radiomics.harmonisation import HarmoniseSettings
from samesplit.models.radiomics.oversampling import OversampleSettings, oversample
from samesplit.models.radiomics.preparation import preparation_steps
from samesplit.models.radiomics.resampling import ResamplingSettings
from samesplit.models.radiomics.robustness import RobustnessSettings
from samesplit.models.radiomics.selectors import SELECTORS, RankingSelector
from samesplit.models.settings import ModelSettings
from samesplit.tasks import Task, TaskKind

__all__ = ["ClassifierUse", "RadiomicsGridSettings", "SelectorUse"]

Share = Annotated[float, Field(gt=0, le=1)]


class _Use(Declaration):
    """A selector or classifier by its key, with parameters of one's own."""

    name: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """How tables call it: the key, and in brackets what differs from its usual settings.

        Example:
            >>> SelectorUse(name="lasso", parameters={"penalties": 50}).label
            'lasso[penalties=50]'
        """
        changed = ",".join(f"{key}={value}" for key, value in sorted(self.parameters.items()))
        return f"{self.name}[{changed}]" if changed else self.name


class SelectorUse(_Use):
    """One selector of the grid."""

    @model_validator(mode="after")
    def _known(self) -> SelectorUse:
        _check_name("selector", self.name, SELECTORS)
        known = set(inspect.signature(SELECTORS[self.name]).parameters) - {"size", "random_state"}
        _check_parameters(self.name, self.parameters, known)
        return self

    def make(self, *, size: int | None, seed: int, enough: int | None = None) -> RankingSelector:
        """Make an unfitted selector.

        Args:
            size: How many columns it keeps; None keeps all.
            seed: For a selector that draws at random.
            enough: How many places of the ranking matter, for a selector to which the others are costly; None, and
                a number of the model file's own, leave it as it is.
        """
        selector = SELECTORS[self.name](**self.parameters)
        selector.set_params(size=size)
        there = selector.get_params()
        if "random_state" in there:
            selector.set_params(random_state=seed)
        if enough is not None and "enough" in there and "enough" not in self.parameters:
            selector.set_params(enough=enough)
        return selector


class ClassifierUse(_Use):
    """One classifier of the grid."""

    @model_validator(mode="after")
    def _known(self) -> ClassifierUse:
        _check_name("classifier", self.name, CLASSIFIERS)
        if CLASSIFIERS[self.name].installed:
            _check_parameters(self.name, self.parameters, CLASSIFIERS[self.name].parameters())
        return self

    def make(self, *, seed: int, class_weight: Literal["balanced"] | None = None) -> Any:
        """Make an unfitted classifier."""
        return make_classifier(self.name, self.parameters, seed=seed, class_weight=class_weight)


def _check_name(noun: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"there is no {noun} called '{name}'{hint} Known: {', '.join(names)}")


def _check_parameters(name: str, parameters: Iterable[str], known: Iterable[str]) -> None:
    names = sorted(known)
    for parameter in parameters:
        if parameter not in names:
            near = difflib.get_close_matches(parameter, names, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; it has: {', '.join(names) or 'none'}"
            raise ValueError(f"'{name}' has no parameter '{parameter}'{hint}")


def _by_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Selectors = tuple[Annotated[SelectorUse, BeforeValidator(_by_name)], ...]
Classifiers = tuple[Annotated[ClassifierUse, BeforeValidator(_by_name)], ...]


class RadiomicsGridSettings(ModelSettings):
    """`kind: radiomics-grid`: every selector with every classifier at every size, chosen inside.

    Of more than two classes the AUC that cells are compared by is the mean over classes of that of one against all
    others.
    """

    built_by: ClassVar[str] = "samesplit.models.radiomics.pipeline:RadiomicsGridModel"
    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    searches: ClassVar[bool] = True
    kind: Literal["radiomics-grid"] = "radiomics-grid"
    profiles: tuple[str, ...] = ("*",)
    """Feature profiles of the benchmark; `*` means all."""
    selectors: Selectors = Field(min_length=1)
    """Keys, or `name:` and `parameters:`."""
    classifiers: Classifiers = Field(min_length=1)
    """Keys, or `name:` and `parameters:`."""
    sizes: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    """How many features: the first of the selector's ranking."""
    inner_folds: int = Field(default=5, ge=2)
    """Inside the training part, grouped by patient; fewer where a class has fewer patients."""
    choose: Literal["best", "one-standard-error"] = "best"
    """The cell with the highest AUC, or the one with the fewest features within one standard error of it."""
    compare: Literal["inner", "validation"] = "inner"
    """By which AUC: the mean of the inner folds, or that of the fold's validation part, for benchmarks that
    hold one out. Every cell is scored in the inner folds either way. Lesions that chose the cell are no longer
    fresh for the operating point that validation lesions give."""
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """A feature that more than this share of the training lesions lack is dropped."""
    near_constant: Share = 0.95
    """A feature with one value in this share of the training lesions is dropped."""
    impute: Literal["median", "mean"] = "median"
    """What a missing value becomes: this statistic of the rows that are fitted on."""
    scale: Scale = "standard"
    """Mean 0 and SD 1, range 0 to 1, or median 0 and interquartile range 1, of the rows that are fitted on."""
    correlation: Share | None = None
    """Of features whose absolute correlation is above this, the first is kept; null keeps all."""
    stability: RobustnessSettings | None = None
    """Features that do not hold still under perturbations are left out first: judged on the lesions that are
    fitted on, anew in every inner fold."""
    harmonise: HarmoniseSettings | None = None
    """What sites differ in is estimated on the rows that are fitted on and removed; inner folds estimate anew."""
    oversample: OversampleSettings | None = None
    """After the preparation and before the selectors, in every inner fold and in the final fit."""
    class_weight: Literal["balanced"] | None = None
    """Lesions of a rarer class count for more, in inverse proportion to its frequency."""
    resampling: ResamplingSettings | None = None
    """How steady selectors and classifiers are over subsamples of the training part; chooses nothing."""

    @field_validator("selectors", "classifiers", "sizes")
    @classmethod
    def _once_each(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        labels = [value.label if isinstance(value, _Use) else value for value in values]
        doubled = sorted({str(label) for label in labels if labels.count(label) > 1})
        if doubled:
            raise ValueError(f"named more than once: {', '.join(doubled)}")
        return values

    @model_validator(mode="after")
    def _possible(self) -> RadiomicsGridSettings:
        if self.class_weight is not None:
            unable = [use.label for use in self.classifiers if not supports_class_weight(use.name)]
            if unable:
                able = sorted(name for name in CLASSIFIERS if supports_class_weight(name))
                raise ValueError(
                    f"class_weight cannot be given to {', '.join(unable)}; it can to: {', '.join(able)}"
                )
        known = [use.label for use in self.selectors]
        if self.resampling is not None and self.resampling.selector not in (None, *known):
            raise ValueError(
                f"resampling.selector '{self.resampling.selector}' is none of the grid's: {', '.join(known)}"
            )
        return self

    def extras(self) -> dict[str, tuple[str, ...]]:
        """Return the packages of the classifiers that samesplit alone does not install."""
        packages = {CLASSIFIERS[use.name].package for use in self.classifiers} - {""}
        return {"boosting": tuple(sorted(packages))} if packages else {}

    def check_task(self, task: Task) -> None:
        """See to it that all classifiers can tell more than two classes apart, where there are more.

        Raises:
            DeclarationError: One cannot, with the parameters that it is given.
        """
        unable = [use.label for use in self.classifiers if use.parameters.get("solver") == "liblinear"]
        if task.kind == "multiclass" and unable:
            raise DeclarationError(
                f"the classifier {', '.join(unable)} of the model '{self.name}' is for two classes, and the task "
                f"has {len(task.classes)}",
                remedy="leave 'solver: liblinear' out: without it the classifier is multinomial",
            )

    @property
    def most(self) -> int:
        """How many places of a ranking are used at most."""
        drawn = 0 if self.resampling is None else self.resampling.size
        return max(*self.sizes, drawn)

    def needs(self) -> Requirements:
        """Ask for the features, and their perturbed values where stability is asked for."""
        perturbations = None if self.stability is None else self.stability.perturbations
        return Requirements(profiles=self.profiles, sequences=self.sequences, perturbations=perturbations)

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh grid."""
        model: Model = self.model_class()(self)
        return model

    def steps(self) -> list[tuple[str, Any]]:
        """Make the unfitted preparation of the features."""
        return preparation_steps(
            missing=self.missing,
            near_constant=self.near_constant,
            impute=self.impute,
            scale=self.scale,
            correlation=self.correlation,
            harmonise=self.harmonise,
        )

    def rows(self, table: pd.DataFrame, rows: npt.NDArray[np.int64]) -> Any:
        """Return some rows as the preparation takes them: an array, or a table where sites stand in it."""
        return table.to_numpy(dtype="float64")[rows] if self.harmonise is None else table.iloc[rows]

    def oversampled(
        self, X: npt.NDArray[np.float64], y: npt.NDArray[np.int64], *, seed: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Return prepared training rows, with made-up ones behind them where that is asked for."""
        if self.oversample is None:
            return X, y
        more, labels = oversample(X, y, neighbours=self.oversample.neighbours, seed=seed)
        return np.asarray(more, dtype="float64"), np.asarray(labels, dtype=np.int64)
