from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.networks.model import load_network
from samesplit.models.protocol import TrainingFold


@pytest.fixture(scope="module")
def fitted(make_cases, tmp_path_factory):
    """A network fitted to two sequences, and cases it has not seen."""
    from samesplit.models.networks.settings import NetworkSettings

    settings = NetworkSettings.model_validate(
        {
            "name": "fitted",
            "title": "Fitted",
            "network": "resnet10",
            "width": 0.25,
            "stem": "medium",
            "inputs": {"size": 24},
            "training": {"epochs": 16, "batch_size": 16, "learning_rate": 0.003, "accelerator": "cpu"},
        }
    )
    training, labels = make_cases(48, seed=1, sequences=("A", "B"))
    validation, validation_labels = make_cases(16, seed=2, sequences=("A", "B"))
    model = settings.build()
    fold = TrainingFold(training, labels, validation, validation_labels, 0, tmp_path_factory.mktemp("fold"))
    model.fit(fold)
    return model, make_cases(40, seed=3, sequences=("A", "B"))


def test_a_network_learns_a_bright_centre_from_a_dark_one(fitted):
    model, (cases, labels) = fitted
    assert roc_auc_score(labels, model.predict(cases)["probability"]) > 0.8


def test_probabilities_are_indexed_by_lesion_in_the_order_asked_for(fitted):
    model, (cases, _) = fitted
    probabilities = model.predict(cases)["probability"]
    assert probabilities.index.tolist() == cases.lesion_ids
    assert probabilities.index.name == "lesion_id"
    assert probabilities.between(0, 1).all()
    order = cases.lesion_ids[::-1]
    pd.testing.assert_series_equal(
        model.predict(cases.select(order))["probability"], probabilities[order], rtol=1e-4
    )


def test_predicting_changes_nothing(fitted):
    model, (cases, _) = fitted
    before = copy.deepcopy(model._network.state_dict())
    first = model.predict(cases)["probability"]
    torch.rand(3)
    assert model.predict(cases)["probability"].equals(first)
    after = model._network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_lesion_that_lacks_a_sequence_is_predicted_and_one_without_any_is_not(fitted):
    model, (cases, _) = fitted
    images = cases.images
    lost = (images.lesion_id == "L001") | ((images.lesion_id == "L002") & (images.sequence == "A"))
    probabilities = model.predict(replace(cases, images=images[~lost]))["probability"]
    assert "L001" not in probabilities.index
    assert len(probabilities) == len(cases) - 1
    assert np.isfinite(probabilities["L002"])
    nothing = model.predict(replace(cases, images=images[:0]))["probability"]
    assert nothing.empty
    assert nothing.index.name == "lesion_id"


def test_the_history_has_a_row_a_validation_and_metric(fitted):
    model, _ = fitted
    history = model.details()["history"]
    assert history.columns.tolist() == ["epoch", "steps", "metric", "value"]
    assert set(history.metric) == {"training loss", "validation loss", "validation AUC", "learning rate"}
    assert set(history.groupby("metric").size()) == {len(model.history)}
    assert history.steps.tolist() == (3 * history.epoch).tolist()  # 48 lesions in batches of 16
    assert history.steps.min() == 12  # four epochs of three steps are the first to hold ten


def test_the_kept_weights_have_the_auc_they_reach_on_training_and_validation(fitted, make_cases):
    model, _ = fitted
    (kept,) = model.details()["kept_epoch"].to_dict("records")
    losses, aucs = (
        [entry[metric] for entry in model.history] for metric in ("validation loss", "validation AUC")
    )
    smoothed = [np.mean(losses[max(0, end - 3) : end]) for end in range(1, len(losses) + 1)]
    assert kept["steps_trained"] == 12 * len(losses)
    assert kept["steps"] == 12 * (1 + int(np.argmin(smoothed)))
    assert kept["validation_auc"] == aucs[model.kept - 1]
    given = [make_cases(48, seed=1, sequences=("A", "B")), make_cases(16, seed=2, sequences=("A", "B"))]
    probabilities = [model.predict(cases)["probability"] for cases, _ in given]
    assert kept["training_auc"] == pytest.approx(roc_auc_score(given[0][1], probabilities[0]), abs=1e-6)
    assert kept["probability_range"] == pytest.approx(np.ptp(np.concatenate(probabilities)), abs=1e-6)
    assert kept["untrained"] == ""


