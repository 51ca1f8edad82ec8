"""The readers' part of an evaluation: rows of the results for fixed readers, tables for random ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.evaluation.binary.estimates import Draws, Row, make_draws
from samesplit.evaluation.binary.judging import call_counts
from samesplit.evaluation.binary.reader_comparisons import BASELINE, compare_modalities, compare_with
from samesplit.evaluation.binary.readers import mean_rows, reader_rows, reader_tables, second_rows
from samesplit.evaluation.binary.scores import reader_table
from samesplit.evaluation.readers.evaluate import ask_reader_tables
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.validation import check_readings
from samesplit.execution.calls import HERE, Asked, Calls, Workers
from samesplit.reader_marks import one_row_a_reading
from samesplit.reader_names import mean_name, reader_name

__all__ = ["ReadersJudged", "ask_readers", "judge_readers"]

Tables = dict[str, dict[str, pd.DataFrame]]
"""Modality -> reader -> table of the reader."""


@dataclass(frozen=True)
class ReadersJudged:
    """What is found of the readers.

    Attributes:
        rows: Of the table of results: each reader and their mean, the readers taken as fixed.
        counts: Calls against truth of each reader.
        tables: By name, `readers/...`: readers and cases both random, and what else is computed of readings.
        notes: What was left out, and why.
        people: Modality -> reader -> table of the reader, on the lesions that are judged.
    """

    rows: list[Row]
    counts: list[Row]
    tables: dict[str, pd.DataFrame]
    notes: list[str]
    people: dict[str, dict[str, pd.DataFrame]]


def judge_readers(
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    settings: ReaderSettings,
    models: Mapping[str, pd.DataFrame] | None = None,
    reference: str | None = None,
    groups: Sequence[str] = (),
    workers: Workers = HERE,
) -> ReadersJudged:
    """Judge the readers, where there are models on the lesions that these are judged on.

    Args:
        readings: One row a reading, or one row a mark where they are location-specific.
        truth: As `check_truth` returns it.
        settings: What was declared beforehand.
        models: Tables of models; None for none.
        reference: The model that the readers are compared with, for rows of the results.
        groups: Columns of the truth, each of whose values is analysed by itself as well.
        workers: Who does the work.

    Raises:
        ReadingsError: The readings do not fit the truth.
    """
    calls = Calls()
    _, finish = ask_readers(
        calls, readings, truth, settings=settings, models=models, reference=reference, groups=groups
    )
    calls.do(workers)
    return finish()


def ask_readers(
    calls: Calls,
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    settings: ReaderSettings,
    models: Mapping[str, pd.DataFrame] | None = None,
    reference: str | None = None,
    groups: Sequence[str] = (),
) -> tuple[dict[str, dict[str, pd.DataFrame]], Callable[[], ReadersJudged]]:
    """Ask for all that is found of the readers, a call for each reader and table.

    Args:
        calls: Gets the calls.
        readings: As for `judge_readers`, and so are all others.
        truth: Indexed by lesion_id.
        settings: What was declared beforehand.
        models: Tables of models.
        reference: The model that the readers are compared with.
        groups: Columns of the truth.

    Returns:
        The tables of the readers (`ReadersJudged.people`), and what gives all the rest once the calls are done.

    Raises:
        ReadingsError: The readings do not fit the truth.
    """
    notes: list[str] = []
    whole = check_readings(one_row_a_reading(readings), truth)
    first = next(iter(models.values())) if models else reader_table(whole, truth)
    inside = whole["lesion_id"].isin(first["lesion_id"])
    if not inside.all():
        notes.append(f"{int((~inside).sum())} readings are of lesions outside the test lesions; left out")
    whole = whole[inside].reset_index(drop=True)
    tables = reader_tables(whole, truth)
    if whole["decision"].notna().any():
        for modality, members in tables.items():
            for reader, table in members.items():
                missing = int(table["decision"].isna().sum())
                if missing:
                    notes.append(
                        f"{reader_name(reader, modality)}: {missing} of {len(table)} calls are missing"
                    )
    draws = make_draws(first, n_bootstrap=settings.n_bootstrap, seed=settings.seed)
    against = None if reference is None or not models else models[reference]
    asked = _ask_rows(calls, tables, draws, settings.confidence, whole, truth)
    asked += _ask_comparisons(calls, tables, against, reference or "", settings.confidence)
    marks = readings[readings["lesion_id"].isin(whole["lesion_id"])] if "mark" in readings else None
    unmarked = 0 if marks is None or marks["score"].isna().all() else int(marks["score"].isna().sum())
    if unmarked:
        notes.append(f"{unmarked} readings without a mark are ranked below every mark (inferred ROC)")
    finish_tables = ask_reader_tables(
        calls, whole, truth, models=models, reference=reference, settings=settings, groups=groups, marks=marks
    )

    def finish() -> ReadersJudged:
        rows = [row for one in asked for row in one.result]
        counts = [
            call_counts(table, reader_name(reader, modality), "all")
            for modality, members in tables.items()
            for reader, table in members.items()
        ]
        found = finish_tables()
        return ReadersJudged(rows, counts, found.tables, notes + list(found.notes), tables)

    return tables, finish


def _ask_rows(
    calls: Calls, tables: Tables, draws: Draws, confidence: float, readings: pd.DataFrame, truth: pd.DataFrame
) -> list[Asked[list[Row]]]:
    """Ask for the rows of each reader, and of their mean."""
    asked = [
        calls.ask(
            reader_name(reader, modality),
            reader_rows,
            {modality: {reader: table}},
            draws,
            confidence=confidence,
        )
        for modality, members in tables.items()
        for reader, table in members.items()
    ]
    asked.append(calls.ask("reading times", second_rows, readings, truth))
    return asked + [
        calls.ask(mean_name(modality), mean_rows, {modality: members}, draws, confidence=confidence)
        for modality, members in tables.items()
    ]


def _ask_comparisons(
    calls: Calls, tables: Tables, reference: pd.DataFrame | None, reference_name: str, confidence: float
) -> list[Asked[list[Row]]]:
    """Ask for the differences between modalities, and to the reference model."""
    baseline = BASELINE if BASELINE in tables else min(tables, default="")
    asked = [
        calls.ask(
            f"{modality} against {baseline}",
            compare_modalities,
            {baseline: tables[baseline], modality: members},
            confidence=confidence,
        )
        for modality, members in tables.items()
        if modality != baseline
    ]
    if reference is None:
        return asked
    return asked + [
        calls.ask(
            f"readers/{modality} against {reference_name}",
            compare_with,
            {modality: members},
            reference,
            reference_name=reference_name,
            confidence=confidence,
        )
        for modality, members in tables.items()
    ]
