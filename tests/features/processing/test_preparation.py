import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from samesplit.errors import LesionError
from samesplit.features.processing.grid import aligned_grid
from samesplit.features.processing.preparation import prepare
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.imaging.case import Case

SPACING_MM = (3.0, 0.9, 0.8)  # z, y, x
KEPT = (None, None, None)


def case_of(image, mask, spacing_mm=SPACING_MM):
    pair = []
    for array in (np.asarray(image, np.float32), np.asarray(mask, np.uint8)):
        picture = sitk.GetImageFromArray(np.ascontiguousarray(array))
        picture.SetSpacing(spacing_mm[::-1])
        pair.append(picture)
    return Case(*pair)


def lesion(size=(22, 60, 66), seed=0):
    rng = np.random.default_rng(seed)
    image = rng.normal(60, 40, size)
    z, y, x = np.indices(size)
    mask = ((z - 9) / 4) ** 2 + ((y - 30) / 14) ** 2 + ((x - 35) / 15) ** 2 < 1
    return image, mask


CASE = case_of(*lesion())


@pytest.mark.parametrize(("interpolation", "order"), [("linear", 1), ("cubic", 3)])
@pytest.mark.parametrize("spacing_mm", [(2.0, 2.0, 2.0), (None, 1.5, 1.5)])
def test_the_region_is_what_plain_steps_on_the_whole_image_give(interpolation, order, spacing_mm):
    declared = ProcessingSettings(
        rounding="both", image_interpolation=interpolation, range=(-20, 140), outliers_sd=2.5
    )
    prepared = prepare(CASE, declared, spacings_mm=[spacing_mm], margin_mm=7)
    found = prepared.at(spacing_mm)

    image, mask = (sitk.GetArrayFromImage(part).astype(float) for part in (CASE.image, CASE.mask))
    grid = aligned_grid(image.shape, SPACING_MM, spacing_mm)
    points = np.meshgrid(*(grid.coordinates(axis, grid.whole[axis]) for axis in range(3)), indexing="ij")
    whole = map_coordinates(np.rint(image), points, order=order, mode="nearest")
    whole = np.rint(np.round(whole, 6))
    inside = np.round(map_coordinates(mask, points, order=1, mode="nearest"), 6) >= 0.5
    values = whole[inside]
    kept = inside & (whole >= -20) & (whole <= 140) & (np.abs(whole - values.mean()) <= 2.5 * values.std())

    region = found.region
    assert 0 < kept.sum() < inside.sum()
    assert region.morphological.sum() == inside.sum()
    assert region.intensity.sum() == kept.sum()
    np.testing.assert_array_equal(region.intensities, whole[found.box])
    np.testing.assert_array_equal(region.morphological, inside[found.box])
    np.testing.assert_array_equal(region.intensity, kept[found.box])
    assert region.spacing_mm == grid.spacing_mm


def test_the_box_is_the_lesions_and_as_wide_a_margin_as_asked_for():
    prepared = prepare(
        CASE, ProcessingSettings(), spacings_mm=[(1.0, 1.0, 1.0), (2.0, 2.0, 2.0)], margin_mm=7
    )
    for spacing, voxels in ((1.0, 7), (2.0, 4)):
        tight, wide = (prepared.at((spacing,) * 3, margin_mm=margin) for margin in (0.0, 7.0))
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            assert tight.region.morphological.any(axis=others).all()
        inner = tuple(
            slice(a.start - b.start, a.stop - b.start) for a, b in zip(tight.box, wide.box, strict=True)
        )
        np.testing.assert_array_equal(wide.region.intensities[inner], tight.region.intensities)
        assert wide.box[1].start == tight.box[1].start - voxels
        assert wide.region.morphological.sum() == tight.region.morphological.sum()


def test_one_spacing_alone_and_among_others_gives_the_same_values():
    sweep = [(float(k),) * 3 for k in (1, 2, 3, 4)]
    declared = ProcessingSettings(image_interpolation="cubic")
    together = prepare(CASE, declared, spacings_mm=sweep)
    for spacing in sweep:
        alone = prepare(CASE, declared, spacings_mm=[spacing]).at(spacing).region
        among = together.at(spacing).region
        np.testing.assert_array_equal(alone.morphological, among.morphological)
        np.testing.assert_allclose(alone.intensities, among.intensities, rtol=0, atol=1e-10)


