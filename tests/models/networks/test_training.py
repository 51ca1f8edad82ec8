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
from samesplit.models.networks import batches, checkpoints, training
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.augmentation import generator_for
from samesplit.models.networks.model import load_network
from samesplit.models.networks.module import Classifier
from samesplit.models.networks.preparation import PreparedInputs
from samesplit.models.networks.schedule import best_round, plan_training
from samesplit.models.networks.training import choose_accelerator
from samesplit.models.networks.training_settings import TrainingSettings

BACKBONE = {"stem": "standard", "inputs": {"size": 40, "margin_mm": 2}}
FAST = {"batch_size": 8, "accelerator": "cpu", "validate_every_steps": 2}  # 16 lesions: two batches


class StopError(Exception):
    """Raised in the middle of a training by a test."""


@pytest.fixture(autouse=True)
def checkpoint_each_epoch(monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(training, "CHECKPOINT_TIMES", 0.0)


def interrupt_after(steps: int):
    def progress(done: int, _: int) -> None:
        if done == steps:
            raise StopError

    return progress


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_an_interrupted_training_ends_with_the_same_bits(tiny, make_fold, schedule, optimiser):
    given = {
        **FAST, "steps": 12, "validate_every_steps": 3, "minimum_steps": 3, "schedule": schedule,
        "optimiser": optimiser, "plateau_epochs": 1,
    }  # fmt: skip
    settings = tiny(training=given, dropout=0.5)
    whole = settings.build()
    fold = make_fold(name="whole")
    whole.fit(fold)
    fold = make_fold(name="broken")
    broken = settings.build()
    broken.progress = interrupt_after(6)
    with pytest.raises(StopError):
        broken.fit(fold)
    resumed = settings.build()
    seen: list[int] = []
    resumed.progress = lambda done, _: seen.append(done)
    resumed.fit(fold)
    assert seen == [9, 12]
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
    model.progress = interrupt_after(4)
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
        "training.CHECKPOINT_SECONDS = training.CHECKPOINT_TIMES = 0.0\n"
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
        if int(line) == 6:
            time.sleep(0.22)  # into the fourth round
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


def test_a_checkpoint_of_another_task_or_a_damaged_one_is_not_used(tiny, make_fold, caplog):
    fold = make_fold(name="used")
    tiny(training={**FAST, "epochs": 2, "learning_rate": 0.1}).build().fit(fold)
    clean, expected = tiny(training={**FAST, "epochs": 2}).build(), make_fold(name="clean")
    clean.fit(expected)
    other = tiny(training={**FAST, "epochs": 2}).build()
    other.fit(fold)
    assert other.history == clean.history
    assert caplog.messages == []
    (fold.directory / "last.ckpt").write_bytes(b"half a file")
    again = tiny(training={**FAST, "epochs": 2}).build()
    again.fit(fold)
    assert again.history == clean.history
    assert "last.ckpt, the checkpoint of a training, is damaged" in caplog.text


def test_training_stops_early_and_keeps_the_best_round(tiny, make_fold):
    given = {
        **FAST,
        "steps": 60,
        "patience": 2,
        "learning_rate": 0.05,
        "schedule": "constant",
        "smoothing": 2,
    }
    settings = tiny(training=given, keep_precision=32)
    model, fold = settings.build(), make_fold()
    model.fit(fold)
    best = best_round(settings.training, plan_training(settings.training, 2), model.history)
    assert best is not None
    assert len(model.history) == best + 3 < 30
    assert model.kept == best + 1
    probabilities = model.predict(fold.validation)["probability"]
    labels = fold.validation_labels.to_numpy()
    weights = np.where(
        labels == 1, 16 / (2 * fold.training_labels.sum()), 16 / (2 * (16 - fold.training_labels.sum()))
    )
    loss = -np.mean(weights * np.log(np.where(labels == 1, probabilities, 1 - probabilities)))
    assert loss == pytest.approx(model.history[best]["validation loss"], rel=1e-3, abs=1e-7)
    before = model.history[best - 1]["validation loss"]
    assert model.validation_score() == pytest.approx(-(loss + before) / 2, rel=1e-3, abs=1e-7)


def test_few_lesions_get_as_many_steps_as_the_minimum(tiny, make_fold):
    given = {**FAST, "epochs": 3, "patience": 1, "learning_rate": 0.3, "minimum_steps": 9}
    model, fold = tiny(training=given).build(), make_fold()
    seen: list[tuple[int, int]] = []
    model.progress = lambda done, most: seen.append((done, most))
    model.fit(fold)
    assert seen == [(steps, 10) for steps in (2, 4, 6, 8, 10)]
    assert [entry["steps"] for entry in model.history] == [2, 4, 6, 8, 10]
    kept = model.details()["kept_epoch"].iloc[0]
    assert (kept.epoch, kept.epochs, kept.steps, kept.steps_trained, kept.most_steps) == (5, 5, 10, 10, 10)
    model.save(fold.directory / "kept")
    again = load_network(fold.directory / "kept")
    assert again.predict(fold.validation)["probability"].equals(model.predict(fold.validation)["probability"])
    assert again.details()["kept_epoch"].iloc[0].epoch == 5


def test_an_interrupted_fine_tuning_of_averaged_weights_in_balanced_batches_ends_with_the_same_bits(
    tiny, make_fold, tmp_path
):
    """All that a later step depends on at once, the head alone first, and a kill in that phase and after it."""
    weights = tmp_path / "weights.pt"
    torch.save(build_network(tiny(**BACKBONE), 3).backbone.state_dict(), weights)
    given = {
        **FAST, "steps": 10, "sampling": "balanced", "smoothing": 2, "minimum_steps": 0, "warmup_steps": 3,
        "fine_tune": "head-first", "head_first_steps": 5, "head_learning_rate": 5, "weight_average": 0.6,
    }  # fmt: skip
    settings = tiny(training=given, weights=str(weights), **BACKBONE)
    whole, fold = settings.build(), make_fold(name="whole")
    whole.fit(fold)
    fold = make_fold(name="broken")
    for steps in (4, 8):
        broken = settings.build()
        broken.progress = interrupt_after(steps)
        with pytest.raises(StopError):
            broken.fit(fold)
    resumed = settings.build()
    resumed.fit(fold)
    assert resumed.history == whole.history
    ended, expected = resumed._network.state_dict(), whole._network.state_dict()
    assert all(torch.equal(value, ended[name]) for name, value in expected.items())


@pytest.mark.parametrize(
    "batch_size", [8, 5]
)  # the second gives the two processes 2 and 2 lesions, or 3 and 2
def test_two_processes_train_the_network_that_one_trains(tiny, make_fold, batch_size):
    given = {**FAST, "steps": 8, "sampling": "balanced", "batch_size": batch_size, "patience": None}
    models = []
    for devices in (1, 2):
        fold = make_fold(name=str(devices))
        models.append(tiny(norm="group", keep_precision=32, training={**given, "devices": devices}).build())
        models[-1].fit(fold)
    one, two = models
    assert [entry["steps"] for entry in two.history] == [2, 4, 6, 8]
    for key in ("training loss", "validation loss"):
        losses = [[entry[key] for entry in model.history] for model in models]
        assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    expected = one._network.state_dict()
    for name, value in two._network.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-3, atol=1e-4)
    assert two.predict(fold.validation)["probability"].to_numpy() == pytest.approx(
        one.predict(fold.validation)["probability"].to_numpy(), abs=1e-4
    )


