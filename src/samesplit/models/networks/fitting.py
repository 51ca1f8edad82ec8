"""Fit networks to one fold: one, or several from random numbers of their own, of which the best is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.models.networks.batches import (
    TrainingBatches,
    batches_a_pass,
    evaluation_loader,
    statistics_loader,
    training_loader,
)
from samesplit.models.networks.kept_weights import round_weights
from samesplit.models.networks.memory import available_memory, check_memory, estimate_memory, telling_memory
from samesplit.models.networks.module import Classifier, class_weights
from samesplit.models.networks.not_finite import check_inputs
from samesplit.models.networks.preparation import PreparedInputs
from samesplit.models.networks.schedule import History, TrainingPlan, plan_training, smoothed_scores
from samesplit.models.networks.scopes import seeded, single_thread
from samesplit.models.networks.settings import ImageModelSettings
from samesplit.models.networks.training import Progress, Trained, TrainingTask, choose_accelerator, train
from samesplit.ordering import first_best
from samesplit.storage import hash_object, write_json

__all__ = ["FittedNetwork", "FoldData", "Trial", "fit_networks", "trial_seed", "trials_table"]


@dataclass(frozen=True)
class FoldData:
    """What networks of one fold are fitted to.

    Attributes:
        training: Inputs of the training part.
        labels: Their class numbers.
        validation: Inputs of the validation part, perhaps none.
        validation_labels: Their class numbers.
        names: Of the classes.
    """

    training: PreparedInputs
    labels: Tensor
    validation: PreparedInputs
    validation_labels: Tensor
    names: tuple[str, ...]

    def digest(self) -> str:
        """Compute a hash of all of it."""
        parts = ((self.training, self.labels), (self.validation, self.validation_labels))
        return hash_object([len(self.names), [[inputs.keys, labels.tolist()] for inputs, labels in parts]])


@dataclass(frozen=True)
class Trial:
    """One network that was fitted.

    Attributes:
        seed: Of all its random numbers.
        history: One entry a round.
        kept: The round, from 1, whose weights were kept.
        score: How well the validation part was told then, smoothed; NaN without one.
    """

    seed: int
    history: History
    kept: int
    score: float


@dataclass(frozen=True)
class FittedNetwork:
    """The network that was kept, and all that were fitted.

    Attributes:
        network: With the kept weights.
        plan: Of every trial.
        trials: In order.
        best: Which of them the network is.
    """

    network: nn.Module
    plan: TrainingPlan
    trials: list[Trial]
    best: int


def trials_table(fitted: FittedNetwork) -> pd.DataFrame:
    """List all networks that were fitted.

    Returns:
        Columns trial (from 1), trial_seed, steps (after which its weights were kept), validation_score,
        validation_auc and chosen.
    """
    rows = []
    for number, trial in enumerate(fitted.trials):
        kept = trial.history[trial.kept - 1]
        auc = kept.get("validation AUC", math.nan)
        rows.append((number + 1, trial.seed, kept["steps"], trial.score, auc, number == fitted.best))
    columns = ["trial", "trial_seed", "steps", "validation_score", "validation_auc", "chosen"]
    return pd.DataFrame(rows, columns=columns)


def trial_seed(seed: int, trial: int) -> int:
    """Return the seed of a trial (from 0): the first has that of the fold.

    Example:
        >>> trial_seed(7, 0), trial_seed(7, 1) == trial_seed(7, 1), trial_seed(7, 1) == trial_seed(7, 2)
        (7, True, False)
    """
    return seed if trial == 0 else int(np.random.SeedSequence([seed, trial]).generate_state(1)[0])


def fit_networks(
    settings: ImageModelSettings,
    data: FoldData,
    *,
    build: Callable[[], nn.Module],
    seed: int,
    directory: Path,
    progress: Progress | None = None,
) -> FittedNetwork:
    """Fit as many networks as there are `trials`, and keep the one with the best score on the validation part.

    Finished trials are found again after a kill; the weights of all but the best are taken off the disk.

    Args:
        settings: Of the model.
        data: Of the fold.
        build: Makes an untrained network; it is called under the trial's seed.
        seed: Of the fold.
        directory: Where checkpoints are left.
        progress: Told of the steps of all trials together.

    Raises:
        ModelError: As `train` raises it, an input holds values that are not numbers, a class has no lesion in the
            training part, or a batch has fewer lesions than there are devices.
    """
    given = settings.training
    weights = class_weights(
        data.labels, balanced=given.class_weights or given.sampling == "balanced", names=data.names
    )
    plan = plan_training(given, batches_a_pass(len(data.training), given.batch_size))
    smallest = len(data.training) // plan.batches
    if given.devices > smallest:
        raise ModelError(
            f"a batch of {smallest} lesion{'s' * (smallest != 1)} cannot be shared by {given.devices} devices",
            where=f"model '{settings.name}'",
            remedy="lower 'devices' under 'training', or raise 'batch_size'",
        )
    for inputs in (data.training, data.validation):
        check_inputs(inputs)
    fingerprint = hash_object([settings.digest(), data.digest(), str(torch.__version__)])
    trials: list[Trial] = []
    best, best_network = 0, None
    for number in range(given.trials):
        own = trial_seed(seed, number)
        folder, own_fingerprint = _folder(directory, number), f"{fingerprint}-{own}"
        ended = _ended(folder, own_fingerprint)
        if ended is not None:  # in an earlier attempt, and another was better
            trials.append(ended)
            continue
        task, network = _task(settings, data, plan, weights, build, own, folder, own_fingerprint)
        with telling_memory():
            if best_network is None:
                _check_memory(network, settings, data)
            trained = train(task, progress=_counted(progress, plan, number, given.trials))
        round_weights(network, settings.keep_precision)
        trials.append(_trial(settings, own, trained))
        if best_network is None:
            best, best_network = number, network
        elif _best(trials) == number:
            _forget(_folder(directory, best), f"{fingerprint}-{trials[best].seed}", trials[best])
            best, best_network = number, network
        else:
            _forget(folder, own_fingerprint, trials[number])
    assert best_network is not None
    return FittedNetwork(best_network, plan, trials, best)


def _task(
    settings: ImageModelSettings,
    data: FoldData,
    plan: TrainingPlan,
    weights: tuple[float, ...],
    build: Callable[[], nn.Module],
    seed: int,
    directory: Path,
    fingerprint: str,
) -> tuple[TrainingTask, nn.Module]:
    given = settings.training
    with seeded(seed), single_thread():
        network = build()
        statistics = statistics_loader(data.training, data.labels, batch_size=given.batch_size, seed=seed)
        learner = Classifier(network, given, plan, weights=weights, seed=seed, statistics=statistics)
    batches = TrainingBatches(
        data.labels, given.batch_size, every=plan.every, seed=seed, sampling=given.sampling
    )
    training = training_loader(
        data.training,
        data.labels,
        augmentation=settings.augmentation,
        masked=settings.inputs.mask_background,
        masks=settings.inputs.mask_places(data.training.shape[0]),
        batches=batches,
    )
    validation = None
    if len(data.validation):
        validation = evaluation_loader(data.validation, data.validation_labels, batch_size=given.batch_size)
    directory.mkdir(parents=True, exist_ok=True)
    return TrainingTask(learner, training, validation, directory, fingerprint), network


def _check_memory(network: nn.Module, settings: ImageModelSettings, data: FoldData) -> None:
    """See to it, on a few lesions, that the network can be trained on such inputs in the memory there is."""
    given, count = settings.training, len(data.training)
    few = min(count, given.batch_size, 2)
    largest = -(-count // batches_a_pass(count, given.batch_size))  # few lesions do not fill a large batch
    images = torch.from_numpy(np.stack([data.training[index] for index in range(few)]))
    with seeded(0), single_thread():
        estimate = estimate_memory(network, given.model_copy(update={"batch_size": largest}), images)
    check_memory(estimate, available_memory(choose_accelerator(given)))


def _trial(settings: ImageModelSettings, seed: int, trained: Trained) -> Trial:
    scores = smoothed_scores(settings.training, trained.history)
    score = float(scores[trained.kept - 1]) if len(scores) else math.nan
    return Trial(seed, trained.history, trained.kept, score)


def _folder(directory: Path, number: int) -> Path:
    return directory if number == 0 else directory / f"trial-{number}"


def _best(trials: list[Trial]) -> int:
    scores = [trial.score for trial in trials]
    return 0 if np.isnan(scores).all() else first_best(scores)


def _ended(folder: Path, fingerprint: str) -> Trial | None:
    """Return the record of a trial that is over and whose weights are gone."""
    try:
        record = json.loads((folder / "trial.json").read_text(encoding="utf-8"))
        if record["fingerprint"] == fingerprint:
            return Trial(record["seed"], record["history"], record["kept"], float(record["score"]))
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or half of one
        pass
    return None


def _forget(folder: Path, fingerprint: str, trial: Trial) -> None:
    """Write down how a trial ended, and take its weights off the disk."""
    record = {"seed": trial.seed, "history": trial.history, "kept": trial.kept, "score": str(trial.score)}
    write_json(folder / "trial.json", record | {"fingerprint": fingerprint})
    (folder / "last.ckpt").unlink(missing_ok=True)


def _counted(progress: Progress | None, plan: TrainingPlan, number: int, trials: int) -> Progress | None:
    if progress is None or trials == 1:
        return progress
    return lambda done, _: progress(number * plan.steps + done, trials * plan.steps)
