"""One run of a benchmark, from the plan to the report: `reports/<benchmark>/<run>/`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.splits import balance
from samesplit.errors import DeclarationError
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.execution.failures import TRANSIENT
from samesplit.features.catalogue import find
from samesplit.features.listing import profile_listing
from samesplit.kept import content_of
from samesplit.places import Places
from samesplit.run.audit_tables import adopt_audit
from samesplit.run.evaluation_stage import evaluate_predictions
from samesplit.run.feature_stage import FeatureStage, extract_features
from samesplit.run.latest import point_latest, stale_copy
from samesplit.run.model_notes import model_notes
from samesplit.run.model_stage import ModelStage, predict_folds
from samesplit.run.plan import Plan, run_code
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.run.record import run_record
from samesplit.run.sealing import MARK, reseal, seal, sealed
from samesplit.storage import locked, write_bytes, write_json
from samesplit.tables import IMAGES, LEDGER, PREDICTIONS, check_table, hash_table, write_csv, write_table
from samesplit.uses import using

__all__ = ["RunOutcome", "run_benchmark"]


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind.

    Attributes:
        folder: The run's folder.
        report: The HTML file.
        unchanged: Whether everything was there already and nothing was done.
        failures: The models that failed, with the reason.
        notes: What is to be known about the models' predictions before they are believed.
    """

    folder: Path
    report: Path
    unchanged: bool
    failures: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def run_benchmark(plan: Plan, reporter: Reporter | None = None) -> RunOutcome:
    """Carry a plan out, or find that it has been carried out.

    Every piece of work is kept by the hash of what it was made from, so that a killed run goes on where it
    was, and a run with one more model does only that model's work.

    Args:
        plan: From `load_plan`.
        reporter: Whom to tell.

    Raises:
        SamesplitError: (or one of its kinds) The run cannot go on; what was finished is kept.
    """
    if not plan.models and not plan.externals:
        raise DeclarationError(
            "there is nothing to judge: no models are listed and no predictions were joined",
            where=plan.folder / "benchmark.yaml",
            remedy="list models under 'models', or join predictions with: samesplit compare "
            f"{plan.definition.name} predictions.csv --name 'My model'",
        )
    reporter = reporter or SilentReporter()
    folder = plan.run_folder
    waiting = "Another process is doing this very run: waiting for it."
    cleaning = "The cache is being cleaned: waiting for it."
    with (
        locked(folder.parent / f".{plan.run_id}.lock", on_wait=lambda: reporter.say(waiting)),
        using(plan.workspace.cache, folder, on_wait=lambda: reporter.say(cleaning), code=run_code()),
    ):
        record = sealed(folder)
        if record:
            _point_latest(plan, reporter)
            if adopt_audit(folder):
                _report(folder)
                reseal(folder)
            return RunOutcome(
                folder, folder / "report.html", True, record["failures"], tuple(record.get("notes", ()))
            )
        (folder / MARK).unlink(missing_ok=True)
        started = datetime.now(UTC)
        _write_cohort(plan, folder)
        images = extract_features(plan, reporter)
        models = predict_folds(plan, images, reporter)
        predictions = _with_externals(plan, models.predictions)
        evaluation = evaluate_predictions(plan, predictions, models.details, reporter)
        _write_tables(plan, folder, images, models, predictions, evaluation)
        record = run_record(plan, images, models, evaluation, started=started)
        places = Places(plan.workspace.root)
        write_json(folder / "run.json", places.hide_in(record))
        own, remarks = plan.cohort.features, _about_models(plan, models, predictions)
        notes = [*remarks, *plan.notes, *(own.notes if own else ()), *evaluation.notes]
        write_json(folder / "notes.json", places.hide_in(notes))
        with reporter.stage("Report") as advance:
            advance(0, 1)
            adopt_audit(folder)
            report = _report(folder)
            advance(1, 1)
        failures = {name: why for name, why in models.failures.items() if name not in plan.added}
        if not failures and not images.codes & TRANSIENT:  # else the next run tries again
            seal(folder, {"run": plan.run_id, "failures": failures, "notes": list(remarks)})
    _point_latest(plan, reporter)
    return RunOutcome(folder, report, False, failures, remarks)


def _about_models(plan: Plan, models: ModelStage, predictions: pd.DataFrame) -> tuple[str, ...]:
    """The remarks on models, those made elsewhere included; see `samesplit.run.model_notes`.

    A simple arm that was added and failed is one of them: nobody asked for it, so it fails no run.
    """
    titles = {model.name: model.title for model in plan.models}
    titles |= {external.name: external.title for external in plan.externals}
    own_code = {m.name for m in plan.models if m.to_dict().get("outputs") == "logits"}
    remarks = model_notes(
        predictions,
        models.details.get("notes", pd.DataFrame()),
        titles=titles,
        constant={model.name for model in plan.models if model.constant},
        raw=own_code | {external.name for external in plan.externals},
    )
    lost = [
        f"{titles[name]} (simple_arm in benchmark.yaml) failed and is left out: {' '.join(why.split())}"
        for name, why in models.failures.items()
        if name in plan.added
    ]
    return (*remarks, *lost)


