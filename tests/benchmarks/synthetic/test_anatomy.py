from __future__ import annotations

import numpy as np
import pytest

from samesplit.benchmarks.synthetic.anatomy import Flank
from samesplit.benchmarks.synthetic.settings import default_sites
from samesplit.benchmarks.synthetic.signal import TISSUES, tissue_signal

NAMES = tuple(TISSUES)


def label_map(side: str, patient: int = 0) -> np.ndarray:
    """Paint each tissue with its own number; mixed voxels get -1."""
    signals = {name: float(10 * (k + 1)) for k, name in enumerate(NAMES)}
    axes = [np.arange(low, high, step, dtype=np.float32) for low, high, step in
            ((-60, 60, 3), (-95, 75, 1.5), (-75, 75, 1.5))]  # fmt: skip
    z, y, x = np.meshgrid(*axes, indexing="ij")
    points = np.stack([x, y, z])
    far = np.full(x.shape, 60.0, dtype=np.float32)
    painted = Flank(7, patient, side).paint(points, far, signals=signals, edge_mm=0.5)
    nearest = np.rint(painted / 10) * 10
    # Fat, cortex, muscle, marrow, bowel and organs carry a grain of a few percent.
    return np.where(np.abs(painted - nearest) < 0.06 * nearest + 0.01, nearest / 10 - 1, -1)


def volume_ml(labels: np.ndarray, *names: str) -> float:
    return sum(float((labels == NAMES.index(name)).sum()) for name in names) * 3 * 1.5 * 1.5 / 1000


@pytest.mark.parametrize("side", ["left", "right"])
def test_every_part_of_the_flank_is_there_in_a_human_amount(side):
    labels = label_map(side)
    assert 60 < volume_ml(labels, "cortex", "medulla") < 260
    assert volume_ml(labels, "cortex") > 30
    assert volume_ml(labels, "medulla") > 8
    assert volume_ml(labels, "fat") > 200
    assert volume_ml(labels, "muscle") > 100
    assert volume_ml(labels, "urine") > 0.3


def test_neighbours_differ_between_the_sides():
    right, left = label_map("right"), label_map("left")
    assert volume_ml(right, "liver") > 100 > volume_ml(right, "spleen")
    assert volume_ml(left, "spleen") > 20
    assert volume_ml(left, "liver") < volume_ml(right, "liver") / 2


def test_patients_differ():
    assert not np.array_equal(label_map("left", 0), label_map("left", 1))


def test_a_lesion_pushes_neighbours_away_behind_a_rim_of_fat():
    signals = {
        name: float(
            tissue_signal(name, sequence_name="T1C", sequence=default_sites()[0].t1c, field_strength_t=1.5)
        )
        for name in NAMES
    }
    axis = np.arange(-8, 9, dtype=np.float32)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    centre = np.array([37.0, -12.0, 0.0], dtype=np.float32)  # inside the psoas
    points = np.stack([x, y, z]) + centre[:, None, None, None]
    flank = Flank(7, 0, "right")
    far = np.full(x.shape, 60.0, dtype=np.float32)
    near = np.sqrt(x**2 + y**2 + z**2) - np.float32(5.0)
    without = flank.paint(points, far, signals=signals, edge_mm=1.0)
    with_lesion = flank.paint(points, near, signals=signals, edge_mm=1.0)
    assert without[8, 8, 8] == pytest.approx(signals["muscle"], rel=0.2)
    assert with_lesion[8, 8, 8] == pytest.approx(signals["fat"], rel=0.25)


def test_a_point_on_the_kidney_surface_lies_between_inside_and_outside():
    flank = Flank(7, 0, "left")
    direction = np.array([0.0, 1.0, 0.0], dtype=np.float32)
    length = np.linalg.norm(flank.kidney_surface(direction))
    assert length == pytest.approx(flank.kidney_axes[1], rel=1e-5)
    assert np.linalg.norm(flank.kidney_direction(direction)) == pytest.approx(1.0)
