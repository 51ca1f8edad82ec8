from __future__ import annotations

import pytest

from samesplit.models.networks.schedule import (
    best_round,
    learning_rate,
    plan_training,
    should_stop,
    smoothed_scores,
)
from samesplit.models.networks.training_settings import TrainingSettings


def history_of(losses, *, every=2):
    return [
        {"validation loss": loss, "training loss": 0.0, "steps": every * n}
        for n, loss in enumerate(losses, 1)
    ]


def rates(settings, *, batches=1, history=()):
    plan = plan_training(settings, batches)
    return [learning_rate(settings, plan, step, list(history)) for step in range(plan.steps)]


@pytest.mark.parametrize(
    ("given", "batches", "steps", "every"),
    [
        ({}, 2, 300, 10),  # neither steps nor epochs
        ({"epochs": 25}, 2, 50, 10),  # five epochs between validations
        ({"epochs": 3}, 40, 120, 40),  # an epoch of more than ten steps
        ({"steps": 100, "validate_every_steps": 30}, 2, 100, 25),  # never more seldom than asked for
        ({"steps": 101, "validate_every_steps": 30}, 2, 104, 26),  # whole rounds
        ({"epochs": 1, "minimum_steps": 35}, 2, 36, 9),
        ({"steps": 4}, 2, 4, 4),
    ],
)
def test_a_training_is_cut_into_equal_rounds(given, batches, steps, every):
    plan = plan_training(TrainingSettings(**given), batches)
    assert (plan.steps, plan.every, plan.rounds * plan.every) == (steps, every, steps)


def test_no_training_keeps_weights_of_its_first_quarter_unless_told_to():
    assert plan_training(TrainingSettings(), 2).minimum == 75
    assert plan_training(TrainingSettings(minimum_steps=0), 2).minimum == 0


@pytest.mark.parametrize(
    "given",
    [{"steps": 10, "epochs": 2}, {"epochs": 2, "warmup_epochs": 2}, {"steps": 10, "warmup_steps": 10}],
)
def test_lengths_that_contradict_each_other_are_errors(given):
    with pytest.raises(ValueError, match=r"both|fewer"):
        TrainingSettings(**given)


def test_the_plateau_schedule_falls_to_a_tenth_after_waiting():
    losses = (1.0, 0.9, 0.95, 0.91, 0.92, 0.93, 0.5)
    settings = TrainingSettings(
        schedule="plateau", plateau_epochs=2, learning_rate=1.0, steps=16, validate_every_steps=2
    )
    found = rates(settings, history=history_of(losses))
    assert found[::2] == found[1::2]
    assert found[::2] == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
    level = history_of([0.9 * (1 - 1e-13 * n) for n in range(3)])
    assert rates(settings, history=level)[6] == pytest.approx(0.1)  # a fall in the last digits is none


def test_warm_up_climbs_to_the_learning_rate_step_by_step():
    settings = TrainingSettings(schedule="constant", warmup_steps=3, learning_rate=1.0, steps=5)
    assert rates(settings) == [0.25, 0.5, 0.75, 1.0, 1.0]
    by_epochs = TrainingSettings(schedule="constant", warmup_epochs=1, learning_rate=1.0, epochs=2)
    assert rates(by_epochs, batches=3) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_the_first_weights_are_not_kept_however_good_they_look():
    """Two steps a round; the first looks best, and of those from the sixth step on the fourth round."""
    history = history_of([0.5, 0.7, 0.69, 0.6, 0.65, 0.66])
    given = {"patience": 2, "steps": 12, "validate_every_steps": 2, "smoothing": 1}
    early, late = (TrainingSettings(**given, minimum_steps=steps) for steps in (0, 6))
    plans = [plan_training(settings, 2) for settings in (early, late)]
    assert [best_round(early, plans[0], history[:n]) for n in range(1, 7)] == [0, 0, 0, 0, 0, 0]
    assert [should_stop(early, plans[0], history[:n]) for n in range(1, 4)] == [False, False, True]
    assert [best_round(late, plans[1], history[:n]) for n in range(1, 7)] == [None, None, 2, 3, 3, 3]
    assert [should_stop(late, plans[1], history[:n]) for n in range(1, 7)] == [False] * 5 + [True]
    assert not should_stop(early.model_copy(update={"patience": None}), plans[0], history)


def test_one_lucky_validation_does_not_win_when_scores_are_smoothed():
    history = history_of([0.7, 0.4, 0.7, 0.5, 0.5, 0.5])
    given = {"steps": 12, "validate_every_steps": 2, "minimum_steps": 0}
    for width, best in ((1, 1), (3, 5)):
        settings = TrainingSettings(**given, smoothing=width)
        assert best_round(settings, plan_training(settings, 2), history) == best
    assert smoothed_scores(TrainingSettings(smoothing=3), history)[4] == pytest.approx(-1.7 / 3)


def test_rounds_are_judged_by_what_is_watched_and_equals_by_their_order():
    history = history_of([0.7, 0.5, 0.6])
    for entry, auc in zip(history, (0.6, 0.6, 0.9), strict=True):
        entry["validation AUC"] = auc
    found = {}
    for watched in ("loss", "auc"):
        settings = TrainingSettings(monitor=watched, smoothing=1, minimum_steps=0, steps=6)
        found[watched] = best_round(settings, plan_training(settings, 2), history)
    assert found == {"loss": 1, "auc": 2}
    level = history_of([0.5, 0.5 * (1 - 1e-13), 0.5])
    settings = TrainingSettings(smoothing=1, minimum_steps=0, steps=6)
    assert best_round(settings, plan_training(settings, 2), level) == 0