def _with_externals(plan: Plan, predictions: pd.DataFrame) -> pd.DataFrame:
    tables = [predictions, *(external.predictions for external in plan.externals)]
    return pd.concat(tables, ignore_index=True)


def _report(folder: Path) -> Path:
    """Write the report; imported here, since the processes that fit models have no use for matplotlib."""
    from samesplit.reports import build_report

    return build_report(folder)


def _write_cohort(plan: Plan, folder: Path) -> None:
    write_table(plan.cohort.lesions.assign(), folder / "lesions.parquet", cohort_sha256=plan.cohort.sha256)
    write_table(plan.cohort.images, folder / "images.parquet", IMAGES)
    content = pd.DataFrame(sorted(plan.content.items()), columns=["reference", "sha256"])
    write_table(content, folder / "content.parquet")
    write_table(plan.split.table, folder / "splits.parquet", split_sha256=plan.split.sha256)
    columns = [
        c for c in ("site", "label_provenance", *plan.definition.cohort.clinical) if c in plan.cohort.lesions
    ]
    table = balance(plan.split, plan.cohort.lesions, plan.cohort.labels, columns)
    write_table(table, folder / "balance.parquet")
    write_table(plan.published, folder / "published.parquet")


def _catalogue(plan: Plan) -> pd.DataFrame:
    """What every feature of the run's profiles is."""
    columns = ["profile", "feature", "name", "family", "ibsi_code", "aggregation", "unit", "note"]
    listings = [pd.DataFrame(columns=columns)]
    for profile in plan.profiles.values():
        listing = profile_listing(profile).assign(profile=profile.name)
        listing["name"] = [" or ".join(one.name for one in find(code)) for code in listing["ibsi_code"]]
        listings.append(listing[columns])
    return pd.concat(listings, ignore_index=True)


def _write_tables(
    plan: Plan,
    folder: Path,
    images: FeatureStage,
    models: ModelStage,
    predictions: pd.DataFrame,
    evaluation: Evaluation,
) -> None:
    ledger = pd.concat([plan.ledger, images.ledger, models.ledger], ignore_index=True)
    places = Places(plan.workspace.root)
    ledger = places.hide_in_table(check_table(ledger.fillna(""), LEDGER), ["reason"])
    ledger = ledger.drop_duplicates(ignore_index=True)
    write_table(ledger, folder / "ledger.parquet", LEDGER)
    write_csv(ledger, folder / "ledger.csv")
    for name, part in images.features.groupby("profile", sort=True):
        write_table(part, folder / "features" / f"{name}.parquet", profile=plan.profiles[str(name)].digest())
    own = plan.cohort.features
    if own is not None:
        write_table(own.table.reset_index(), folder / "features" / "table.parquet", content=own.sha256)
    write_table(_catalogue(plan), folder / "catalogue.parquet")
    for name, told in (("steps", images.steps), ("notes", images.notes)):
        write_csv(places.hide_in_table(told, told.columns), folder / "features" / f"{name}.csv")
    write_table(images.pictures, folder / "thumbnails.parquet")
    write_table(predictions, folder / "predictions.parquet", PREDICTIONS, split_sha256=plan.split.sha256)
    write_csv(predictions, folder / "predictions.csv")
    if len(plan.readings):
        write_table(plan.readings, folder / "readings.parquet")
    for name, table in models.details.items():
        write_table(table, folder / "details" / f"{name}.parquet")
    write_table(evaluation.results, folder / "results.parquet", predictions_sha256=hash_table(predictions))
    write_csv(evaluation.results, folder / "results.csv")
    for name, table in evaluation.curves.items():
        write_table(table, folder / "curves" / f"{name}.parquet")
    for name, table in evaluation.summaries.items():
        write_table(table, folder / "summaries" / f"{name}.parquet")
    for name in ("confusion", "folds", "pairs", "decisions", "thresholds"):
        write_table(getattr(evaluation, name), folder / f"{name}.parquet")
    _keep_models(folder, models)


def _keep_models(folder: Path, models: ModelStage) -> None:
    """Put the fitted models into the run's folder (hard links where the disk allows: they are not copied)."""
    wanted: dict[Path, Path] = {}
    for result in models.folds:
        if result.folder is None:
            continue
        name = f"seed{result.seed}-repeat{result.repeat}-fold{result.fold}"
        for source in sorted((result.folder / "model").rglob("*")):
            if source.is_file():
                inside = source.relative_to(result.folder / "model")
                wanted[folder / "models" / result.model / name / inside] = source
    for left in sorted((folder / "models").rglob("*")):
        if left.is_file() and left not in wanted:  # of an attempt before this one, or damaged
            left.unlink()
    for target, source in wanted.items():
        _link(source, target)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if target.samefile(source) or content_of(target) == content_of(source):
            return
        target.unlink()
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no hard links
        write_bytes(target, source.read_bytes())


def _point_latest(plan: Plan, reporter: Reporter) -> None:
    """Make this run the benchmark's latest; a label permutation never is."""
    if plan.options.shuffle_labels is None:
        point_latest(plan.run_folder)
        if stale := stale_copy(plan.run_folder.parent):
            reporter.say(f"Note: {stale}.")
