"""What a published study says of itself: its headline numbers, with intervals recomputed where it printed none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.studies import Headline, Study, read_study
from samesplit.reports.formatting import is_missing
from samesplit.reproduction.intervals import own_interval
from samesplit.reproduction.reproduce import reproduce
from samesplit.workflows.studies.rows import range_of, spoken

__all__ = ["published_rows"]


def published_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of one published study: the number of published.csv that each of its headlines names.

    Args:
        folder: The study's folder.

    Raises:
        SamesplitError: (one of its kinds) Its study.yaml or published.csv is faulty.
    """
    study = read_study(folder)
    published = load_published(folder)
    about = _about(study, folder, published)
    found = [
        {**about, **_estimate(row), "label": headline.label, "task": spoken(str(row["task"]))}
        for headline in study.description.headline
        for row in [_row_of(published, headline)]
        if row is not None
    ]
    return found or [about]


def _about(study: Study, folder: Path, published: pd.DataFrame) -> dict[str, Any]:
    """Return what is the same in all rows of a study."""
    said = study.description
    totals = reproduce(folder).totals if len(published) else {}
    return {
        "source": "published",
        "study": study.name,
        "title": said.title,
        "cohort": "patients",
        "task": "; ".join(said.tasks),
        "modality": said.modality,
        "lesions": said.lesions or said.patients,
        "readers": said.readers,
        "validation": said.validation,
        "validation_type": said.validation_type,
        "checked": sum(totals.values()) - totals.get("not derivable", 0),
        "inconsistent": totals.get("inconsistent", 0),
        "flaws": " ".join(flaw.code for flaw in said.flaws),
        "where": said.source,
    }


def _row_of(published: pd.DataFrame, headline: Headline) -> dict[str, Any] | None:
    """Return the row that a headline names; where a number is printed in several places, one with an interval."""
    match = pd.Series(True, index=published.index)
    for column, value in headline.keys().items():
        match &= published[column].eq(value)
    rows = published[match]
    if rows.empty:
        return None
    with_interval = rows[rows["ci_low"].notna() & rows["ci_high"].notna()]
    first = (with_interval if len(with_interval) else rows).iloc[0]
    return {str(column): value for column, value in first.items()}


def _estimate(row: dict[str, Any]) -> dict[str, Any]:
    """Return the number of a row, its interval, and where the interval is from."""
    found = {
        "quantity": spoken(str(row["metric"])),
        "n": row["n"],
        "n_positive": row["n_pos"],
        "estimate": row["number"],
        "printed": row["value"],
    }
    span = range_of(str(row["value"]))
    if span is not None:
        return {**found, "ci_low": span[0], "ci_high": span[1], "interval": "range as printed"}
    if not (is_missing(row["ci_low"]) or is_missing(row["ci_high"])):
        return {**found, "ci_low": row["ci_low"], "ci_high": row["ci_high"], "interval": "printed"}
    own = own_interval(pd.Series(row))
    if own is None:
        return {**found, "interval": "not available"}
    return {**found, "ci_low": own[0], "ci_high": own[1], "interval": f"recomputed ({own[2]})"}
