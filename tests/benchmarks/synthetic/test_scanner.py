from __future__ import annotations

import numpy as np
import pytest

from samesplit.benchmarks.synthetic.scanner import acquire, make_grid
from samesplit.benchmarks.synthetic.settings import default_sites


def scan(signal: np.ndarray, **options: float) -> np.ndarray:
    usual = {"reference": 0.1, "bias": 0.0, "noise": 0.05, "intensity": 4000.0}
    return acquire(np.random.default_rng(3), signal.astype(np.float32), **{**usual, **options}).astype(float)


def test_noise_in_air_is_rayleigh_and_in_tissue_of_the_stated_deviation():
    air, tissue = scan(np.zeros((20, 80, 80))), scan(np.full((20, 80, 80), 0.1))
    scale = tissue.mean() / 4000.0
    assert tissue.std() / tissue.mean() == pytest.approx(0.05, rel=0.05)
    assert air.mean() / 4000.0 / scale == pytest.approx(0.05 * np.sqrt(np.pi / 2), rel=0.05)
    assert air.mean() / air.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.03)


def test_noise_is_correlated_between_neighbouring_pixels_but_not_slices():
    tissue = scan(np.full((20, 80, 80), 0.1))
    tissue -= tissue.mean()
    in_plane = np.mean(tissue[:, :, 1:] * tissue[:, :, :-1]) / tissue.var()
    through = np.mean(tissue[1:] * tissue[:-1]) / tissue.var()
    assert 0.2 < in_plane < 0.7
    assert through == pytest.approx(0, abs=0.03)


def test_bias_field_has_the_stated_strength_and_is_smooth():
    flat = scan(np.full((20, 80, 80), 0.1), bias=0.25, noise=0.0)
    assert np.log(flat).std() == pytest.approx(0.25, rel=0.05)
    assert np.abs(np.diff(np.log(flat), axis=1)).max() < 0.08


def test_values_stay_within_16_bits():
    bright = scan(np.full((3, 8, 8), 10.0), intensity=8000.0)
    assert bright.max() == 32767


@pytest.mark.parametrize("site", default_sites(), ids=lambda site: site.name)
@pytest.mark.parametrize("sequence", ["t1c", "t2"])
def test_grid_is_centred_on_the_lesion_and_of_the_promised_size(site, sequence):
    centre = np.array([-60.0, 31.0, 12.0])
    grid = make_grid(
        np.random.default_rng(0),
        getattr(site, sequence),
        centre_mm=centre,
        field_of_view_mm=98.0,
        tilt_deg=site.tilt_deg,
    )
    assert all(72 <= count <= 96 for count in grid.size[:2])
    assert 20 <= grid.size[2] <= 32
    points = grid.points()
    assert points.shape == (3, *grid.size[::-1])
    middle = points.reshape(3, -1).mean(axis=1)
    assert np.abs(middle - centre).max() < 6.0
    np.testing.assert_allclose(grid.direction @ grid.direction.T, np.eye(3), atol=1e-12)


def test_box_holds_every_voxel_within_reach():
    centre = np.array([0.0, 0.0, 0.0])
    site = default_sites()[1]
    grid = make_grid(
        np.random.default_rng(0), site.t1c, centre_mm=centre, field_of_view_mm=98.0, tilt_deg=20.0
    )
    points = grid.points()
    near = np.sqrt((points**2).sum(axis=0)) < 15.0
    inside = np.zeros_like(near)
    inside[grid.box(centre, 15.0)] = True
    assert near.any()
    assert not (near & ~inside).any()
    assert inside.sum() < near.size / 4
