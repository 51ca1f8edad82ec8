"""A run's folder in; report.html, report.json and results.csv out."""

from __future__ import annotations

from pathlib import Path

from samesplit.reports.conclusion import answer
from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Badge, Report
from samesplit.reports.formatting import counted, short_hash
from samesplit.reports.html import to_html
from samesplit.reports.pictures import choose_pictures
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.audit import audit
from samesplit.reports.sections.calibration import calibration
from samesplit.reports.sections.cohort import cohort
from samesplit.reports.sections.confusion import confusion
from samesplit.reports.sections.curves import curves
from samesplit.reports.sections.differences import differences
from samesplit.reports.sections.errors import errors
from samesplit.reports.sections.ledger import ledger
from samesplit.reports.sections.provenance import notes, provenance
from samesplit.reports.sections.published import published
from samesplit.reports.sections.radiomics import radiomics
from samesplit.reports.sections.readers import readers
from samesplit.reports.sections.split import split
from samesplit.reports.sections.training import training
from samesplit.reports.sections.verdict import verdict
from samesplit.storage import write_text
from samesplit.tables import write_csv

__all__ = ["build_report", "make_report"]


def build_report(run_folder: Path) -> Path:
    """Write the report of a run: report.html, report.json and results.csv.

    Only the run's folder is read, and the same content gives the same bytes.

    Args:
        run_folder: `reports/<benchmark>/<run>`, as `samesplit run` writes it.

    Returns:
        The path of report.html.

    Raises:
        SamesplitError: run.json, lesions, splits, predictions or results is missing or damaged.
        WorkspaceError: A file cannot be written.
    """
    data = read_run(run_folder)
    context = make_context(data)
    report = _report(context)
    write_csv(data.results, run_folder / "results.csv")
    write_text(run_folder / "report.json", report.model_dump_json(indent=1) + "\n")
    return write_text(run_folder / "report.html", to_html(report, context.styles))


def make_report(run_folder: Path) -> Report:
    """Read a run's folder and say what its report says, without writing anything.

    Args:
        run_folder: As for `build_report`.

    Raises:
        SamesplitError: As for `build_report`.
    """
    return _report(make_context(read_run(run_folder)))


def _report(context: Context) -> Report:
    pictures = choose_pictures(context)
    run = context.data.run
    sections = (  # what was found, and the readers first among it; then on whom; then how
        verdict(context),
        readers(context),
        differences(context),
        curves(context),
        calibration(context),
        confusion(context),
        errors(context, pictures),
        published(context),
        cohort(context, pictures),
        ledger(context, pictures),
        split(context),
        radiomics(context),
        training(context),
        audit(context),
        notes(context),
        provenance(context),
    )
    return Report(
        samesplit=str(context.data.section("versions").get("samesplit", "")),
        benchmark=str(run["benchmark"]),
        run=str(run["run"]),
        title=str(run["title"]),
        question=str(run["question"]),
        answer=answer(context),
        banner=_banner(context),
        notice=_notice(context),
        badges=_badges(context),
        sections=tuple(section for section in sections if section is not None),
    )


def _banner(context: Context) -> str:
    if not context.data.shuffled:
        return ""
    return (
        "PERMUTED LABELS. This run is a label-permutation check: the labels were permuted between patients before "
        "training, so every model must be at chance. Nothing below says anything about lesions."
    )


def _notice(context: Context) -> str:
    if not context.data.section("data").get("synthetic"):
        return ""
    return (
        "Synthetic data: images, labels and readings were made by a program. The numbers show that the software "
        "works; they say nothing about patients."
    )


def _badges(context: Context) -> tuple[Badge, ...]:
    data = context.data
    split = data.section("split")
    cohort_hash = str(split.get("cohort_sha256") or data.section("hashes").get("cohort") or "")
    patients = data.lesions["patient_id"].nunique()
    seeds = sorted({seed for model in context.models for seed in model.seeds})
    found = [
        Badge(
            name="split", text=short_hash(str(split.get("sha256") or "")), full=str(split.get("sha256") or "")
        ),
        Badge(name="cohort", text=short_hash(cohort_hash), full=cohort_hash),
        Badge(name="samesplit", text=str(data.section("versions").get("samesplit", ""))),
        Badge(name="seeds", text=", ".join(map(str, seeds[:8])) + (" …" if len(seeds) > 8 else "")),
        Badge(
            name="cohort size",
            text=f"{counted(len(data.lesions), 'lesion')} of {counted(patients, 'patient')}",
        ),
        Badge(name="finished", text=str(data.run.get("finished") or "")[:16].replace("T", " ")),
    ]
    return tuple(badge for badge in found if badge.text)
