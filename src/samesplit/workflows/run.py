"""One run of a benchmark, from the plan to the report: `reports/<benchmark>/<run>/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from samesplit import run_folder
from samesplit.errors import DeclarationError
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.execution.failures import TRANSIENT
from samesplit.places import Places
from samesplit.run.audit_tables import adopt_audit
from samesplit.run.evaluation_stage import evaluate_predictions
from samesplit.run.feature_stage import FeatureStage, extract_features
from samesplit.run.history import adopt_history
from samesplit.run.latest import point_latest, stale_copy
from samesplit.run.model_notes import model_notes
from samesplit.run.model_stage import ModelStage, predict_folds
from samesplit.run.output_tables import in_task, write_cohort, write_tables
from samesplit.run.plan import Plan, run_code
from samesplit.run.prognostic_scores import with_scores
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.run.record import run_record
from samesplit.run.run_checks import with_checks
from samesplit.run.sealing import MARK, reseal, seal, sealed
from samesplit.run.system_metrics import watched
from samesplit.storage import locked, write_json
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
        reporter: Progress reporter.

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
            if any((adopt_audit(folder), adopt_history(folder))):
                _report(folder)
                reseal(folder)
            return RunOutcome(
                folder,
                folder / run_folder.REPORT_PAGE,
                True,
                record["failures"],
                tuple(record.get("notes", ())),
            )
        (folder / MARK).unlink(missing_ok=True)
        with watched(folder / run_folder.SYSTEM_METRICS):
            images, models, remarks = _compute(plan, folder, reporter)
            with reporter.stage("Report") as advance:
                advance(0, 1)
                adopt_audit(folder)
                adopt_history(folder)
                report = _report(folder)
                advance(1, 1)
        failures = _failures(plan, models)
        if not failures and not images.codes & TRANSIENT:  # else the next run tries again
            seal(folder, {"run": plan.run_id, "failures": failures, "notes": list(remarks)})
    _point_latest(plan, reporter)
    return RunOutcome(folder, report, False, failures, remarks)


def _compute(
    plan: Plan, folder: Path, reporter: Reporter
) -> tuple[FeatureStage, ModelStage, tuple[str, ...]]:
    """Carry out all stages before the report, and write their tables, the record and the notes.

    Returns:
        The results of the two stages, and the remarks on models.
    """
    started = datetime.now(UTC)
    write_cohort(plan, folder)
    images = extract_features(plan, reporter)
    models = predict_folds(plan, images, reporter)
    predictions = with_scores(plan, _with_externals(plan, models))
    details = {name: of_task.details for name, of_task in models.tasks.items()}
    judged = evaluate_predictions(plan, predictions, details, reporter, models.failures, images.features)
    judged = with_checks(plan, judged, predictions, details)
    results = write_tables(plan, folder, images, models, predictions, judged)
    record = run_record(plan, images, models, results, started=started)
    places = Places(plan.workspace.root)
    write_json(folder / run_folder.RUN_RECORD, places.hide_in(record))
    own = plan.cohort.features
    remarks = (*plan.remarks, *_about_models(plan, models, predictions))
    notes = [*remarks, *plan.notes, *(own.notes if own else ()), *_evaluation_notes(plan, judged)]
    write_json(folder / run_folder.NOTES, places.hide_in(notes))
    return images, models, remarks


def _failures(plan: Plan, models: ModelStage) -> dict[str, str]:
    """Return the models that failed, with the reason; a simple arm that nobody asked for fails no run."""
    return {
        in_task(plan, model, task): why
        for task, of_task in models.tasks.items()
        for model, why in of_task.failures.items()
        if model not in plan.added
    }


def _evaluation_notes(plan: Plan, judged: dict[str, Evaluation]) -> list[str]:
    """Return what the evaluations left out, with the task where there are several."""
    return [
        f"Task {task}: {note}" if plan.definition.tasks else note
        for task, evaluation in judged.items()
        for note in evaluation.notes
    ]


def _about_models(plan: Plan, models: ModelStage, predictions: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    """Return the remarks on models, those made elsewhere included; see `samesplit.run.model_notes`.

    A simple arm that was added and failed is one of them: nobody asked for it, so it fails no run.
    """
    own_code = {m.name for m in plan.models if m.to_dict().get("outputs") == "logits"}
    found: list[str] = []
    for name, task in plan.tasks.items():
        of_task = models.tasks[name]
        titles = {m.name: m.title for m in plan.models if name in plan.model_tasks[m.name]}
        titles |= {external.name: external.title for external in plan.externals if external.task == name}
        titles = {model: in_task(plan, title, name) for model, title in titles.items()}
        found += model_notes(
            predictions[name],
            of_task.details.get("notes", pd.DataFrame()),
            task=task,
            titles=titles,
            constant={model.name for model in plan.models if model.constant},
            raw=own_code | {external.name for external in plan.externals},
        )
        found += [
            f"{titles[model]} (simple_arm in benchmark.yaml) failed and is left out: {' '.join(why.split())}"
            for model, why in of_task.failures.items()
            if model in plan.added
        ]
    return tuple(found)


def _with_externals(plan: Plan, models: ModelStage) -> dict[str, pd.DataFrame]:
    """Return the predictions of each task, those made elsewhere included."""
    return {
        name: pd.concat(
            [of_task.predictions, *(e.predictions for e in plan.externals if e.task == name)],
            ignore_index=True,
        )
        for name, of_task in models.tasks.items()
    }


def _report(folder: Path) -> Path:
    """Write the report; imported here, since the processes that fit models have no use for matplotlib."""
    from samesplit.reports import build_report

    return build_report(folder)


def _point_latest(plan: Plan, reporter: Reporter) -> None:
    """Make this run the benchmark's latest; a label permutation never is."""
    if plan.options.shuffle_labels is None:
        point_latest(plan.run_folder)
        if stale := stale_copy(plan.run_folder.parent):
            reporter.say(f"Note: {stale}.")