def test_several_processes_need_a_normalisation_that_no_batch_is_needed_for(tiny, make_fold):
    with pytest.raises(ModelError, match="part of each batch") as caught:
        tiny(training={**FAST, "steps": 2, "devices": 2}).build().fit(make_fold())
    assert "norm: group" in str(caught.value.remedy)
    with pytest.raises(ValueError, match="fine_tune: all"):
        TrainingSettings(devices=2, fine_tune="head")


def test_a_batch_with_fewer_lesions_than_devices_is_refused_before_it_is_shared(tiny, make_fold):
    given = {**FAST, "batch_size": 2, "steps": 2, "devices": 3}
    with pytest.raises(ModelError, match="a batch of 2 lesions cannot be shared by 3 devices"):
        tiny(norm="group", training=given).build().fit(make_fold())


def test_without_a_validation_part_the_number_of_epochs_is_fixed(tiny, make_fold):
    model, fold = tiny(training={**FAST, "epochs": 4, "patience": 1}).build(), make_fold(validation=0)
    model.fit(fold)
    assert len(model.history) == model.kept == 4
    assert set(model.details()["history"].metric) == {"training loss", "learning rate"}


def test_a_loss_that_is_no_number_stops_and_the_last_good_checkpoint_stays(tiny, make_fold):
    given = {**FAST, "optimiser": "sgd", "learning_rate": 1e30, "warmup_steps": 6}
    fold = make_fold()
    with pytest.raises(ModelError, match=r"no longer a number \(") as caught:
        tiny(training={**given, "steps": 8, "schedule": "constant"}).build().fit(fold)
    assert str(caught.value.where).startswith("lesion")
    assert "learning_rate" in str(caught.value.remedy)


