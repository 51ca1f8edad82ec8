"""A reader study from tables to a folder: the report, its JSON, and every table as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError, WorkspaceError
from samesplit.evaluation.binary.evaluate import RESULT_COLUMNS, evaluate
from samesplit.evaluation.claims import add_claims
from samesplit.evaluation.readers.judging import judge_readers
from samesplit.evaluation.readers.settings import Hypothesis, ReaderSettings
from samesplit.reader_marks import one_row_a_reading
from samesplit.reports.context import make_context
from samesplit.reports.document import Report
from samesplit.reports.html import to_html
from samesplit.reports.reader_study_page import reader_study_report
from samesplit.reports.run_folder import RunData
from samesplit.reports.task_info import TaskInfo
from samesplit.run.versions import versions
from samesplit.storage import hash_bytes, write_json, write_text
from samesplit.tables import IMAGES, LEDGER, RESULTS, SPLITS, check_table, empty_table, write_csv
from samesplit.version import __version__
from samesplit.workflows.readers.columns import ColumnNames
from samesplit.workflows.readers.tables import StudyTables, read_study

__all__ = ["ReaderStudyRequest", "ReaderStudyResult", "write_reader_study"]


@dataclass(frozen=True)
class ReaderStudyRequest:
    """What is asked of a reader study.

    Attributes:
        readings: The file of the readings.
        truth: The file of the truth; may be the same.
        predictions: Files of models.
        out: The folder to write into.
        title: Of the report; empty for the name of the file of the readings.
        question: In one sentence.
        names: What columns are called.
        positive: The positive class by name, where labels are not 0 and 1.
        where: A column of the readings and the value that rows must have to be kept.
        reference: The model that is compared with the readers in the first place; None for the first one.
        threshold: The probability at and above which a model calls a case positive, fixed beforehand; None for
            no calls of models.
        margin: The margin of non-inferiority that was declared beforehand.
        hypotheses: In the order in which they are tested; None for both where there is a margin, else none.
        groups: Columns of the truth whose values are analysed by themselves as well.
        hit_radius_mm: How far a mark may lie from a lesion that it hits.
        confidence: Of the intervals.
        bootstraps: Samples of patients, where a statistic needs them.
        seed: Of the bootstrap.
        command: What was typed, for the report.
    """

    readings: Path
    truth: Path
    out: Path
    predictions: tuple[Path, ...] = ()
    title: str = ""
    question: str = "How well do readers tell the two classes apart?"
    names: ColumnNames = field(default_factory=ColumnNames)
    positive: str | None = None
    where: tuple[str, str] | None = None
    reference: str | None = None
    threshold: float | None = None
    margin: float | None = None
    hypotheses: tuple[Hypothesis, ...] | None = None
    groups: tuple[str, ...] = ()
    hit_radius_mm: float | None = None
    confidence: float = 0.95
    bootstraps: int = 1000
    seed: int = 0
    command: str = ""


@dataclass(frozen=True)
class ReaderStudyResult:
    """What was written.

    Attributes:
        page: report.html.
        report: What it says.
        tables: All tables by name.
        notes: What was left out, and why.
    """

    page: Path
    report: Report
    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]


def write_reader_study(request: ReaderStudyRequest) -> ReaderStudyResult:
    """Read the tables, judge readers and models, and write the report.

    Args:
        request: What is asked.

    Returns:
        The paths and tables.

    Raises:
        ReadingsError: Readings or truth cannot be used.
        PredictionsError: Predictions cannot be used.
        StatisticsError: An option cannot be used.
        WorkspaceError: The folder holds something else.
    """
    _check_folder(request.out)
    study = read_study(
        request.readings,
        request.truth,
        request.predictions,
        names=request.names,
        positive=request.positive,
        where=request.where,
    )
    settings = _settings(request)
    models = list(dict.fromkeys(study.predictions["model"]))
    reference = request.reference or (models[0] if models else None)
    if request.reference is not None and request.reference not in models:
        raise StatisticsError(
            f"there are no predictions of the model '{request.reference}'",
            remedy=f"the models are: {', '.join(models) or 'none'}",
        )
    results, curves, tables, notes = _judge(study, request, settings, reference)
    all_notes = (*study.notes, *notes)
    record = _record(request, models, reference)
    data = _run_data(study, request, results, curves | tables, all_notes, record)
    context = make_context(data)
    report = reader_study_report(context, record)
    out = request.out
    out.mkdir(parents=True, exist_ok=True)
    write_csv(results, out / "results.csv")
    for name, table in tables.items():
        write_csv(table, out / "tables" / f"{name.removeprefix('readers/')}.csv")
    write_json(out / "record.json", record)
    write_text(out / "report.json", report.model_dump_json(indent=1) + "\n")
    page = write_text(out / "report.html", to_html(report, context.styles))
    return ReaderStudyResult(page, report, tables | {"results": results}, all_notes)


def _check_folder(out: Path) -> None:
    """Refuse to write among files that are not of a reader study."""
    if out.exists() and not out.is_dir():
        raise WorkspaceError("is a file", where=out, remedy="name a folder with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / "record.json").is_file():
        raise WorkspaceError(
            "holds files that are not of a reader study", where=out, remedy="name a new folder with --out"
        )


def _settings(request: ReaderStudyRequest) -> ReaderSettings:
    margin = request.margin
    if margin is not None and not 0 < margin < 1:
        raise StatisticsError(f"the margin is {margin:g}", remedy="give one between 0 and 1, such as 0.05")
    both: tuple[Hypothesis, ...] = () if margin is None else ("non-inferiority", "superiority")
    hypotheses = both if request.hypotheses is None else request.hypotheses
    if "non-inferiority" in hypotheses and margin is None:
        raise StatisticsError("non-inferiority needs a margin", remedy="give one with --margin")
    return ReaderSettings(
        confidence=request.confidence,
        margin=margin,
        hypotheses=hypotheses,
        hit_radius_mm=request.hit_radius_mm,
        n_bootstrap=request.bootstraps,
        seed=request.seed,
    )


def _judge(
    study: StudyTables, request: ReaderStudyRequest, settings: ReaderSettings, reference: str | None
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], dict[str, pd.DataFrame], tuple[str, ...]]:
    """Return results, curves, the readers' tables and notes."""
    missing = [name for name in request.groups if name not in study.truth]
    if missing:
        raise StatisticsError(
            f"the truth has no column '{missing[0]}' to group by",
            remedy=f"its columns are: {', '.join(map(str, study.truth.columns))}",
        )
    if len(study.predictions):
        found = evaluate(
            study.predictions,
            study.truth,
            readings=study.readings,
            reference=reference,
            operating_point="youden" if request.threshold is None else request.threshold,
            confidence=request.confidence,
            n_bootstrap=request.bootstraps,
            seed=request.seed,
            groups=request.groups,
            reader_settings=settings,
        )
        curves = {f"curves/{name}": table for name, table in found.curves.items()}
        more = {"confusion": found.confusion, "decisions": found.decisions, "pairs": found.pairs}
        return found.results, curves | more, found.tables, found.notes
    judged = judge_readers(study.readings, study.truth, settings=settings, groups=request.groups)
    claimed = add_claims(pd.DataFrame(judged.rows), confidence=request.confidence)
    results = check_table(claimed[RESULT_COLUMNS], RESULTS)
    return results, {"confusion": pd.DataFrame(judged.counts)}, judged.tables, tuple(judged.notes)


