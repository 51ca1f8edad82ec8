"""Build the report of a run: from its folder to report.html and its twins, and results.csv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from samesplit.errors import SamesplitError
from samesplit.reports.chapters import with_prefix
from samesplit.reports.conclusion import answer
from samesplit.reports.context import Context, make_contexts
from samesplit.reports.csv_twins import write_csv_twins
from samesplit.reports.document import Badge, Chapter, Report, Section
from samesplit.reports.formatting import counted, short_hash
from samesplit.reports.html import to_html
from samesplit.reports.links import with_links_resolved
from samesplit.reports.markdown import to_markdown
from samesplit.reports.pictures import Pictures, choose_pictures
from samesplit.reports.run_folder import read_tasks
from samesplit.reports.sections.audit import audit
from samesplit.reports.sections.calibration import calibration
from samesplit.reports.sections.chain import chain
from samesplit.reports.sections.checklists import checklists
from samesplit.reports.sections.checks import checks
from samesplit.reports.sections.class_calibration import class_calibration
from samesplit.reports.sections.class_confusion import class_confusion
from samesplit.reports.sections.class_curves import class_curves
from samesplit.reports.sections.class_errors import class_errors
from samesplit.reports.sections.class_table import class_table
from samesplit.reports.sections.cohort import cohort
from samesplit.reports.sections.confusion import confusion
from samesplit.reports.sections.curves import curves
from samesplit.reports.sections.decision_curves import decision_curves
from samesplit.reports.sections.detection import detection
from samesplit.reports.sections.dice_covariates import dice_covariates
from samesplit.reports.sections.differences import differences
from samesplit.reports.sections.ensembles import ensembles
from samesplit.reports.sections.errors import errors
from samesplit.reports.sections.explanation import explanation
from samesplit.reports.sections.factorial import factorial
from samesplit.reports.sections.ledger import ledger
from samesplit.reports.sections.mask_groups import mask_groups
from samesplit.reports.sections.mask_measures import mask_measures
from samesplit.reports.sections.methods import methods
from samesplit.reports.sections.named_test_sets import named_test_sets
from samesplit.reports.sections.overlap import overlap
from samesplit.reports.sections.provenance import notes, provenance
from samesplit.reports.sections.published import published
from samesplit.reports.sections.radiomics import radiomics
from samesplit.reports.sections.rater_features import rater_features
from samesplit.reports.sections.rater_masks import rater_masks
from samesplit.reports.sections.readers import reader_sections
from samesplit.reports.sections.split import split
from samesplit.reports.sections.subgroups import subgroups
from samesplit.reports.sections.survival import survival
from samesplit.reports.sections.training import training
from samesplit.reports.sections.triage import triage
from samesplit.reports.sections.verdict import verdict
from samesplit.run_folder import (
    REPORT_DATA,
    REPORT_PAGE,
    REPORT_TABLES,
    REPORT_TEXT,
    RESULTS_CSV,
    task_folder,
)
from samesplit.storage import write_text
from samesplit.tables import write_csv

__all__ = ["build_report", "make_report"]


def build_report(run_folder: Path) -> Path:
    """Write the report of a run: report.html, its twins report.json, report.md and report-tables, and results.csv.

    Only the run's folder is read, and the same content gives the same bytes.

    Args:
        run_folder: `reports/<benchmark>/<run>`, as `samesplit run` writes it.

    Returns:
        The path of report.html.

    Raises:
        SamesplitError: run.json, lesions, splits, predictions or results is missing or damaged, or a table was
            written by another version.
        WorkspaceError: A file cannot be written.
    """
    with _written_by_another_version(run_folder):
        contexts = make_contexts(read_tasks(run_folder))
        report = _report(contexts)
    _write_results(contexts, run_folder)
    write_text(run_folder / REPORT_DATA, report.model_dump_json(indent=1) + "\n")
    write_text(run_folder / REPORT_TEXT, to_markdown(report))
    write_csv_twins(report, run_folder / REPORT_TABLES)
    return write_text(run_folder / REPORT_PAGE, to_html(report, contexts[0].styles))


def _write_results(contexts: Sequence[Context], run_folder: Path) -> None:
    """Write results.csv; of several tasks with the task in the first column, and one beside each task's tables."""
    if not contexts[0].data.task.name:
        write_csv(contexts[0].data.results, run_folder / RESULTS_CSV)
        return
    parts = []
    for context in contexts:
        name, results = context.data.task.name, context.data.results
        write_csv(results, task_folder(run_folder, name) / RESULTS_CSV)
        parts.append(results.assign(task=name)[["task", *results.columns]])
    write_csv(pd.concat(parts, ignore_index=True), run_folder / RESULTS_CSV)


def make_report(run_folder: Path) -> Report:
    """Read a run's folder and say what its report says, without writing anything.

    Args:
        run_folder: As for `build_report`.

    Raises:
        SamesplitError: As for `build_report`.
    """
    with _written_by_another_version(run_folder):
        return _report(make_contexts(read_tasks(run_folder)))


