"""What happens to a feature table before selection: columns without information go, gaps are filled.

Every step is a scikit-learn transformer that is fitted on training rows alone.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from samesplit.models.design_tables import Impute, Scale, scaler
from samesplit.models.radiomics.harmonisation import HarmoniseSettings, PassthroughColumns
from samesplit.ordering import RELATIVE, above, at_most, merge_equals

__all__ = ["DropCorrelated", "DropMissing", "DropNearConstant", "Filter", "preparation_steps"]


_FLOAT32 = 1e-4
"""A correlation in single precision is closer to the true one than this."""
_BLOCK = 1024
"""Columns that are compared with as many others at a time."""


class Filter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """A selector that looks at the columns but never at the labels."""

    allows_nan = False

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the columns that stay; the labels are not looked at."""
        finite: bool | str = "allow-nan" if self.allows_nan else True
        values = validate_data(self, X, dtype="float64", ensure_all_finite=finite)
        self.support_ = self._keep(values)
        return self

    @abstractmethod
    def _keep(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which columns stay."""

    def _get_support_mask(self) -> npt.NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allows_nan
        return tags


class DropMissing(Filter):
    """Drops columns of which more than a share of the training rows is missing.

    Args:
        share: The largest share of missing values that is filled rather than dropped.
    """

    allows_nan = True

    def __init__(self, *, share: float = 0.5) -> None:
        self.share = share

    def _keep(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        missing = np.isnan(X).mean(axis=0)
        return np.asarray(at_most(missing, self.share) & (missing < 1))


class DropNearConstant(Filter):
    """Drops columns in which one value fills a share of the training rows, or all values are alike.

    Values are the same that differ by no more than 1e-9 of the column's largest: rounding, not information.

    Args:
        share: From this share of equal values on, a column goes.

    Example:
        >>> X = np.column_stack([np.arange(10.0), np.ones(10), 1 + 1e-13 * np.arange(10)])
        >>> DropNearConstant(share=0.9).fit(X).get_support()
        array([ True, False, False])
    """

    def __init__(self, *, share: float = 0.95) -> None:
        self.share = share

    def _keep(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        ordered = np.sort(merge_equals(X, scale=np.abs(X).max(axis=0)), axis=0)
        run = max(2, int(np.ceil(self.share * len(X) * (1 - RELATIVE))))
        # A value that fills `run` rows makes the sorted column equal to itself `run - 1` rows further on.
        filled = (ordered[run - 1 :] == ordered[: len(X) - run + 1]).any(axis=0)
        return np.asarray(~(filled | (ordered[-1] == ordered[0])))


class DropCorrelated(Filter):
    """Of columns that say the same, keeps the first: absolute Pearson correlation above the limit goes.

    Columns are taken in their order; each that stays removes the later ones that follow it too closely.
    Correlations are looked at in blocks, so that memory grows with the number of columns and not with its square.

    Args:
        limit: In (0, 1]; 1 keeps all, since no correlation is above it.
    """

    def __init__(self, *, limit: float = 0.95) -> None:
        self.limit = limit

    def _keep(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        if self.limit >= 1:  # rounding would put some copies above 1, and others not
            return np.ones(X.shape[1], dtype=bool)
        centred = X - X.mean(axis=0)
        norm = np.sqrt((centred**2).sum(axis=0))
        centred /= np.where(norm > 0, norm, 1.0)
        unit = np.asfortranarray(centred)  # columns are what is taken from it
        rough = unit.astype("float32")
        keep = np.ones(X.shape[1], dtype=bool)
        for start in range(0, X.shape[1], _BLOCK):
            block = np.arange(start, min(start + _BLOCK, X.shape[1]))
            kept = np.flatnonzero(keep[:start])
            for first in range(0, len(kept), _BLOCK):
                others, block = kept[first : first + _BLOCK], block[keep[block]]
                keep[block] = ~self._follow(unit, rough, others, block).any(axis=0)
            block = block[keep[block]]
            follows = self._follow(unit, rough, block, block)
            for place, column in enumerate(block):
                if keep[column]:
                    keep[block[place + 1 :]] &= ~follows[place, place + 1 :]
        return keep

    def _follow(
        self,
        unit: npt.NDArray[np.float64],
        rough: npt.NDArray[np.float32],
        first: npt.NDArray[np.int64],
        second: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.bool_]:
        """Whether columns follow earlier ones too closely, shape (n_first, n_second).

        Args:
            unit: Centred columns of length 1, shape (n_lesions, n_features).
            rough: The same in single precision.
            first: Numbers of the earlier columns.
            second: Numbers of the later ones.
        """
        correlation = rough[:, first].T @ rough[:, second]
        np.abs(correlation, out=correlation)
        follows = correlation > self.limit
        if correlation.max(initial=0.0) > self.limit - _FLOAT32:
            near = np.abs(correlation - self.limit) < _FLOAT32
            for one in np.flatnonzero(near.any(axis=1)):  # what single precision cannot decide
                others = np.flatnonzero(near[one])
                exact = np.abs(unit[:, first[one]] @ unit[:, second[others]])
                follows[one, others] = above(exact, self.limit, scale=1.0)
        return follows


class _ToCentre:
    """After a scaler that centres: what is the centre but for rounding becomes 0.

    A tree may cut at exactly 0, between two values to either side of it, and then asks on which side 1e-15 lies.
    """

    def transform(self, X: Any, copy: bool | None = None) -> Any:
        """Scale; distances from the centre of no more than 1e-9 of the unit become 0."""
        scaled = super().transform(X)  # type: ignore[misc]
        return scaled * (np.abs(scaled) > RELATIVE)


class ToStandard(_ToCentre, StandardScaler):  # type: ignore[misc]
    """To mean 0 and SD 1, the mean being exactly 0."""


class ToRobust(_ToCentre, RobustScaler):  # type: ignore[misc]
    """To median 0 and interquartile range 1, the median being exactly 0."""


def preparation_steps(
    *,
    missing: float,
    near_constant: float,
    impute: Impute,
    scale: Scale,
    correlation: float | None,
    harmonise: HarmoniseSettings | None = None,
) -> list[tuple[str, Any]]:
    """Make the unfitted steps of a pipeline that come before the selector, in order.

    Missing, impute, near constant, harmonise (only where it is asked for), scale, correlation.

    Args:
        missing: See `DropMissing`.
        near_constant: See `DropNearConstant`.
        impute: What a gap becomes.
        scale: How columns are scaled.
        correlation: See `DropCorrelated`; None keeps all.
        harmonise: Between sites. The pipeline then takes tables (`pandas.DataFrame`) that hold
            `harmonise.columns()` beside the features; those columns do not come out of it.
    """
    steps: list[tuple[str, Any]] = [
        ("missing", DropMissing(share=missing)),
        ("impute", SimpleImputer(strategy=impute)),
        ("near_constant", DropNearConstant(share=near_constant)),
    ]
    if harmonise is not None:
        steps = [(name, PassthroughColumns(step)) for name, step in steps]
        steps.append(("harmonise", harmonise.make()))
    steps.append(("scale", {"standard": ToStandard, "robust": ToRobust}.get(scale, lambda: scaler(scale))()))
    if correlation is not None:
        steps.append(("correlation", DropCorrelated(limit=correlation)))
    return steps
