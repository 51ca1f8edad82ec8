from __future__ import annotations

import numpy as np
import pytest

from features.phantom import digital_phantom
from samesplit.errors import LesionError
from samesplit.features.compliance.reference import matches, read_reference
from samesplit.features.families.local_intensity import PEAK_RADIUS_MM, TAGS, local_intensity
from samesplit.features.families.region import Region


def by_distances(region: Region) -> tuple[float, float]:
    places = np.indices(region.intensities.shape).reshape(3, -1).T * region.spacing_mm
    inside = region.intensity.ravel() > 0
    values = region.intensities.ravel()
    means = np.array(
        [
            values[np.linalg.norm(places - centre, axis=1) <= PEAK_RADIUS_MM].mean()
            for centre in places[inside]
        ]
    )
    return means[values[inside] == values[inside].max()].max(), means.max()


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (3.0, 0.8, 2.0), (2.0, 2.0, 2.0), (9.0, 9.0, 9.0)])
def test_the_peaks_are_means_over_all_voxels_nearby_also_outside_the_mask(
    spacing_mm: tuple[float, float, float],
) -> None:
    generator = np.random.default_rng(4)
    image = generator.normal(100, 30, (17, 20, 23))
    mask = np.zeros(image.shape, np.uint8)
    mask[6:9, 9:14, 8:17] = generator.random((3, 5, 9)) < 0.7
    for start in (0, 5):  # the second cut brings the border of the image near the lesion
        cut = (slice(start, 12), slice(start, None), slice(start, None))
        region = Region(image[cut].copy(), mask[cut].copy(), mask[cut].copy(), spacing_mm)
        np.testing.assert_allclose(local_intensity(region), by_distances(region), rtol=1e-12)


def test_of_equally_bright_voxels_the_highest_neighbourhood_counts() -> None:
    image = np.zeros((1, 1, 40))
    image[0, 0, [10, 30]] = 5.0
    image[0, 0, 31] = 4.0
    mask = (image == 5).astype(np.uint8)
    local, highest = local_intensity(Region(image, mask, mask, (1.0, 1.0, 1.0)))
    assert local == highest == pytest.approx(9 / 13)


def test_only_the_intensity_mask_has_centres() -> None:
    image = np.zeros((1, 1, 40))
    image[0, 0, 30] = 5.0
    mask = np.ones(image.shape, np.uint8)
    seen = mask.copy()
    seen[0, 0, 20:] = 0
    assert local_intensity(Region(image, mask, seen, (1.0, 1.0, 1.0))).tolist() == [0, 0]


def test_the_digital_phantom_has_the_reference_values() -> None:
    values = dict(zip(TAGS, local_intensity(digital_phantom()), strict=True))
    table = read_reference()
    rows = table[(table["dataset"] == "digital_phantom") & (table["family"] == "Local intensity")]
    assert sorted(rows["tag"]) == sorted(TAGS)
    for row in rows.itertuples():
        assert matches(values[row.tag], row.reference_value, row.tolerance), row.tag


def test_an_empty_intensity_mask_is_an_error() -> None:
    empty = np.zeros((3, 3, 3), np.uint8)
    with pytest.raises(LesionError, match="no voxel"):
        local_intensity(Region(np.ones((3, 3, 3)), empty, empty, (1.0, 1.0, 1.0)))
