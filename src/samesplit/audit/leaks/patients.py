"""Rows of one patient on both sides of the split: several lesions, or one row for each sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from samesplit.audit.leaks.base import Audited, Leak
from samesplit.audit.procedure import FoldData, Procedure
from samesplit.audit.table import shuffled_places
from samesplit.models.radiomics.settings import RadiomicsGridSettings

__all__ = ["PatientOnTwoSides", "SequencesAsRows"]


@dataclass(frozen=True)
class _Stacked(Procedure):
    """The honest procedure on one row a sequence; the rows of a patient stay together."""

    rows: ClassVar[Literal["lesions", "stacked"]] = "stacked"


@dataclass(frozen=True)
class _RowsApart(Procedure):
    """Rows are split at random within their class, whoever they belong to, in the outer and the inner folds."""

    def start(self, work: FoldData) -> FoldData:
        alone = np.arange(len(work.y))
        places = shuffled_places(work.y, alone, np.random.default_rng([*work.draw, 0]))
        return replace(work, parts=work.parts.moved(places), patients=alone)


@dataclass(frozen=True)
class _StackedApart(_RowsApart):
    rows: ClassVar[Literal["lesions", "stacked"]] = "stacked"


class PatientOnTwoSides(Leak):
    """Lesions of one patient on two sides."""

    name = "patient-on-two-sides"
    variant = "lesions"
    title = "Lesions of one patient on two sides"
    done_in = (
        "Xi 2020: lesions are drawn at random; the paper states no grouping by patient, and the published code "
        "has none."
    )
    measured = (
        "In each repeat the lesions are dealt out anew at random within their class, without regard "
        "to patients, into "
        "parts as large as the frozen ones; inner folds likewise."
    )
    informative = True

    def why_not(self, cohort: Audited, settings: RadiomicsGridSettings) -> str:
        """Each patient has one lesion."""
        table = cohort.table
        several = len(table) - len(np.unique(table.patients))
        return "" if several else "every patient has one lesion"

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Lesions dealt out one by one."""
        return _RowsApart(settings)


class SequencesAsRows(Leak):
    """One row a sequence, split by row."""

    name = "patient-on-two-sides"
    variant = "sequences as rows"
    title = "Sequences stacked as rows, split by row"
    done_in = (
        "Xi 2020, published code: the table of both sequences has the columns of one, so each lesion "
        "most likely has "
        "two rows, and rows are split at random."
    )
    measured = (
        "Each sequence of a lesion is a row of its own with the features that all sequences share. "
        "Rows are dealt out "
        "at random within their class, against the same rows dealt out by patient as in the frozen split."
    )
    informative = True
    honest_title = "the same rows, split by patient"

    def why_not(self, cohort: Audited, settings: RadiomicsGridSettings) -> str:
        """There are not several sequences with the same features."""
        if len(cohort.sequences) < 2:
            return "the model uses fewer than two sequences"
        return "" if cohort.stacked is not None else "the sequences share fewer than two features"

    def fair(self, settings: RadiomicsGridSettings) -> Procedure:
        """Rows dealt out by patient."""
        return _Stacked(settings)

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Rows dealt out one by one."""
        return _StackedApart(settings)
