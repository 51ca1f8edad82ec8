from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from skimage import measure

from samesplit.benchmarks.synthetic.lesion_shape import LesionShape
from samesplit.benchmarks.synthetic.population import Lesion, draw_lesion, draw_patient
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import SyntheticSettings


def lesion(**changes: object) -> Lesion:
    settings = SyntheticSettings()
    base = draw_lesion(settings, draw_patient(settings, 0), 0)
    usual = {"diameter_mm": 30.0, "irregularity": 0.06, "necrosis": 0.2, "texture_mm": 4.0}
    return replace(base, **{**usual, **changes})


def random(seed: int) -> np.random.Generator:
    return stream(seed, 0, 0, "shape")


def lattice(step_mm: float = 0.8, reach_mm: float = 22.0) -> np.ndarray:
    axis = np.arange(-reach_mm, reach_mm, step_mm, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))


def test_largest_diameter_is_the_stated_one():
    points = lattice()
    sample = LesionShape(random(1), lesion()).sample(points)
    surface = measure.marching_cubes(sample.distance_mm, 0.0, spacing=(0.8, 0.8, 0.8))[0]
    assert pdist(surface[::10]).max() == pytest.approx(30.0, rel=0.04)


@pytest.mark.parametrize("fraction", [0.1, 0.35])
def test_the_stated_fraction_of_the_volume_does_not_enhance(fraction):
    sample = LesionShape(random(1), lesion(necrosis=fraction)).sample(lattice())
    inside = sample.distance_mm < 0
    assert (sample.necrosis_depth_mm[inside] < 0).mean() == pytest.approx(fraction, abs=0.03)


def test_a_tiny_necrotic_fraction_leaves_no_core():
    sample = LesionShape(random(1), lesion(necrosis=0.02)).sample(lattice(step_mm=1.5))
    assert not (sample.necrosis_depth_mm < 0).any()


def sphericity(shape: LesionShape) -> float:
    distance = shape.sample(lattice()).distance_mm
    vertices, faces, _, _ = measure.marching_cubes(distance, 0.0, spacing=(0.8, 0.8, 0.8))
    volume = (distance < 0).sum() * 0.8**3
    return float(36 * np.pi * volume**2 / measure.mesh_surface_area(vertices, faces) ** 3)


def test_irregularity_makes_the_margin_less_round():
    values = [sphericity(LesionShape(random(1), lesion(irregularity=value))) for value in (0.02, 0.08, 0.14)]
    assert values[0] > values[1] > values[2]


def test_texture_gets_coarser_with_its_correlation_length():
    def neighbour_correlation(texture_mm: float) -> float:
        sample = LesionShape(random(1), lesion(texture_mm=texture_mm)).sample(lattice())
        near = (sample.distance_mm < 0)[:-2] & (sample.distance_mm < 0)[2:]
        return float(np.corrcoef(sample.texture[:-2][near], sample.texture[2:][near])[0, 1])

    assert neighbour_correlation(2.0) < neighbour_correlation(4.0) < neighbour_correlation(8.0)


def test_shape_depends_on_the_cohort_seed():
    one, two = (LesionShape(random(seed), lesion()).sample(lattice(2.0)).distance_mm for seed in (1, 2))
    assert not np.array_equal(one, two)