@contextmanager
def _written_by_another_version(run_folder: Path) -> Iterator[None]:
    """Turn a column that a table of the run lacks into an error that says what to do."""
    try:
        yield
    except KeyError as error:
        raise SamesplitError(
            f"a table of this run lacks {error}; most likely another version of samesplit wrote it",
            where=run_folder,
            remedy="run the benchmark again: features and fitted models are kept, only the rest is made anew",
        ) from error


def _report(contexts: Sequence[Context]) -> Report:
    pictures = choose_pictures(contexts)
    first, run = contexts[0], contexts[0].data.run
    chapters = tuple(_chapter(context, pictures) for context in contexts) if len(contexts) > 1 else ()
    on_whom = (cohort(contexts, pictures), ledger(first, pictures), split(contexts))
    how = (notes(first), methods(contexts))
    sections: tuple[Section | None, ...]
    if chapters:
        sections = (*on_whom, *how)
        question = f"{len(chapters)} questions about the same lesions"
        conclusion = " ".join(f"{chapter.title}: {chapter.answer}" for chapter in chapters)
    else:
        sections = (*_verdicts(first), *on_whom, *_findings(first, pictures), *how)
        question, conclusion = first.data.task.question, answer(first)
    there = tuple(section for section in sections if section is not None)
    record = provenance(contexts)
    there = (*there, checklists(contexts, _sections(chapters, (*there, record))), record)
    report = Report(
        samesplit=str(first.data.section("versions").get("samesplit", "")),
        benchmark=str(run["benchmark"]),
        run=str(run["run"]),
        title=str(run["title"]),
        question=question if chapters else str(run.get("question") or question),
        answer=conclusion,
        banner=_banner(first),
        notice=_notice(first),
        badges=_badges(contexts),
        chapters=chapters,
        sections=there,
    )
    return with_links_resolved(report)


def _sections(chapters: Sequence[Chapter], shared: Sequence[Section]) -> dict[str, str]:
    """Return the id on the page of a section by its id without a task's prefix; the first task's of several."""
    found = {section.id: section.id for section in shared}
    for chapter in chapters:
        for section in chapter.sections:
            found.setdefault(section.id.removeprefix(f"{chapter.id}-"), section.id)
    return found


def _chapter(context: Context, pictures: Pictures) -> Chapter:
    task = context.data.task
    sections = (*_verdicts(context), *_findings(context, pictures))
    return Chapter(
        id=task.prefix,
        title=task.title,
        kind=task.kind_in_words,
        question=task.question,
        answer=answer(context),
        sections=tuple(with_prefix(section, task.prefix) for section in sections if section is not None),
    )


def _verdicts(context: Context) -> tuple[Section | None, ...]:
    """Return what a reader wants to know before anything else: the numbers, and whether to trust them."""
    return (verdict(context), checks(context), named_test_sets(context), factorial(context))


def _findings(context: Context, pictures: Pictures) -> tuple[Section | None, ...]:
    """Return what was found in a task: models beside each other, how they were made, then how they are used."""
    gallery = pictures.error_gallery(context)
    kind = context.data.task.kind
    made = (radiomics(context), ensembles(context), training(context))
    if kind == "binary":
        return (
            differences(context),
            curves(context),
            confusion(context),
            audit(context),
            *made,
            calibration(context),
            decision_curves(context),
            subgroups(context),
            triage(context),
            *reader_sections(context),
            rater_masks(context),
            rater_features(context),
            chain(context),
            explanation(context),
            errors(context, gallery),
            published(context),
        )
    if kind == "multiclass":
        return (
            class_table(context),
            differences(context),
            class_curves(context),
            class_confusion(context),
            audit(context),
            *made,
            class_calibration(context),
            rater_masks(context),
            rater_features(context),
            chain(context),
            explanation(context),
            class_errors(context, gallery),
        )
    if kind == "survival":
        return (differences(context), audit(context), *made, survival(context), explanation(context))
    return (
        mask_measures(context),
        detection(context),
        mask_groups(context),
        overlap(context),
        differences(context),
        dice_covariates(context),
        audit(context),
        *made,
        explanation(context),
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


def _badges(contexts: Sequence[Context]) -> tuple[Badge, ...]:
    data = contexts[0].data
    split = data.section("split")
    cohort_hash = str(split.get("cohort_sha256") or data.section("hashes").get("cohort") or "")
    patients = data.cohort["patient_id"].nunique()
    seeds = sorted({seed for context in contexts for model in context.models for seed in model.seeds})
    found = [
        Badge(
            name="split", text=short_hash(str(split.get("sha256") or "")), full=str(split.get("sha256") or "")
        ),
        Badge(name="cohort", text=short_hash(cohort_hash), full=cohort_hash),
        Badge(name="samesplit", text=str(data.section("versions").get("samesplit", ""))),
        Badge(name="seeds", text=", ".join(map(str, seeds[:8])) + (" …" if len(seeds) > 8 else "")),
        Badge(
            name="cohort size",
            text=f"{counted(len(data.cohort), 'lesion')} of {counted(patients, 'patient')}",
        ),
        Badge(name="finished", text=str(data.run.get("finished") or "")[:16].replace("T", " ")),
    ]
    return tuple(badge for badge in found if badge.text)