def test_a_network_that_was_stopped_untrained_is_told(tiny, make_fold):
    given = {"steps": 40, "minimum_steps": 0, "validate_every_steps": 4, "patience": 1, "batch_size": 8}
    model = tiny(training={**given, "learning_rate": 0.003, "accelerator": "cpu", "smoothing": 1}).build()
    fold = make_fold()
    model.fit(replace(fold, validation_labels=1 - fold.validation_labels))  # the more it learns the worse
    told = model.details()["kept_epoch"].iloc[0]
    assert told.untrained.startswith("kept after 4 of 40 steps")
    assert told.steps_trained == 8


def test_a_saved_network_predicts_the_same_and_holds_no_pickle(fitted, tmp_path):
    model, (cases, _) = fitted
    model.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"weights.pt", "settings.json"}
    torch.load(tmp_path / "weights.pt", weights_only=True)
    record = json.loads((tmp_path / "settings.json").read_text())
    assert record["sequences"] == ["A", "B"]
    assert load_network(tmp_path).predict(cases)["probability"].equals(model.predict(cases)["probability"])


def test_a_folder_without_a_network_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="does not hold a saved network"):
        load_network(tmp_path)


def test_other_sequences_than_those_of_the_training_are_an_error(fitted):
    model, (cases, _) = fitted
    with pytest.raises(ModelError, match="fitted on A, B and is given B, A"):
        model.predict(replace(cases, sequences=("B", "A")))["probability"]


def test_an_unfitted_network_neither_predicts_nor_is_saved(tiny, make_cases, tmp_path):
    with pytest.raises(ModelError, match="before it was fitted"):
        tiny().build().predict(make_cases(2)[0])["probability"]
    with pytest.raises(ModelError, match="not fitted"):
        tiny().build().save(tmp_path)


def test_one_class_in_training_is_an_error(tiny, make_fold):
    fold = make_fold()
    with pytest.raises(ModelError, match="all of the same class"):
        tiny().build().fit(replace(fold, training_labels=fold.training_labels * 0))


def test_watching_the_auc_needs_both_classes_in_validation(tiny, make_fold):
    fold = make_fold()
    settings = tiny(training={"monitor": "auc", "epochs": 1})
    with pytest.raises(ModelError, match="only one class"):
        settings.build().fit(replace(fold, validation_labels=fold.validation_labels * 0))


def test_lost_images_of_the_training_part_are_told(tiny, make_fold):
    fold = make_fold()
    images = fold.training.images.copy()
    images.loc[images.index[0], "mask_label"] = 9
    model = tiny(training={"epochs": 1, "accelerator": "cpu"}).build()
    model.fit(replace(fold, training=replace(fold.training, images=images)))
    assert model.details()["skipped"].lesion_id.tolist() == ["L000"]


def test_prepared_inputs_can_be_shared_between_folds(tiny, make_fold, tmp_path):
    fold, cache = make_fold(), tmp_path / "shared"
    tiny(training={"epochs": 1, "accelerator": "cpu"}).build(cache=cache).fit(fold)
    assert len(list(cache.rglob("*.npy"))) == 24
    assert not (fold.directory / "inputs").exists()


def test_with_masks_as_channels_a_network_trains_and_is_loaded_again(tiny, make_fold, tmp_path):
    inputs = {"size": 16, "field_mm": 20, "mask_channel": True, "background": "lowest"}
    model, fold = tiny(inputs=inputs).build(), make_fold(sequences=("A", "B"))
    model.fit(fold)
    model.save(tmp_path / "kept")
    assert torch.load(tmp_path / "kept" / "weights.pt")["backbone.conv1.weight"].shape[1] == 12
    again = load_network(tmp_path / "kept")
    assert again.predict(fold.validation)["probability"].equals(model.predict(fold.validation)["probability"])


def test_a_sequence_that_no_training_lesion_has_is_not_looked_at(tiny, make_fold, make_cases, tmp_path):
    """The weights that would see it are as they were drawn, and so would be what they say of a lesion."""
    fold = make_fold(sequences=("A", "V"))
    own = fold.training.images
    without = replace(fold.training, images=own[own["sequence"] == "A"])
    model = tiny(fusion={"method": "concatenation"}).build()
    model.fit(replace(fold, training=without))
    cases, _ = make_cases(6, seed=3, sequences=("A", "V"))
    images = cases.images
    alone = replace(cases, images=images[images["sequence"] == "A"])
    pd.testing.assert_frame_equal(model.predict(cases), model.predict(alone))
    assert model.predict(replace(cases, images=images[images["sequence"] == "V"])).empty
    noted = model.details()["skipped"].query("status == 'noted'")
    assert set(noted["sequence"]) == {"V"}
    assert set(noted["lesion_id"]) == {*fold.validation.lesion_ids, *cases.lesion_ids}
    model.save(tmp_path / "kept")
    again = load_network(tmp_path / "kept")
    pd.testing.assert_frame_equal(again.predict(cases), again.predict(alone))
