"""All that is computed of readers: one function, tables in, tables out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from samesplit.evaluation.binary.readers import reader_tables
from samesplit.evaluation.readers.against_model import against_model
from samesplit.evaluation.readers.agreement import agreement_table, similarity_table
from samesplit.evaluation.readers.aid import advice_table, seconds_table
from samesplit.evaluation.readers.arrays import cases_of
from samesplit.evaluation.readers.design import design_table, read_table, sessions_table
from samesplit.evaluation.readers.hypotheses import hypotheses_table
from samesplit.evaluation.readers.limits import limits_table
from samesplit.evaluation.readers.marks import marks_tables
from samesplit.evaluation.readers.matched import matched_table
from samesplit.evaluation.readers.missed_cases import missed_cases_table
from samesplit.evaluation.readers.mrmc import mrmc_tables
from samesplit.evaluation.readers.panel import panel_table
from samesplit.evaluation.readers.settings import ReaderSettings

__all__ = ["ReaderEvaluation", "evaluate_readers"]


@dataclass(frozen=True)
class ReaderEvaluation:
    """What was found of the readers.

    Attributes:
        tables: By name, `readers/design`, `readers/mrmc`, ...; tables that would be empty are left out.
        notes: What could not be computed, and why.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def evaluate_readers(
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    models: Mapping[str, pd.DataFrame] | None = None,
    reference: str | None = None,
    settings: ReaderSettings | None = None,
    groups: Sequence[str] = (),
    marks: pd.DataFrame | None = None,
) -> ReaderEvaluation:
    """Judge readers with each modality, against themselves, each other and models.

    Args:
        readings: As `evaluation.validation.check_readings` returns them, one row a reading.
        truth: As `evaluation.validation.check_truth` returns it: patient_id and label, and positions of
            lesions where readings are location-specific.
        models: Tables of models on the same lesions, see `evaluation.binary.scores`; None for none.
        reference: The model whose comparison with the readers is the primary one, and whose calls the readers
            with aid were shown.
        settings: What was declared beforehand.
        groups: Columns of the truth, each of whose values has an MRMC analysis of its own.
        marks: The readings one row a mark, where they are location-specific.

    Returns:
        The tables.
    """
    asked = settings or ReaderSettings()
    judged = dict(models or {})
    notes: list[str] = []
    people = reader_tables(readings, truth)
    cases = cases_of(readings, truth)
    advisers = {reference: judged[reference]} if reference in judged else {}
    mrmc, tests = mrmc_tables(readings, truth, asked, notes, groups=groups)
    # a case without a mark has a rank below all marks and no score, so the sizes of scores are not compared
    scored = readings if marks is None else readings.assign(score=math.nan)
    located, froc = marks_tables(marks, truth, asked, notes)
    against = against_model(people, judged, asked, reference=reference)
    tables = {
        "readers/design": design_table(readings, truth),
        "readers/sessions": sessions_table(readings),
        "readers/read": read_table(readings, cases),
        "readers/mrmc": mrmc,
        "readers/mrmc_tests": tests,
        "readers/against_model": against,
        "readers/hypotheses": hypotheses_table(against, asked),
        "readers/panel": panel_table(readings, truth, judged, cases, asked),
        "readers/matched": matched_table(readings, judged, cases, asked),
        "readers/advice": advice_table(readings, advisers, cases, asked),
        "readers/seconds": seconds_table(readings, cases, asked),
        "readers/agreement": agreement_table(scored, cases, asked),
        "readers/similarity": similarity_table(readings, judged, cases),
        "readers/cases": missed_cases_table(readings, judged, cases),
        "readers/limits": limits_table(scored, cases, asked),
        "readers/free_response": located,
        "readers/free_response_curve": froc,
    }
    return ReaderEvaluation({name: table for name, table in tables.items() if len(table)}, tuple(notes))
