"""Harmonisation between sites as a step of the preparation, and how the site passes the steps before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype
from pydantic import field_validator
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from samesplit.declarations import Declaration
from samesplit.errors import ModelError
from samesplit.models.radiomics.combat import (
    SiteEffects,
    Unseen,
    estimate_site_effects,
    follow_from_sites,
    remove_site_effects,
)

__all__ = ["SITE_COLUMN", "ComBat", "HarmoniseSettings", "PassthroughColumns", "covariate_column"]

_MARK = "#"
SITE_COLUMN = f"{_MARK}site"
"""The column that names a lesion's site, in a table that is to be harmonised.

Columns that begin with # are no features.
"""

Floats = npt.NDArray[np.float64]


def covariate_column(name: str) -> str:
    """Return the column that holds a covariate, in a table that is to be harmonised.

    Example:
        >>> covariate_column("age")
        '#age'
    """
    return f"{_MARK}{name}"


class HarmoniseSettings(Declaration):
    """`harmonise:` of a radiomics model: what sites differ in is estimated on training lesions and removed."""

    method: Literal["combat"] = "combat"
    by: Literal["site"] = "site"
    """The column `site` of lesions.csv."""
    unseen: Unseen = "error"
    """A lesion from a site without training lesions: `error`; `pooled`: the correction that training lesions had
    on average; `as-is`: none. An inner fold's training part may lack a small site too."""
    covariates: tuple[str, ...] = ()
    """Clinical variables whose differences between sites are kept, such as age. Never the label."""

    @field_validator("covariates")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"named more than once: {', '.join(doubled)}")
        for name in names:
            if name in {"site", "patient_id"}:
                raise ValueError(f"'{name}' is not a clinical variable")
        return names

    def columns(self) -> list[str]:
        """Tell what a table needs beside its features: the site, and the covariates."""
        return [SITE_COLUMN, *map(covariate_column, self.covariates)]

    def make(self) -> ComBat:
        """Make an unfitted step."""
        return ComBat(covariates=self.covariates, unseen=self.unseen)


class PassthroughColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Apply a transformer to the feature columns; pass covariates (columns that begin with #) through.

    Args:
        transformer: Sees the features alone.

    Example:
        >>> from sklearn.preprocessing import MinMaxScaler
        >>> table = pd.DataFrame({"a": [1.0, 3.0], "#site": ["A", "B"]})
        >>> PassthroughColumns(MinMaxScaler()).fit_transform(table)
             a #site
        0  0.0     A
        1  1.0     B
    """

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Fit the transformer on the features."""
        features, _ = _apart(X)
        self.transformer_ = clone(self.transformer).fit(features, y)
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Transform the features, and put the other columns behind them."""
        check_is_fitted(self)
        features, aside = _apart(X)
        names = self.transformer_.get_feature_names_out()
        values = np.asarray(self.transformer_.transform(features))
        return pd.concat([pd.DataFrame(values, columns=names, index=X.index), aside], axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Return the names of the features that stay, then of the other columns."""
        check_is_fitted(self)
        aside = [name for name in self.feature_names_in_ if name.startswith(_MARK)]
        return np.array([*self.transformer_.get_feature_names_out(), *aside], dtype=object)


class ComBat(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Removes what the sites add to and multiply the features with; see `estimate_site_effects`.

    The effects are estimated on the rows that it is fitted on; what is transformed later does not change them.

    Args:
        covariates: Clinical variables whose differences between sites are kept. A gap becomes the training median
            or the commonest category; so does a category that no training lesion has.
        unseen: What becomes of lesions from a site without training lesions; see `HarmoniseSettings`.

    Attributes:
        effects_: What was estimated, a `SiteEffects`.

    Example:
        >>> table = pd.DataFrame({"a": [1.0, 2.0, 3.0, 11.0, 12.0, 13.0], "#site": [*"AAABBB"]})
        >>> ComBat().fit_transform(table)[:, 0].round(1).tolist()
        [6.2, 7.0, 7.8, 6.2, 7.0, 7.8]
    """

    def __init__(self, *, covariates: Sequence[str] = (), unseen: Unseen = "error") -> None:
        self.covariates = covariates
        self.unseen = unseen

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Estimate the effects of the sites.

        Args:
            X: Features without gaps, the column `#site`, and a column `#<name>` for each covariate.
            y: Only to refuse the label among the covariates.

        Raises:
            ModelError: A column is missing, a lesion has no site, a covariate is the label, or the sites tell it.
        """
        features, aside = _apart(X)
        self.fills_ = {name: _fill(_column(aside, covariate_column(name))) for name in self.covariates}
        self._refuse_label(aside, y)
        sites = _sites(aside)
        values, encoded = features.to_numpy(dtype="float64"), self._encoded(aside)
        self._refuse_site(sites, encoded)
        self.effects_ = estimate_site_effects(values, sites, encoded)
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def transform(self, X: pd.DataFrame) -> Floats:
        """Return the features alone, without the effects of the sites, shape (n_lesions, n_features).

        Raises:
            ModelError: A column is missing, a lesion has no site, or its site is unseen and that is an error.
        """
        check_is_fitted(self)
        features, aside = _apart(X)
        if [str(name) for name in features.columns] != self.get_feature_names_out().tolist():
            raise ModelError("the features are not those of the training part", where="ComBat")
        effects: SiteEffects = self.effects_
        values = features.to_numpy(dtype="float64")
        try:
            return remove_site_effects(
                values, _sites(aside), effects, self._encoded(aside), unseen=self.unseen
            )
        except ValueError as error:
            raise ModelError(
                f"cannot be harmonised: {error}",
                where="ComBat",
                remedy="set harmonise.unseen to 'pooled' or 'as-is', or split so that every site is in training",
            ) from None

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Return the features, without the columns that begin with #."""
        check_is_fitted(self)
        return np.array([name for name in self.feature_names_in_ if not name.startswith(_MARK)], dtype=object)

    def _encoded(self, aside: pd.DataFrame) -> Floats:
        """Return the covariates as numbers: one column for a number, one for each category but the commonest."""
        columns = []
        for name, fill in self.fills_.items():
            values = _column(aside, covariate_column(name))
            if isinstance(fill, list):
                known = values.astype(object).where(values.notna(), fill[0]).astype(str).to_numpy()
                columns += [(known == level).astype("float64") for level in fill[1:]]
            else:
                numbers = pd.to_numeric(values).to_numpy(dtype="float64", na_value=np.nan)
                columns.append(np.where(np.isfinite(numbers), numbers, fill))
        return np.column_stack(columns) if columns else np.empty((len(aside), 0))

    def _refuse_site(self, sites: npt.NDArray[Any], encoded: Floats) -> None:
        """Refuse a covariate that does not vary within sites: what it explains would go with the site."""
        owners = [
            (name, fill[number] if isinstance(fill, list) else "")
            for name, fill in self.fills_.items()
            for number in (range(1, len(fill)) if isinstance(fill, list) else (0,))
        ]
        told = follow_from_sites(sites, encoded)
        if not told:
            return
        name, level = owners[told[0]]
        what = f"whether the covariate '{name}' is '{level}'" if level else f"the covariate '{name}'"
        raise ModelError(
            f"{what} follows from the site in the lesions that are fitted on ({len(np.unique(sites))} sites): "
            "what it explains cannot be told from what the site does, and harmonising would remove both",
            where="ComBat",
            remedy=f"take '{name}' out of harmonise.covariates, or leave harmonise out; sites that differ in it "
            "entirely cannot be made alike",
        )

    def _refuse_label(self, aside: pd.DataFrame, y: Any) -> None:
        """Refuse a covariate that tells the label of every lesion: it is the label, whatever its name."""
        if y is None:
            return
        labels = np.asarray(y)
        for name in self.covariates:
            codes = pd.factorize(aside[covariate_column(name)])[0]
            classes = len(np.unique(labels))
            if (codes < 0).any() or classes < 2 or len(np.unique(codes)) != classes:
                continue
            if len(np.unique(np.column_stack([codes, labels]), axis=0)) == classes:
                raise ModelError(
                    f"the covariate '{name}' tells the label of every training lesion, and the label must not "
                    "enter the features",
                    where="ComBat",
                    remedy="take it out of harmonise.covariates",
                )


def _apart(X: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features of a table, and the columns that begin with #."""
    if not isinstance(X, pd.DataFrame):
        raise ModelError(
            "needs a table with names of columns, one of which is the site", where="harmonisation"
        )
    marked = np.array([str(name).startswith(_MARK) for name in X.columns], dtype=bool)
    return X.loc[:, ~marked], X.loc[:, marked]


def _column(aside: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in aside:
        raise ModelError(
            f"the table lacks the column '{name}'",
            where="harmonisation",
            remedy="lesions.csv needs a column 'site', and covariates must be declared under cohort.clinical",
        )
    return aside[name]


def _sites(aside: pd.DataFrame) -> npt.NDArray[Any]:
    sites = _column(aside, SITE_COLUMN)
    unknown = sites.isna() | (sites.astype(str).str.strip() == "")
    if unknown.any():
        raise ModelError(
            f"{int(unknown.sum())} lesions have no site, the first: {aside.index[unknown.to_numpy()][0]}",
            where="harmonisation",
            remedy="fill the column 'site' of lesions.csv, or leave harmonise out",
        )
    return sites.astype(str).to_numpy(dtype=str)


def _fill(values: pd.Series[Any]) -> float | list[str]:
    """Tell what stands for a gap: a number's median; or a category's levels, the commonest first."""
    if is_numeric_dtype(values):
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        finite = numbers[np.isfinite(numbers)]
        return float(np.median(finite)) if len(finite) else 0.0
    counts = values.dropna().astype(str).value_counts()
    order = sorted(counts.index, key=lambda level: (-int(counts[level]), level))
    return [str(level) for level in order] or [""]
