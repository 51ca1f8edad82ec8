from __future__ import annotations

import numpy as np
import pytest
import torch

from samesplit.models.networks.augmentation import augment, draw_affine, generator_for
from samesplit.models.networks.augmentation_settings import AugmentationSettings

NOTHING = {
    "flips": False,
    "rotation_degrees": 0,
    "shear": 0,
    "zoom": 0,
    "shift": 0,
    "intensity_scale": 0,
    "noise": 0,
}
IMAGE = torch.arange(2 * 6 * 6, dtype=torch.float32).reshape(2, 6, 6) + 1


def changed(seed: int = 0, image: torch.Tensor = IMAGE, *, masked: bool = False, **settings) -> torch.Tensor:
    given = AugmentationSettings(**{**NOTHING, **settings})
    return augment(image, given, generator_for(seed, 0, 0), masked=masked)


def test_the_same_seed_epoch_and_lesion_give_the_same_change_whatever_came_before():
    settings = AugmentationSettings()
    first = augment(IMAGE, settings, generator_for(3, 5, 7), masked=True)
    for other in ((3, 5, 8), (3, 6, 7), (4, 5, 7)):
        assert not torch.equal(augment(IMAGE, settings, generator_for(*other), masked=True), first)
    assert torch.equal(augment(IMAGE, settings, generator_for(3, 5, 7), masked=True), first)


def test_nothing_asked_nothing_changed():
    assert torch.equal(changed(), IMAGE)


def test_flips_turn_whole_axes_and_each_way_occurs():
    seen = set()
    for seed in range(30):
        result = changed(seed, flips=True)
        ways = [
            axes for axes in ((), (1,), (2,), (1, 2)) if torch.allclose(IMAGE.flip(axes), result, atol=1e-3)
        ]
        assert len(ways) == 1
        seen.add(ways[0])
    assert len(seen) == 4


def test_a_shift_moves_all_channels_by_the_same_share_of_the_side():
    image = torch.zeros(2, 20, 20)
    image[:, 8:12, 8:12] = 1
    theta = draw_affine(
        AugmentationSettings(**{**NOTHING, "shift": 0.3}), generator_for(1, 0, 0), dimensions=2
    )
    moved = changed(1, image, shift=0.3)
    grid = torch.arange(20.0)
    centre_x = (moved.sum(1) * grid).sum(1) / moved.sum((1, 2))
    centre_y = (moved.sum(2) * grid).sum(1) / moved.sum((1, 2))
    expected_x, expected_y = 9.5 - theta[0, 2] * 10, 9.5 - theta[1, 2] * 10
    np.testing.assert_allclose(centre_x, [expected_x, expected_x], atol=1e-3)
    np.testing.assert_allclose(centre_y, [expected_y, expected_y], atol=1e-3)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_rotation_keeps_lengths_and_zoom_stays_within_its_bounds(dimensions):
    turned = draw_affine(
        AugmentationSettings(**{**NOTHING, "rotation_degrees": 180}),
        generator_for(0, 0, 0),
        dimensions=dimensions,
    )[:, :dimensions]
    np.testing.assert_allclose(turned @ turned.T, np.eye(dimensions), atol=1e-12)
    assert not np.allclose(turned, np.eye(dimensions))
    zooms = [
        draw_affine(
            AugmentationSettings(**{**NOTHING, "zoom": 0.2}), generator_for(s, 0, 0), dimensions=dimensions
        )[0, 0]
        for s in range(200)
    ]
    assert 1 / 1.2 <= min(zooms) < 0.9
    assert 1.1 < max(zooms) <= 1.2


def test_a_cube_keeps_its_shape():
    cube = torch.rand(1, 5, 5, 5)
    assert augment(cube, AugmentationSettings(), generator_for(0, 0, 0), masked=True).shape == cube.shape


def test_noise_spares_a_masked_background_and_has_the_stated_sd():
    image = torch.ones(1, 100, 100)
    image[:, :50] = 0
    noisy = changed(0, image, noise=0.3, masked=True)
    assert not noisy[:, :50].any()
    assert float(noisy[:, 50:].std()) == pytest.approx(0.3, rel=0.05)
    assert changed(0, image, noise=0.3)[:, :50].all()


def test_channels_are_scaled_each_by_its_own_factor():
    factors = (changed(0, intensity_scale=0.5) / IMAGE).flatten(1)
    assert torch.allclose(factors, factors[:, :1])
    assert factors[0, 0] != factors[1, 0]
    assert 1 / 1.5 <= float(factors.min()) <= float(factors.max()) <= 1.5


def test_a_mask_moves_with_its_image_and_keeps_its_values():
    """Channels 0 and 2 are images, 1 and 3 their masks; scaling and noise are for images only."""
    image = torch.zeros(4, 24, 24)
    image[:, 8:14, 6:18] = 1
    settings = AugmentationSettings(noise=0.2, intensity_scale=0.3)
    moved_only = AugmentationSettings(noise=0, intensity_scale=0)
    for seed in range(5):
        moved = augment(image, moved_only, generator_for(seed, 0, 0), masked=True)
        result = augment(image, settings, generator_for(seed, 0, 0), masked=True, masks=(1, 3))
        assert torch.equal(result[[1, 3]], moved[[1, 3]])
        assert not torch.equal(moved, image)
        for grey in (0, 2):
            assert torch.equal(result[grey] == 0, moved[grey] == 0)
            assert not torch.allclose(result[grey], moved[grey])


def test_images_are_changed_alike_with_masks_beside_them_and_without():
    settings = AugmentationSettings()
    alone = augment(IMAGE, settings, generator_for(2, 0, 0), masked=True)
    beside = augment(
        torch.cat([IMAGE, torch.ones_like(IMAGE)]),
        settings,
        generator_for(2, 0, 0),
        masked=True,
        masks=(2, 3),
    )
    assert torch.equal(beside[:2], alone)


@pytest.mark.parametrize("masks", [(), (1, 3)])
def test_the_channels_of_a_missing_sequence_stay_zero(masks):
    image = IMAGE.repeat(2, 1, 1)
    image[2:] = 0
    settings = AugmentationSettings(noise=0.5, intensity_scale=0.5)
    for seed in range(3):
        result = augment(image, settings, generator_for(seed, 0, 0), masked=False, masks=masks)
        assert not result[2:].any()
        assert result[:2].any()


def test_all_sequences_of_a_lesion_are_moved_by_the_same_draw():
    settings = AugmentationSettings(noise=0, intensity_scale=0, rotation_degrees=90, shift=0.2)
    phase = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 12, 12)).astype(np.float32))
    for seed in range(3):
        moved = augment(torch.cat([phase, phase]), settings, generator_for(seed, 0, 0), masked=False)
        torch.testing.assert_close(moved[:3], moved[3:])
        alone = augment(phase, settings, generator_for(seed, 0, 0), masked=False)
        torch.testing.assert_close(moved[:3], alone)
        assert not torch.allclose(moved[:3], phase)
