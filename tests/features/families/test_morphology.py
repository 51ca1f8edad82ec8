from __future__ import annotations

from pathlib import Path

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings

from features.phantom import digital_phantom
from samesplit.errors import LesionError
from samesplit.features.compliance.reference import matches, read_reference
from samesplit.features.families.local_intensity import TAGS as PEAK_TAGS
from samesplit.features.families.local_intensity import local_intensity
from samesplit.features.families.morphology import INTENSITY_TAGS, SHAPE_TAGS, TAGS, morphology, shape
from samesplit.features.families.region import Region
from samesplit.features.families.texture import MaskGeometry

SPACING_MM = (2.0, 1.0, 1.5)
PRINCIPAL = {tag for tag in TAGS if "pca" in tag or "aee" in tag}
masks = arrays.arrays(np.uint8, (4, 3, 5), elements=st.integers(0, 1)).filter(np.any)


def lesion(mask: np.ndarray, spacing_mm: tuple[float, float, float] = SPACING_MM, seed: int = 0) -> Region:
    image = np.random.default_rng(seed).normal(50, 10, mask.shape)
    return Region(image, mask, mask, spacing_mm)


def values_of(region: Region) -> dict[str, float]:
    return dict(zip(TAGS, morphology(region).tolist(), strict=True))


def check_reference(region: Region, dataset: str) -> int:
    found = values_of(region) | dict(zip(PEAK_TAGS, local_intensity(region), strict=True))
    table = read_reference()
    rows = table[(table["dataset"] == dataset) & table["family"].isin(["Morphology", "Local intensity"])]
    assert sorted(rows["tag"]) == sorted(found)
    checked = rows.dropna(subset="reference_value")
    for row in checked.itertuples():
        assert matches(found[row.tag], row.reference_value, row.tolerance), (row.tag, found[row.tag])
    return len(checked)


def test_the_tags_stand_in_the_order_of_the_reference_table() -> None:
    table = read_reference()
    rows = table[(table["dataset"] == "digital_phantom") & (table["family"] == "Morphology")]
    assert tuple(rows["tag"]) == TAGS
    assert set(SHAPE_TAGS) | set(INTENSITY_TAGS) == set(TAGS)


def test_the_digital_phantom_has_the_reference_values() -> None:
    assert check_reference(digital_phantom(), "digital_phantom") == 27


@pytest.mark.data
def test_the_ct_phantom_with_two_different_masks_has_the_reference_values_of_configuration_a(
    shared_data: Path,
) -> None:
    folder = shared_data / "ibsi1" / "ct_phantom" / "nifti"
    image = sitk.ReadImage(str(next((folder / "image").glob("*.nii*"))))
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(next((folder / "mask").glob("*.nii*")))))
    intensities = np.round(sitk.GetArrayFromImage(image).astype(np.float64))
    morphological = (mask > 0).astype(np.uint8)
    intensity = morphological * ((intensities >= -500) & (intensities <= 400))
    x, y, z = image.GetSpacing()
    region = Region(intensities, morphological, intensity.astype(np.uint8), (z, y, x))
    assert check_reference(region, "config_A") == 27


@settings(deadline=None, max_examples=25)  # the first example compiles
@given(masks)
def test_quarter_turns_mirrors_moving_and_padding_change_nothing(mask: np.ndarray) -> None:
    region = lesion(mask)
    expected = morphology(region)
    padding = ((2, 0), (1, 3), (0, 4))
    moved = Region(
        np.pad(region.intensities, padding, constant_values=-999),
        np.pad(mask, padding),
        np.pad(mask, padding),
        SPACING_MM,
    )
    np.testing.assert_allclose(morphology(moved), expected, rtol=1e-9, atol=1e-9)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        spacing = list(SPACING_MM)
        spacing[a], spacing[b] = spacing[b], spacing[a]
        turned = [np.ascontiguousarray(np.rot90(array, axes=(a, b))) for array in (region.intensities, mask)]
        changed = morphology(Region(turned[0], turned[1], turned[1], (spacing[0], spacing[1], spacing[2])))
        # Marching cubes draws the diagonal of a face as it lies in the array, and touching voxels by a rule
        # of its own: turning may redraw the mesh, but not what follows from the voxels or their hull.
        for tag, before, after in zip(TAGS, expected, changed, strict=True):
            if tag in {"morph_diam", "morph_com", "morph_moran_i", "morph_geary_c"} or "pca" in tag:
                assert after == pytest.approx(before, rel=1e-9, abs=1e-9, nan_ok=True), tag


