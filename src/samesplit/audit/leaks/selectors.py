"""Selectors that do something else than their name says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from samesplit.audit.leaks.base import Leak
from samesplit.audit.procedure import Procedure
from samesplit.audit.table import Codes, Rows, Values
from samesplit.models.radiomics.settings import RadiomicsGridSettings, SelectorUse
from samesplit.ordering import merge_columns, ranked

__all__ = ["SignedRank", "UndiscretisedInformation"]

_INFORMATION = ("cmim", "disr", "icap", "jmi", "mrmr", "cife", "mifs", "mim")
"""Information-theoretic selectors; the first is taken where the grid has none: it won in Xi 2020."""


def _with(settings: RadiomicsGridSettings, selectors: tuple[SelectorUse, ...]) -> RadiomicsGridSettings:
    return settings.model_copy(update={"selectors": selectors})


def signed_rank_ranking(X: Values, y: Codes) -> Rows:
    """Columns by the P value of the signed-rank test between their values and the labels, as if those were paired.

    Args:
        X: Shape (n_lesions, n_features).
        y: 0 or 1, shape (n_lesions,).
    """
    differences = merge_columns(X) - y[:, None]
    differences = np.where((differences == 0).all(axis=0), np.nan, differences)  # nothing to rank: last
    P = np.asarray(wilcoxon(differences, axis=0, method="asymptotic", nan_policy="propagate").pvalue)
    return ranked(P).astype(np.int64)


@dataclass(frozen=True)
class _SignedRank(Procedure):
    """The rank-sum selector's place is taken by the signed-rank test between feature and label."""

    def rank(self, use: SelectorUse, X: Values, y: Codes, *, seed: int, shared: dict[Any, Any]) -> Rows:
        return signed_rank_ranking(X, y)


class SignedRank(Leak):
    """Signed-rank for rank-sum."""

    name = "signed-rank"
    title = "Signed-rank test in place of the rank-sum test"
    done_in = (
        "Xi 2020, published code: Wilcoxon's signed-rank test between the feature's values and the "
        "vector of labels, "
        "in place of the rank-sum test between the two classes."
    )
    measured = (
        "The grid with one selector: features ranked by the P value of the signed-rank test, against the rank-sum "
        "test. Both look at training lesions only, so no test label gets in."
    )
    informative = False
    honest_title = "the grid with the rank-sum selector"

    def fair(self, settings: RadiomicsGridSettings) -> Procedure:
        """Ranked by the rank-sum test."""
        return Procedure(_with(settings, (SelectorUse(name="wilcoxon"),)))

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Ranked by the signed-rank test."""
        return _SignedRank(_with(settings, (SelectorUse(name="wilcoxon"),)))


@dataclass(frozen=True)
class _Undiscretised(Procedure):
    """Every distinct value is taken for a level of its own."""

    def rank(self, use: SelectorUse, X: Values, y: Codes, *, seed: int, shared: dict[Any, Any]) -> Rows:
        from samesplit.models.radiomics.selectors.information import ranking_without_discretisation

        return np.asarray(ranking_without_discretisation(X, y, use.name, max(self.settings.sizes)))


class UndiscretisedInformation(Leak):
    """Undiscretised information measures."""

    name = "undiscretised-information"
    title = "Information measures of undiscretised values"
    done_in = (
        "Xi 2020, published code: information-theoretic selectors are fed raw floats, every value "
        "its own level; features without equal values then tell all about the label, and several methods return "
        "columns in file order."
    )
    measured = (
        "The grid with its information-theoretic selectors (CMIM where it has none), without and "
        "with discretisation "
        "inside the fold. Both look at training lesions only, so no test label gets in."
    )
    informative = False
    honest_title = "the same selectors with discretisation"

    def _grid(self, settings: RadiomicsGridSettings) -> RadiomicsGridSettings:
        chosen = tuple(use for use in settings.selectors if use.name in _INFORMATION)
        return _with(settings, chosen or (SelectorUse(name=_INFORMATION[0]),))

    def fair(self, settings: RadiomicsGridSettings) -> Procedure:
        """Discretised."""
        return Procedure(self._grid(settings))

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Not discretised."""
        return _Undiscretised(self._grid(settings))
