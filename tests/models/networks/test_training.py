from __future__ import annotations

import pickle
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from samesplit.errors import ModelError, WorkspaceError
from samesplit.models.networks import batches, training
from samesplit.models.networks.augmentation import generator_for
from samesplit.models.networks.model import load_network
from samesplit.models.networks.training import best_epoch, choose_accelerator, should_stop
from samesplit.models.networks.training_settings import TrainingSettings

FAST = {"batch_size": 8, "accelerator": "cpu"}


class StopError(Exception):
    """Raised in the middle of a training by a test."""


@pytest.fixture(autouse=True)
def checkpoint_each_epoch(monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)


def interrupt_after(epochs: int):
    def progress(done: int, _: int) -> None:
        if done == epochs:
            raise StopError

    return progress


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_an_interrupted_training_ends_with_the_same_bits(tiny, make_fold, schedule, optimiser):
    given = {**FAST, "epochs": 4, "schedule": schedule, "optimiser": optimiser, "plateau_epochs": 1}
    settings = tiny(training=given, dropout=0.5)
    whole = settings.build()
    fold = make_fold(name="whole")
    whole.fit(fold)
    fold = make_fold(name="broken")
    broken = settings.build()
    broken.progress = interrupt_after(2)
    with pytest.raises(StopError):
        broken.fit(fold)
    resumed = settings.build()
    seen: list[int] = []
    resumed.progress = lambda done, _: seen.append(done)
    resumed.fit(fold)
    assert seen == [3, 4]
    assert resumed.history == whole.history
    pd.testing.assert_series_equal(
        resumed.predict(fold.validation)["probability"],
        whole.predict(fold.validation)["probability"],
        check_exact=True,
    )


