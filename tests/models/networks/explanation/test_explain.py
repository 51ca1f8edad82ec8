from __future__ import annotations

import json

import numpy as np
import pytest

from samesplit.models.networks.model import NetworkModel


@pytest.fixture(scope="module")
def explained(make_cases, tmp_path_factory):
    """Two lesions in three dimensions and twelve in 2.5D, under networks that have seen one epoch."""
    from samesplit.models.networks.settings import NetworkSettings
    from samesplit.models.protocol import TrainingFold

    found = {}
    for view in ("2.5d", "3d"):
        settings = NetworkSettings.model_validate(
            {
                "name": "tiny",
                "title": "Tiny",
                "network": "resnet10",
                "width": 0.125,
                "stem": "medium",
                "inputs": {"size": 16, "margin_mm": 2, "view": view},
                "training": {"epochs": 1, "batch_size": 8, "accelerator": "cpu"},
            }
        )
        cases, labels = make_cases(16, sequences=("A", "B"))
        training, test = cases.lesion_ids[:10], cases.lesion_ids[10:]
        folder = tmp_path_factory.mktemp("fold")
        nobody = cases.select([])
        model = NetworkModel(settings)
        model.fit(TrainingFold(cases.select(training), labels[training], nobody, labels[[]], 0, folder))
        found[view] = (model.explain(cases.select(training), cases.select(test)), test)
    return found


@pytest.mark.parametrize("view", ["2.5d", "3d"])
def test_every_test_lesion_has_a_map_of_each_class_on_its_slice_with_a_contour(explained, view):
    tables, test = explained[view]
    rows = tables["heatmaps"]
    assert list(rows["lesion_id"]) == test
    assert set(rows["sequence"]) == {"A"}
    for row in rows.to_dict("records"):
        assert (row["width"], row["height"], row["classes"]) == (16, 16, 2)
        assert len(row["pixels"]) == 16 * 16
        heat = np.frombuffer(row["heat"], dtype=np.uint8)
        assert heat.size == 2 * 16 * 16
        assert heat.any()
        points = np.concatenate([np.array(line) for line in json.loads(row["contour"])])
        assert 1 < points.min() < 8 < points.max() < 15  # round the lesion, whose field has a margin of 2 mm


def test_training_and_test_lesions_lie_on_one_plane(explained):
    tables, test = explained["2.5d"]
    plane = tables["embedding"]
    assert list(plane["subset"]) == ["train"] * 10 + ["test"] * 6
    assert list(plane["lesion_id"][10:]) == test
    assert np.isfinite(plane[["x", "y"]].to_numpy()).all()