def _record(request: ReaderStudyRequest, models: Sequence[str], reference: str | None) -> dict[str, Any]:
    return {
        "samesplit": __version__,
        "title": request.title or request.readings.name.removesuffix(".gz").removesuffix(".csv"),
        "question": request.question,
        "readings": _file(request.readings),
        "truth": _file(request.truth),
        "predictions": [_file(path) for path in request.predictions],
        "models": list(models),
        "reference": reference,
        "where": None if request.where is None else "=".join(request.where),
        "margin": request.margin,
        "threshold": request.threshold,
        "groups": list(request.groups),
        "confidence": request.confidence,
        "bootstraps": request.bootstraps,
        "seed": request.seed,
        "versions": {name: version for name, version in versions().items() if name in _VERSIONS},
        "command": request.command or "samesplit readers",
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


_VERSIONS = ("python", "samesplit", "numpy", "scipy", "pandas", "statsmodels", "scikit-learn")


def _file(path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": hash_bytes(path.read_bytes())}


def _run_data(
    study: StudyTables,
    request: ReaderStudyRequest,
    results: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    notes: tuple[str, ...],
    record: dict[str, Any],
) -> RunData:
    """Give the report what it gets of a run; there are no images and no split."""
    names = dict(enumerate(study.classes))
    lesions = study.truth.assign(
        label=study.truth["label"].map(names), number=study.truth["label"], positive=study.truth["label"]
    )
    run = {
        "run": "reader study",
        "benchmark": record["title"],
        "title": record["title"],
        "question": request.question,
        "models": [{"name": name, "title": name} for name in record["models"]],
        "statistics": {
            "confidence": request.confidence,
            "reference": record["reference"],
            "groups": list(request.groups),
        },
    }
    return RunData(
        run=run,
        lesions=lesions,
        images=empty_table(IMAGES),
        splits=empty_table(SPLITS),
        ledger=empty_table(LEDGER),
        predictions=study.predictions,
        readings=one_row_a_reading(study.readings),
        results=results,
        tables=tables,
        notes=notes,
        task=TaskInfo(name="", kind="binary", question=request.question, classes=study.classes),
        cohort=lesions,
    )