def test_each_epoch_has_its_own_order_and_its_own_augmentation(tiny, make_fold, monkeypatch):
    drawn: list[tuple[int, int]] = []

    def recorded(seed: int, epoch: int, index: int) -> np.random.Generator:
        drawn.append((epoch, index))
        return generator_for(seed, epoch, index)

    monkeypatch.setattr(batches, "generator_for", recorded)
    model = tiny(training={**FAST, "epochs": 3}).build()
    model.progress = interrupt_after(2)
    fold = make_fold()
    with pytest.raises(StopError):
        model.fit(fold)
    model.progress = None
    model.fit(fold)
    assert [epoch for epoch, _ in drawn] == [0] * 16 + [1] * 16 + [2] * 16
    orders = [[index for _, index in drawn[start : start + 16]] for start in (0, 16, 32)]
    assert all(sorted(order) == list(range(16)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_a_training_that_was_over_is_not_begun_again(tiny, make_fold):
    fold = make_fold()
    first = tiny().build()
    first.fit(fold)
    again = tiny().build()
    again.progress = lambda *_: pytest.fail("trained again")
    again.fit(fold)
    assert again.history == first.history
    assert again.predict(fold.validation)["probability"].equals(first.predict(fold.validation)["probability"])


def test_killed_by_sigkill_and_resumed_gives_the_uninterrupted_predictions(tiny, make_fold):
    settings = tiny(training={**FAST, "epochs": 6})
    whole = settings.build()
    whole.fit(make_fold(name="whole"))
    fold = make_fold(name="killed")
    code = (
        "import pickle, sys, time\n"
        "from samesplit.models.networks import training\n"
        "training.CHECKPOINT_SECONDS = 0.0\n"
        "settings, fold = pickle.load(open(sys.argv[1], 'rb'))\n"
        "model = settings.build()\n"
        "model.progress = lambda done, _: (print(done, flush=True), time.sleep(0.2))\n"
        "model.fit(fold)\n"
    )
    handed = fold.directory.parent / "fold.pickle"
    handed.write_bytes(pickle.dumps((settings, fold)))
    process = subprocess.Popen([sys.executable, "-c", code, str(handed)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 3:
            time.sleep(0.22)  # into the fourth epoch
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    resumed = settings.build()
    seen: list[int] = []
    resumed.progress = lambda done, _: seen.append(done)
    resumed.fit(fold)
    assert 0 < len(seen) <= 3
    assert resumed.history == whole.history
    assert resumed.predict(fold.validation)["probability"].equals(
        whole.predict(fold.validation)["probability"]
    )


def test_the_same_seed_gives_the_same_probabilities_and_another_seed_others(tiny, make_fold):
    models = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        models.append(tiny(training={**FAST, "epochs": 1}).build())
        fold = make_fold(name=name, seed=seed)
        models[-1].fit(fold)
    a, b, c = (model.predict(fold.validation)["probability"] for model in models)
    assert a.equals(b)
    assert not a.equals(c)


def test_a_checkpoint_of_another_task_or_a_damaged_one_is_not_used(tiny, make_fold):
    fold = make_fold(name="used")
    tiny(training={**FAST, "epochs": 2, "learning_rate": 0.1}).build().fit(fold)
    clean, expected = tiny(training={**FAST, "epochs": 2}).build(), make_fold(name="clean")
    clean.fit(expected)
    other = tiny(training={**FAST, "epochs": 2}).build()
    other.fit(fold)
    assert other.history == clean.history
    (fold.directory / "last.ckpt").write_bytes(b"half a file")
    again = tiny(training={**FAST, "epochs": 2}).build()
    again.fit(fold)
    assert again.history == clean.history


def test_training_stops_early_and_keeps_the_best_epoch(tiny, make_fold):
    settings = tiny(
        training={**FAST, "epochs": 30, "patience": 2, "learning_rate": 0.05, "schedule": "constant"}
    )
    model, fold = settings.build(), make_fold()
    model.fit(fold)
    best = best_epoch(settings.training, model.history)
    assert best is not None
    assert len(model.history) == best + 3 < 30
    probabilities = model.predict(fold.validation)["probability"]
    labels = fold.validation_labels.to_numpy()
    weights = np.where(
        labels == 1, 16 / (2 * fold.training_labels.sum()), 16 / (2 * (16 - fold.training_labels.sum()))
    )
    loss = -np.mean(weights * np.log(np.where(labels == 1, probabilities, 1 - probabilities)))
    assert loss == pytest.approx(model.history[best]["validation loss"], rel=1e-4)


def test_no_epoch_is_kept_and_nothing_stops_before_the_minimum_of_steps():
    """Two steps an epoch; the first epoch looks best, and of those from the sixth step on the fourth."""
    losses = [0.5, 0.7, 0.69, 0.6, 0.65, 0.66]
    history = [{"validation loss": loss, "steps": 2 * (at + 1)} for at, loss in enumerate(losses)]
    early, late = TrainingSettings(patience=2), TrainingSettings(patience=2, minimum_steps=6)
    assert [best_epoch(early, history[:n]) for n in range(1, 7)] == [0, 0, 0, 0, 0, 0]
    assert [should_stop(early, history[:n]) for n in range(1, 4)] == [False, False, True]
    assert [best_epoch(late, history[:n]) for n in range(1, 7)] == [None, None, 2, 3, 3, 3]
    assert [should_stop(late, history[:n]) for n in range(1, 7)] == [False] * 5 + [True]
    without = [{"validation loss": loss} for loss in losses]  # a history kept before steps were counted
    assert best_epoch(late, without) == 0


def test_few_lesions_get_as_many_epochs_as_the_minimum_of_steps_takes(tiny, make_fold):
    given = {**FAST, "epochs": 3, "patience": 1, "learning_rate": 0.3, "minimum_steps": 9}
    model, fold = tiny(training=given).build(), make_fold()  # 16 lesions: two batches of 8
    seen: list[tuple[int, int]] = []
    model.progress = lambda done, most: seen.append((done, most))
    model.fit(fold)
    assert seen == [(epoch, 5) for epoch in range(1, 6)]
    assert [entry["steps"] for entry in model.history] == [2, 4, 6, 8, 10]
    kept = model.details()["kept_epoch"].iloc[0]
    assert (kept.epoch, kept.epochs, kept.steps) == (5, 5, 10)
    model.save(fold.directory / "kept")
    again = load_network(fold.directory / "kept")
    assert again.predict(fold.validation)["probability"].equals(model.predict(fold.validation)["probability"])
    assert again.details()["kept_epoch"].iloc[0].epoch == 5


def test_an_interrupted_training_with_a_minimum_of_steps_ends_with_the_same_bits(tiny, make_fold):
    settings = tiny(training={**FAST, "epochs": 2, "minimum_steps": 7})
    whole, fold = settings.build(), make_fold(name="whole")
    whole.fit(fold)
    fold = make_fold(name="broken")
    broken = settings.build()
    broken.progress = interrupt_after(3)  # beyond 'epochs', before the minimum
    with pytest.raises(StopError):
        broken.fit(fold)
    resumed = settings.build()
    resumed.fit(fold)
    assert resumed.history == whole.history
    assert resumed.predict(fold.validation)["probability"].equals(
        whole.predict(fold.validation)["probability"]
    )


def test_without_a_validation_part_the_number_of_epochs_is_fixed(tiny, make_fold):
    model, fold = tiny(training={**FAST, "epochs": 4, "patience": 1}).build(), make_fold(validation=0)
    model.fit(fold)
    assert len(model.history) == 4
    assert set(model.details()["history"].metric) == {"training loss", "learning rate"}


def test_epochs_are_judged_by_what_is_watched():
    history = [
        {"validation loss": loss, "validation AUC": auc} for loss, auc in ((0.7, 0.6), (0.5, 0.6), (0.6, 0.9))
    ]
    assert best_epoch(TrainingSettings(monitor="loss"), history) == 1
    assert best_epoch(TrainingSettings(monitor="auc"), history) == 2
    level = [{"validation loss": loss, "validation AUC": 0.8} for loss in (0.5, 0.5 * (1 - 1e-13), 0.5)]
    assert best_epoch(TrainingSettings(monitor="loss"), level) == 0  # the first of equals
    assert should_stop(TrainingSettings(monitor="loss", patience=1), history)
    assert not should_stop(TrainingSettings(monitor="loss", patience=2), history)
    assert not should_stop(TrainingSettings(patience=None), history)


def test_a_loss_that_is_no_number_is_an_error_with_a_remedy(tiny, make_fold):
    model = tiny(training={**FAST, "epochs": 5, "optimiser": "sgd", "learning_rate": 1e30}).build()
    with pytest.raises(ModelError, match="no longer a number") as caught:
        model.fit(make_fold())
    assert "learning_rate" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("accelerator", "gpu", "chosen"),
    [("auto", True, "gpu"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("gpu", True, "gpu")],
)
def test_the_device_follows_the_settings_and_the_machine(monkeypatch, accelerator, gpu, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_accelerator(TrainingSettings(accelerator=accelerator)) == chosen


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="no device of the kind 'gpu'"):
        choose_accelerator(TrainingSettings(accelerator="gpu"))
    with pytest.raises(ModelError, match="needs a GPU"):
        choose_accelerator(TrainingSettings(accelerator="cpu", precision="16-mixed"))


def test_training_leaves_the_process_as_it_was_and_writes_in_the_folds_folder_only(
    tiny, make_fold, tmp_path, monkeypatch, capfd, caplog
):
    monkeypatch.chdir(tmp_path)
    fold = make_fold()
    before = (
        torch.get_rng_state(),
        np.random.get_state()[1],  # noqa: NPY002
        random.getstate(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        signal.getsignal(signal.SIGINT),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = tiny().build()
        model.fit(fold)
    after = (
        torch.get_rng_state(),
        np.random.get_state()[1],  # noqa: NPY002
        random.getstate(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        signal.getsignal(signal.SIGINT),
    )
    assert torch.equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]
    assert [str(warning.message) for warning in caught] == []
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert [path.name for path in tmp_path.iterdir()] == ["fold"]
    assert {path.name for path in fold.directory.iterdir()} == {"inputs", "last.ckpt", "training.json"}


def test_ctrl_c_stays_a_keyboard_interrupt(tiny, make_fold):
    model = tiny().build()

    def progress(*_: int) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)  # ignored in a background job of a shell
    model.progress = progress
    with pytest.raises(KeyboardInterrupt):
        model.fit(make_fold())
    assert signal.getsignal(signal.SIGINT) is before


def test_a_disk_that_cannot_be_written_is_a_clear_error(tiny, make_fold, monkeypatch):
    def full(path: Path, content: bytes) -> Path:
        raise WorkspaceError("cannot be written (No space left on device)", where=path)

    monkeypatch.setattr(training, "write_bytes", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        tiny().build().fit(make_fold())