def test_the_same_call_gives_the_same_bits():
    declared = ProcessingSettings(image_interpolation="cubic", spacing_mm=1, normalisation=True)
    first, second = (prepare(CASE, declared).at((1.0, 1.0, 1.0)).region for _ in range(2))
    assert first.intensities.tobytes() == second.intensities.tobytes()


@settings(max_examples=15, deadline=None)
@given(
    before=st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)),
    interpolation=st.sampled_from(["nearest", "linear", "cubic"]),
)
def test_padding_on_both_sides_by_whole_new_voxels_leaves_the_region_as_it_is(before, interpolation):
    image, mask = lesion()
    spacing, step = (2.0, 1.0, 1.0), (1.5, 1.0, 0.5)  # 2 z voxels of 1.5 mm = 1.5 of 2: pad in fours
    pads = [(4 * p, 4 * p) for p in before]
    padded = case_of(np.pad(image, pads, mode="edge"), np.pad(mask, pads), step)
    declared = ProcessingSettings(image_interpolation=interpolation)
    plain, wide = (
        prepare(case, declared, spacings_mm=[spacing], margin_mm=2).at(spacing).region
        for case in (case_of(image, mask, step), padded)
    )
    np.testing.assert_array_equal(wide.morphological, plain.morphological)
    np.testing.assert_allclose(wide.intensities, plain.intensities, rtol=0, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(shift=st.tuples(st.integers(-3, 3), st.integers(-8, 8), st.integers(-8, 8)))
def test_a_lesion_that_moves_by_whole_voxels_of_both_grids_takes_its_values_along(shift):
    image, mask = (np.pad(part, 24) for part in lesion())
    step, spacing = (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)
    by = tuple(2 * s for s in shift)
    declared = ProcessingSettings(image_interpolation="cubic", outliers_sd=2)
    still, moved = (
        prepare(case, declared, spacings_mm=[spacing]).at(spacing).region
        for case in (
            case_of(image, mask, step),
            case_of(np.roll(image, by, (0, 1, 2)), np.roll(mask, by, (0, 1, 2)), step),
        )
    )
    np.testing.assert_array_equal(moved.morphological, still.morphological)
    np.testing.assert_array_equal(moved.intensity, still.intensity)
    np.testing.assert_allclose(moved.intensities, still.intensities, rtol=0, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(offset=st.integers(-2000, 2000))
def test_an_intensity_offset_moves_intensities_and_nothing_else(offset):
    image, mask = lesion()
    image = np.rint(image)
    declared = ProcessingSettings(image_interpolation="cubic", outliers_sd=2)
    spacing = (2.0, 2.0, 2.0)
    plain, moved = (
        prepare(case_of(part, mask), declared, spacings_mm=[spacing]).at(spacing).region
        for part in (image, image + offset)
    )
    np.testing.assert_array_equal(moved.intensity, plain.intensity)
    np.testing.assert_allclose(moved.intensities - offset, plain.intensities, rtol=0, atol=1e-8)


def test_normalising_before_interpolation_equals_normalising_the_image():
    image, mask = lesion()
    single = image.astype(np.float32).astype(float)
    inside = single[mask > 0]
    for over, mean, sd in (("image", single.mean(), single.std()), ("roi", inside.mean(), inside.std())):
        declared = ProcessingSettings(normalisation={"over": over, "scale": 10, "clip_sd": 1})
        found = prepare(CASE, declared).at(KEPT)
        expected = np.clip((single - mean) / sd * 10, -10, 10)[found.box]
        np.testing.assert_allclose(found.region.intensities, expected, atol=1e-9)
    rounded = ProcessingSettings(rounding="before", normalisation=True)
    values = np.rint(single)
    found = prepare(CASE, rounded).at(KEPT)
    expected = ((values - values.mean()) / values.std())[found.box]
    np.testing.assert_allclose(found.region.intensities, expected, atol=1e-9)


def test_matching_uses_the_reference_and_the_same_bias_correction_for_both():
    image, mask = lesion((20, 40, 40))
    body = np.abs(image) + 50
    case = case_of(body, mask)
    reference = case_of(3 * body + 100, mask).image
    correction = {"iterations": (5,)}
    declared = ProcessingSettings(
        bias_correction=correction, histogram_matching={"reference": "T1C", "threshold_at_mean": False}
    )
    found = prepare(case, declared, reference=reference).at(KEPT)
    assert found.region.values().mean() == pytest.approx(3 * body[mask > 0].mean() + 100, rel=0.05)
    names = [step.step for step in found.steps]
    assert names == ["bias correction", "histogram matching", "interpolation"]
    assert "to T1C (bias corrected), 128 bins, 7 quantiles" in found.steps[1].done
    with pytest.raises(LesionError, match="no T1C image to match") as caught:
        prepare(case, declared)
    assert "images.csv" in caught.value.remedy


def test_every_step_that_is_declared_is_recorded_with_its_numbers():
    declared = ProcessingSettings(
        unit="HU", rounding="both", spacing_mm=(2, 2, 0), range=(-20, None), outliers_sd=3
    )
    told = {step.step: step.done for step in prepare(CASE, declared).at(declared.target_mm).steps}
    assert list(told) == [
        "unit",
        "rounding before interpolation",
        "interpolation",
        "rounding after interpolation",
        "mask",
        "re-segmentation",
    ]
    assert told["interpolation"] == "linear, to 27 x 27 x 22 voxels of 2 x 2 x 3 mm, grid centres aligned"
    assert told["re-segmentation"].startswith("range -20 to inf and mean +- 3 standard deviations: ")
    plain = prepare(CASE, ProcessingSettings()).at(KEPT).steps
    assert [step.step for step in plain] == ["interpolation"]
    assert plain[0].done == "none, voxels of 0.8 x 0.9 x 3 mm"


def test_units_are_checked_and_their_notes_kept():
    image, mask = lesion()
    positive = case_of(np.abs(image) + 20, mask)
    (note,) = prepare(positive, ProcessingSettings(unit="HU")).notes
    assert "below 0 HU" in note
    with pytest.raises(LesionError, match="cannot be in HU"):
        prepare(case_of(image / 1000, mask), ProcessingSettings(unit="HU"))


def test_a_range_that_keeps_nothing_costs_the_lesion():
    with pytest.raises(LesionError, match="left after re-segmentation"):
        prepare(CASE, ProcessingSettings(range=(5000, 6000))).at(KEPT)


def test_a_lesion_that_a_coarse_grid_misses_costs_the_lesion():
    mask = np.zeros((22, 60, 66))
    mask[3, 7, 8] = 1
    with pytest.raises(LesionError, match="left at 20 x 20 x 20 mm") as caught:
        prepare(case_of(lesion()[0], mask), ProcessingSettings(spacing_mm=20))
    assert "smaller spacing" in caught.value.remedy


def test_spacings_and_margins_must_be_announced():
    prepared = prepare(CASE, ProcessingSettings(), margin_mm=5)
    with pytest.raises(ValueError, match="not announced"):
        prepared.at((1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="not announced"):
        prepared.at(KEPT, margin_mm=6)


@pytest.mark.parametrize("shape", ["one voxel", "one slice", "two parts", "whole image"])
def test_odd_lesions_are_prepared_like_any_other(shape):
    image, _ = lesion()
    mask = np.zeros(image.shape, np.uint8)
    if shape == "one voxel":
        mask[5, 6, 7] = 1
    elif shape == "one slice":
        mask[0, 10:30, 10:30] = 1
    elif shape == "two parts":
        mask[2:5, 5:15, 5:15] = mask[15:20, 40:59, 50:66] = 1
    else:
        mask[:] = 1
    found = prepare(case_of(image, mask), ProcessingSettings(outliers_sd=3), margin_mm=4).at(KEPT)
    assert found.region.morphological.sum() == mask.sum()
    expected = image.astype(np.float32)[mask > 0]
    if shape in ("one voxel", "one slice"):
        assert set(found.region.values()) <= set(expected.astype(float))
    if shape == "one voxel":
        return  # at 0.7 mm no new voxel is half covered by it
    resampled = prepare(
        case_of(image, mask), ProcessingSettings(image_interpolation="cubic", spacing_mm=0.7)
    ).at((0.7, 0.7, 0.7))
    volume = resampled.region.morphological.sum() * 0.7**3
    assert volume == pytest.approx(mask.sum() * np.prod(SPACING_MM), rel=0.6)
