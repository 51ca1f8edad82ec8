"""The readers' part of an evaluation: rows of the results for fixed readers, tables for random ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.evaluation.binary.estimates import Row, make_draws
from samesplit.evaluation.binary.judging import call_counts
from samesplit.evaluation.binary.reader_comparisons import compare_modalities, compare_with
from samesplit.evaluation.binary.readers import mean_rows, reader_rows, reader_tables, second_rows
from samesplit.evaluation.binary.scores import reader_table
from samesplit.evaluation.readers.evaluate import evaluate_readers
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.validation import check_readings
from samesplit.reader_marks import one_row_a_reading
from samesplit.reader_names import reader_name

__all__ = ["ReadersJudged", "judge_readers"]


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
) -> ReadersJudged:
    """Judge the readers, where there are models on the lesions that these are judged on.

    Args:
        readings: One row a reading, or one row a mark where they are location-specific.
        truth: As `check_truth` returns it.
        settings: What was declared beforehand.
        models: Tables of models; None for none.
        reference: The model that the readers are compared with, for rows of the results.
        groups: Columns of the truth, each of whose values is analysed by itself as well.

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
    confidence = settings.confidence
    rows = reader_rows(tables, draws, confidence=confidence) + second_rows(whole, truth)
    rows += mean_rows(tables, draws, confidence=confidence)
    rows += compare_modalities(tables, confidence=confidence)
    if reference is not None and models:
        rows += compare_with(tables, models[reference], reference_name=reference, confidence=confidence)
    counts = [
        call_counts(table, reader_name(reader, modality), "all")
        for modality, members in tables.items()
        for reader, table in members.items()
    ]
    marks = readings[readings["lesion_id"].isin(whole["lesion_id"])] if "mark" in readings else None
    unmarked = 0 if marks is None or marks["score"].isna().all() else int(marks["score"].isna().sum())
    if unmarked:
        notes.append(f"{unmarked} readings without a mark are ranked below every mark (inferred ROC)")
    found = evaluate_readers(
        whole, truth, models=models, reference=reference, settings=settings, groups=groups, marks=marks
    )
    return ReadersJudged(rows, counts, found.tables, notes + list(found.notes), tables)