def test_the_checkpoint_before_a_loss_that_is_no_number_is_kept(tiny, make_fold, monkeypatch):
    losses = Classifier.losses

    def broken(
        self: Classifier, outputs: torch.Tensor, labels: torch.Tensor, *, training: bool
    ) -> torch.Tensor:
        each = losses(self, outputs, labels, training=training)
        return each * np.nan if training and self.global_step == 5 else each

    monkeypatch.setattr(Classifier, "losses", broken)
    fold = make_fold()
    with pytest.raises(ModelError, match="in step 6") as caught:
        tiny(training={**FAST, "steps": 8}).build().fit(fold)
    assert "and 3 more" in str(caught.value.where)  # the eight of the batch
    checkpoint = torch.load(fold.directory / "last.ckpt", weights_only=True)
    assert [entry["steps"] for entry in checkpoint["history"]] == [2, 4]
    assert all(torch.isfinite(value).all() for value in checkpoint["state_dict"].values())


@pytest.mark.parametrize("lesion", ["L003", "L020"])  # of training and validation
def test_a_lesion_whose_input_is_no_number_is_named(tiny, make_fold, monkeypatch, lesion):
    read = PreparedInputs.__getitem__

    def with_nan(self: PreparedInputs, index: int) -> np.ndarray:
        image = read(self, index)
        if self.lesion_ids[index] == lesion:
            image[0, 0, 0] = np.nan
        return image

    monkeypatch.setattr(PreparedInputs, "__getitem__", with_nan)
    fold = make_fold()
    with pytest.raises(ModelError, match="holds values that are not numbers") as caught:
        tiny(training={**FAST, "steps": 4}).build().fit(fold)
    assert caught.value.where == f"lesion {lesion}"
    assert not (fold.directory / "last.ckpt").exists()
    clean = tiny(training={**FAST, "steps": 2}).build()
    monkeypatch.setattr(PreparedInputs, "__getitem__", read)
    clean.fit(fold)
    monkeypatch.setattr(PreparedInputs, "__getitem__", with_nan)
    predicted = clean.predict(fold.validation)
    assert predicted.index.tolist() == [each for each in fold.validation.lesion_ids if each != lesion]


def test_of_several_trials_the_best_on_the_validation_part_is_kept_and_all_are_told(tiny, make_fold):
    given = {**FAST, "steps": 6, "minimum_steps": 0, "smoothing": 1}
    fold = make_fold(name="three", seed=5)
    model = tiny(training={**given, "trials": 3}).build()
    model.fit(fold)
    trials = model.details()["trials"]
    assert trials.trial.tolist() == [1, 2, 3]
    assert len(set(trials.trial_seed)) == len(set(trials.validation_score)) == 3
    assert trials.chosen.tolist() == (trials.validation_score == trials.validation_score.max()).tolist()
    assert model.details()["kept_epoch"].trials.tolist() == [3]
    alone = tiny(training=given).build()
    chosen = trials[trials.chosen].iloc[0]
    alone.fit(make_fold(name="alone", seed=int(chosen.trial_seed)))
    assert alone.history == model.history
    assert alone.validation_score() == model.validation_score() == chosen.validation_score
    assert alone.predict(fold.validation).equals(model.predict(fold.validation))


def test_trials_that_were_interrupted_end_with_the_same_bits(tiny, make_fold):
    settings = tiny(training={**FAST, "steps": 6, "trials": 3})
    whole, fold = settings.build(), make_fold(name="whole")
    whole.fit(fold)
    fold = make_fold(name="broken")
    broken = settings.build()
    broken.progress = interrupt_after(16)  # in the last trial
    with pytest.raises(StopError):
        broken.fit(fold)
    kept = [(folder / "last.ckpt").exists() for folder in (fold.directory, fold.directory / "trial-1")]
    assert sorted(kept) == [False, True]  # of the two that were over, the better one's weights
    resumed = settings.build()
    seen: list[tuple[int, int]] = []
    resumed.progress = lambda done, most: seen.append((done, most))
    resumed.fit(fold)
    assert seen == [(18, 18)]
    pd.testing.assert_frame_equal(resumed.details()["trials"], whole.details()["trials"])
    assert resumed.predict(fold.validation).equals(whole.predict(fold.validation))


def test_averages_of_probabilities_over_changed_inputs_are_the_same_whatever_is_predicted_with_a_lesion(
    tiny, make_fold
):
    model, fold = tiny(training={**FAST, "steps": 4}).build(), make_fold()
    model.fit(fold)
    plain = model.predict(fold.validation)["probability"]
    model.settings = model.settings.model_copy(update={"test_time_augmentation": 4})
    several = model.predict(fold.validation)["probability"]
    assert not np.allclose(several, plain, atol=1e-4)
    assert model.predict(fold.validation)["probability"].equals(several)
    order = fold.validation.lesion_ids[::-1][:3]
    found = model.predict(fold.validation.select(order))["probability"]
    pd.testing.assert_series_equal(found, several[order], rtol=1e-4)


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

    monkeypatch.setattr(checkpoints, "write_bytes", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        tiny().build().fit(make_fold())
