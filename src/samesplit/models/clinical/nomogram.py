"""A published nomogram as a model: nothing is fitted, its coefficients come from a file with a stated source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from scipy.special import expit, logit

from samesplit.declarations import Declaration, parse_declaration, read_yaml
from samesplit.errors import ModelError
from samesplit.models.clinical.renal_score import COLUMNS, MEASUREMENTS, plain_word, renal_points
from samesplit.models.persistence import save_model
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.task_classes import check_classes
from samesplit.storage import hash_file, hash_object
from samesplit.tasks import Task

__all__ = ["Nomogram", "RenalNomogramModel", "RenalNomogramSettings"]

_COMPONENTS = (*MEASUREMENTS, "A", "h", "score")
_REMEDY = (
    "fill in models/renal-nomogram-coefficients.yaml.template from a source that you can cite and name it as "
    "'coefficients:'; how far the score alone goes, 'kind: lesion-size' on the score's column says"
)


def _words(value: Any) -> Any:
    """Return the keys of a mapping as text: YAML takes 1 for a number and yes for a truth value."""
    if not isinstance(value, dict):
        return value
    named = {True: "yes", False: "no"}
    return {named[key] if isinstance(key, bool) else str(key).lower(): item for key, item in value.items()}


Term = Annotated[dict[str, float], BeforeValidator(_words), Field(min_length=1)]


class Nomogram(Declaration):
    """The coefficients of a nomogram, or its points as read from the printed figure.

    The sum of all terms plus the intercept is a logit; or the sum is points, and `probability` gives pairs of
    points and probability along the printed axis, between which the logit is interpolated. Beyond its ends
    the axis says nothing more: the end's probability holds.
    """

    source: str = Field(min_length=1)
    """Where the numbers come from, so that someone else can look them up."""
    outcome: str = Field(min_length=1)
    """What the probability is of; it must be the positive class of the benchmark."""
    intercept: float | None = None
    probability: tuple[tuple[float, Annotated[float, Field(gt=0, lt=1)]], ...] = ()
    terms: dict[str, Term] = Field(min_length=1)
    """R, E, N, L, A, h, score, or a clinical variable; a value for each level, or for a number
    `{per_unit:, origin:}`, which adds per_unit x (value - origin)."""

    @model_validator(mode="after")
    def _consistent(self) -> Nomogram:
        for name, term in self.terms.items():
            number = {"per_unit", "origin"} & set(term)
            if number and ("per_unit" not in term or set(term) > number):
                raise ValueError(f"'terms.{name}': beside 'per_unit' there may only be 'origin'")
        if (self.intercept is None) == (not self.probability):
            raise ValueError("give either 'intercept' (the terms are of a logit) or 'probability' (points)")
        if self.probability:
            points, values = np.asarray(self.probability).T
            if len(points) < 2 or (np.diff(points) <= 0).any() or (np.diff(values) < 0).any():
                raise ValueError(
                    "'probability' needs two pairs or more, with rising points and probabilities"
                )
        return self

    def predict(self, total: pd.Series[float]) -> pd.Series[float]:
        """Predict the probability that belongs to a sum of terms."""
        if self.intercept is not None:
            return pd.Series(expit(total.to_numpy() + self.intercept), index=total.index)
        points, values = np.asarray(self.probability).T
        return pd.Series(expit(np.interp(total.to_numpy(), points, logit(values))), index=total.index)


class RenalNomogramSettings(ModelSettings):
    """`kind: renal-nomogram`: probabilities by a nomogram on the R.E.N.A.L. nephrometry score.

    References:
        Kutikov et al. 2011, Eur Urol 60:241, https://doi.org/10.1016/j.eururo.2011.03.029 (the nomograms);
        Kutikov and Uzzo 2009, https://doi.org/10.1016/j.juro.2009.05.035 (the score).
    """

    kind: Literal["renal-nomogram"] = "renal-nomogram"
    coefficients: Nomogram | str | None = None
    """A YAML file relative to this one, or its content. samesplit has none: see the model file."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Clinical variables that hold the components and terms, where they are not called as usual."""

    _folder: Path | None = PrivateAttr(default=None)
    _where: str | None = PrivateAttr(default=None)

    def came_from(self, folder: Path, where: str) -> None:
        """Remember the folder that the file's path starts from, and how messages name the model's file."""
        self._folder, self._where = folder, where

    def needs(self) -> Requirements:
        """Nothing beyond the lesions table."""
        return Requirements()

    def check_ready(self) -> None:
        """Read the coefficients."""
        self.nomogram()

    def build(self, *, cache: Path | None = None) -> RenalNomogramModel:
        """Build a fresh model; the coefficients are read when it is fitted."""
        return RenalNomogramModel(self)

    def file(self) -> Path | None:
        """Return the file with the coefficients, where one is named.

        Raises:
            ModelError: It does not exist.
        """
        if not isinstance(self.coefficients, str):
            return None
        path = (self._folder or Path()) / Path(self.coefficients).expanduser()
        if not path.is_file():
            raise ModelError(
                f"the file with the coefficients, '{path}', does not exist",
                where=self._where or f"model '{self.name}'",
                remedy=_REMEDY,
            )
        return path

    def nomogram(self) -> Nomogram:
        """Read the coefficients.

        Raises:
            ModelError: None are given, or the file does not exist.
            DeclarationError: The file says something that cannot be.
        """
        if isinstance(self.coefficients, Nomogram):
            return self.coefficients
        path = self.file()
        if path is None:
            raise ModelError(
                "has no coefficients: the publication's are not in samesplit",
                where=self._where or f"model '{self.name}'",
                remedy=_REMEDY,
            )
        data, lines = read_yaml(path)
        found: Nomogram = parse_declaration(data, Nomogram, path=path, lines=lines)
        return found

    def digest(self) -> str:
        """Compute a hash of the settings and of the file with the coefficients."""
        file = self.file()
        plain = self.model_dump(mode="json", exclude={"title", "description", "seeds"})
        return hash_object(plain if file is None else plain | {"coefficients": hash_file(file)})


