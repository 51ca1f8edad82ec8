"""All that is computed of readers: one function, tables in, tables out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
from samesplit.execution.calls import HERE, Calls

__all__ = ["ReaderEvaluation", "ask_reader_tables", "evaluate_readers"]


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
    calls = Calls()
    finish = ask_reader_tables(
        calls,
        readings,
        truth,
        models=models,
        reference=reference,
        settings=settings or ReaderSettings(),
        groups=groups,
        marks=marks,
    )
    calls.do(HERE)
    return finish()


def ask_reader_tables(
    calls: Calls,
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    models: Mapping[str, pd.DataFrame] | None,
    reference: str | None,
    settings: ReaderSettings,
    groups: Sequence[str],
    marks: pd.DataFrame | None,
) -> Callable[[], ReaderEvaluation]:
    """Ask for the tables of `evaluate_readers`, a call a table.

    Args:
        calls: Gets the calls.
        readings: As for `evaluate_readers`, and so are all others.
        truth: Indexed by lesion_id.
        models: Tables of models.
        reference: The model whose comparison is the primary one.
        settings: What was declared beforehand.
        groups: Columns of the truth.
        marks: The readings one row a mark.

    Returns:
        What gives the tables once the calls are done.
    """
    judged = dict(models or {})
    people = reader_tables(readings, truth)
    cases = cases_of(readings, truth)
    advisers = {reference: judged[reference]} if reference in judged else {}
    # a case without a mark has a rank below all marks and no score, so the sizes of scores are not compared
    scored = readings if marks is None else readings.assign(score=math.nan)
    mrmc = calls.ask("MRMC", _with_notes, mrmc_tables, readings, truth, settings, groups=groups)
    located = calls.ask("marks", _with_notes, marks_tables, marks, truth, settings)
    against = calls.ask(
        "models against readers", against_model, people, judged, settings, reference=reference
    )
    before = {
        "design": calls.ask("design", design_table, readings, truth),
        "sessions": calls.ask("sessions", sessions_table, readings),
        "read": calls.ask("who read what", read_table, readings, cases),
    }
    after = {
        "panel": calls.ask("panel", panel_table, readings, truth, judged, cases, settings),
        "matched": calls.ask("matched operating points", matched_table, readings, judged, cases, settings),
        "advice": calls.ask("advice", advice_table, readings, advisers, cases, settings),
        "seconds": calls.ask("seconds", seconds_table, readings, cases, settings),
        "agreement": calls.ask("agreement", agreement_table, scored, cases, settings),
        "similarity": calls.ask("similarity", similarity_table, readings, judged, cases),
        "cases": calls.ask("missed cases", missed_cases_table, readings, judged, cases),
        "limits": calls.ask("limits of agreement", limits_table, scored, cases, settings),
    }

    def finish() -> ReaderEvaluation:
        (estimates, tests), of_mrmc = mrmc.result
        (of_marks, froc), of_located = located.result
        found = {name: asked.result for name, asked in before.items()}
        found |= {"mrmc": estimates, "mrmc_tests": tests, "against_model": against.result}
        found |= {"hypotheses": hypotheses_table(against.result, settings)}
        found |= {name: asked.result for name, asked in after.items()}
        found |= {"free_response": of_marks, "free_response_curve": froc}
        tables = {f"readers/{name}": table for name, table in found.items() if len(table)}
        return ReaderEvaluation(tables, (*of_mrmc, *of_located))

    return finish


def _with_notes(
    function: Callable[..., tuple[pd.DataFrame, pd.DataFrame]], *args: Any, **kwargs: Any
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], list[str]]:
    """Call a function that writes what could not be computed into a list, and return the list as well."""
    notes: list[str] = []
    return function(*args, notes, **kwargs), notes