def test_a_round_lesion_keeps_its_mesh_when_turned() -> None:
    distance = np.sqrt(np.square(np.indices((15, 15, 15)) - (7.2, 6.9, 6.6)[0]).sum(axis=0))
    mask = (distance < 6).astype(np.uint8)
    mask[:, :, 9:] = 0
    expected = values_of(lesion(mask, (1.0, 1.0, 1.0)))
    turned = np.ascontiguousarray(np.rot90(mask, axes=(0, 2)))
    for tag in SHAPE_TAGS:
        assert values_of(lesion(turned, (1.0, 1.0, 1.0)))[tag] == pytest.approx(expected[tag], rel=1e-7), tag


def test_an_offset_of_intensities_leaves_shape_moran_and_geary_and_adds_to_the_integrated_intensity() -> None:
    mask = (np.random.default_rng(5).random((6, 7, 8)) < 0.6).astype(np.uint8)
    region = lesion(mask)
    raised = Region(region.intensities + 1000, mask, mask, SPACING_MM)
    before, after = values_of(region), values_of(raised)
    for tag in (*SHAPE_TAGS, "morph_moran_i", "morph_geary_c"):
        assert after[tag] == pytest.approx(before[tag], rel=1e-9), tag
    added = after["morph_integ_int"] - before["morph_integ_int"]
    assert added == pytest.approx(1000 * before["morph_volume"], rel=1e-9)
    assert after["morph_com"] < before["morph_com"]


def test_shape_needs_no_image() -> None:
    mask = (np.random.default_rng(6).random((6, 7, 8)) < 0.6).astype(np.uint8)
    alone = dict(zip(SHAPE_TAGS, shape(MaskGeometry(mask, mask), SPACING_MM), strict=True))
    whole = values_of(lesion(mask))
    assert alone == {tag: whole[tag] for tag in SHAPE_TAGS}


def test_morphology_looks_at_the_morphological_mask_and_intensities_at_the_intensity_mask() -> None:
    drawn = np.ones((5, 6, 7), np.uint8)
    kept = drawn.copy()
    kept[0] = 0
    region = lesion(drawn)
    found = values_of(Region(region.intensities, drawn, kept, SPACING_MM))
    whole, part = values_of(region), values_of(lesion(kept))
    for tag in SHAPE_TAGS:
        assert found[tag] == whole[tag], tag
    assert found["morph_moran_i"] == pytest.approx(part["morph_moran_i"], rel=1e-9)
    mean = region.intensities[1:].mean()
    assert found["morph_integ_int"] == pytest.approx(mean * whole["morph_volume"], rel=1e-12)


def test_a_ball_is_nearly_a_ball() -> None:
    radius = 20
    mask = (np.square(np.indices((43,) * 3) - 21).sum(axis=0) <= radius**2).astype(np.uint8)
    found = values_of(lesion(mask, (0.5, 0.5, 0.5)))
    assert found["morph_volume"] == pytest.approx(4 / 3 * np.pi * 10**3, rel=5e-3)
    assert found["morph_diam"] == pytest.approx(20.5, rel=1e-6)
    assert found["morph_pca_elongation"] == pytest.approx(1, rel=1e-9)
    assert 0.9 < found["morph_sphericity"] < 1  # the steps of the voxels add area
    assert found["morph_vol_dens_mvee"] == pytest.approx((10 / 10.25) ** 3, rel=0.01)
    assert found["morph_vol_dens_aabb"] == pytest.approx(np.pi / 6, rel=0.1)


@pytest.mark.parametrize(
    ("extent", "undefined"),
    [
        ((1, 1, 1), PRINCIPAL | {"morph_moran_i", "morph_geary_c"}),
        ((1, 1, 5), {"morph_vol_dens_aee", "morph_area_dens_aee"}),
        ((1, 4, 5), {"morph_vol_dens_aee"}),
        ((3, 4, 5), set()),
    ],
)
def test_one_voxel_lines_and_planes_have_all_values_but_those_without_meaning(
    extent: tuple[int, int, int], undefined: set[str]
) -> None:
    found = values_of(lesion(np.pad(np.ones(extent, np.uint8), 2)))
    assert {tag for tag, value in found.items() if np.isnan(value)} == undefined
    assert not any(np.isinf(value) for value in found.values())


def test_a_constant_or_scattered_lesion_does_no_harm() -> None:
    scattered = np.zeros((5, 9, 9), np.uint8)
    scattered[0, 0, 0] = scattered[4, 8, 8] = scattered[2, 3, 0:4] = 1
    assert np.isfinite(morphology(lesion(scattered))).all()
    constant = values_of(Region(np.full(scattered.shape, 3.0), scattered, scattered, SPACING_MM))
    assert np.isnan([constant["morph_moran_i"], constant["morph_geary_c"]]).all()
    assert constant["morph_integ_int"] == pytest.approx(3 * constant["morph_volume"])


def test_an_empty_intensity_mask_is_an_error() -> None:
    mask = np.ones((3, 3, 3), np.uint8)
    with pytest.raises(LesionError, match="no voxel"):
        morphology(Region(np.ones((3, 3, 3)), mask, np.zeros_like(mask), SPACING_MM))