class RenalNomogramModel:
    """The probability that a nomogram gives each lesion; a lesion that lacks any of its terms gets none.

    Nothing is learnt, so nothing can leak; the threshold alone comes from the validation part.
    """

    def __init__(self, settings: RenalNomogramSettings) -> None:
        self.settings = settings
        self.task: Task | None = None
        self.nomogram: Nomogram | None = None

    @property
    def where(self) -> str:
        """How messages name the model."""
        return f"model '{self.settings.name}'"

    def fit(self, fold: TrainingFold) -> None:
        """Read the coefficients, and see to it that the lesions have what they ask for.

        Raises:
            ModelError: There are no coefficients, a variable is not there, or a class is missing.
        """
        check_classes(fold.training_labels, model=self.settings.name)
        self.nomogram = self.settings.nomogram()
        self._values(fold.training)
        self.task = fold.task

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the nomogram's probability for each lesion of which every term is known.

        Raises:
            ModelError: The model is not fitted, a variable is not there, or a value cannot be.
        """
        if self.nomogram is None or self.task is None:
            raise ModelError("has not been fitted", where=self.where, remedy="call fit first")
        values = self._values(cases).dropna()
        total = pd.Series(0.0, index=values.index)
        for name, term in self.nomogram.terms.items():
            total += self._share(values[name], name, term)
        return self.nomogram.predict(total).to_frame(self.task.prediction_columns[0])

    def _values(self, cases: Cases) -> pd.DataFrame:
        """One column a term of the nomogram, missing where unknown."""
        assert self.nomogram is not None
        columns, lesions = COLUMNS | self.settings.columns, cases.lesions
        points = renal_points(lesions, columns, where=self.where)
        values = pd.DataFrame(index=lesions.index)
        for name in self.nomogram.terms:
            for sources in _sources(name, columns):
                if not any(source in lesions for source in sources):
                    raise ModelError(
                        f"the nomogram asks for {name}, but there is no clinical variable "
                        f"{' or '.join(repr(source) for source in sources)}",
                        where=self.where,
                        remedy="declare it under cohort.clinical in benchmark.yaml, or name it under 'columns:'",
                    )
            values[name] = points[name] if name in _COMPONENTS else lesions[columns.get(name, name)]
        return values

    def _share(self, values: pd.Series[Any], name: str, term: dict[str, float]) -> pd.Series[float]:
        """Tell what a term adds to the sum of each lesion."""
        if "per_unit" in term:
            numbers = pd.to_numeric(values, errors="coerce").astype("float64")
            for lesion_id in values.index[numbers.isna()]:
                raise ModelError(
                    f"'{name}' of lesion {lesion_id} is {values[lesion_id]!r}, not a number",
                    where=self.where,
                    remedy=f"write a number into lesions.csv, or give '{name}' coefficients by level",
                )
            return term["per_unit"] * (numbers - term.get("origin", 0.0))
        levels = values.map(plain_word)
        for lesion_id in values.index[~levels.isin(list(term))]:
            raise ModelError(
                f"'{name}' of lesion {lesion_id} is {values[lesion_id]!r}; the coefficients know "
                f"{', '.join(term)}",
                where=self.where,
                remedy="use these words in lesions.csv; leave the cell empty where it is not known",
            )
        return levels.map(term).astype("float64")

    def details(self) -> dict[str, pd.DataFrame]:
        """`nomogram`: term, level (or `per_unit`, `origin`), value, source, outcome.

        Of the term `(intercept)` the value is the intercept, of `(points)` the probability of as many points.
        """
        if self.nomogram is None:
            return {}
        rows: list[tuple[str, str, float]] = []
        for name, term in self.nomogram.terms.items():
            rows += [(name, level, value) for level, value in term.items()]
        if self.nomogram.intercept is not None:
            rows.append(("(intercept)", "", self.nomogram.intercept))
        rows += [("(points)", f"{points:g}", value) for points, value in self.nomogram.probability]
        table = pd.DataFrame(rows, columns=["term", "level", "value"])
        return {"nomogram": table.assign(source=self.nomogram.source, outcome=self.nomogram.outcome)}

    def save(self, directory: Path) -> None:
        """Keep the coefficients."""
        plain = None if self.nomogram is None else self.nomogram.model_dump(mode="json")
        save_model(directory, self.settings, task=self.task, state={"nomogram": plain})

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        self.nomogram = Nomogram.model_validate(state["nomogram"])


def _sources(name: str, columns: dict[str, str]) -> list[list[str]]:
    """Return the variables that a term is had from: one of each list must be there."""
    parts = list(MEASUREMENTS) if name == "score" else [name]
    either = [[part, MEASUREMENTS[part]] if part in MEASUREMENTS else [part] for part in parts]
    return [[columns.get(each, each) for each in group] for group in either]
