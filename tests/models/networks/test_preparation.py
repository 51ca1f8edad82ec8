from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samesplit.imaging.correction import BiasCorrection, HistogramMatching
from samesplit.imaging.views.settings import InputSettings
from samesplit.models.networks.preparation import prepare_inputs
from samesplit.tables import LEDGER, check_table

SETTINGS = InputSettings(size=8)


def test_sequences_become_channels_in_order_and_a_missing_one_is_zero(make_cases):
    cases, _ = make_cases(3, sequences=("A", "B"))
    images = cases.images[(cases.images.lesion_id != "L001") | (cases.images.sequence != "A")]
    inputs = prepare_inputs(replace(cases, images=images), SETTINGS, sequences=("A", "B"), cache=None)
    assert inputs.shape == (6, 8, 8)
    assert not inputs[1][:3].any()
    assert inputs[1][3:].any()
    np.testing.assert_array_equal(inputs[0][:3], inputs[0][3:])
    assert inputs.skipped.empty


def test_an_unreadable_image_costs_its_sequence_and_gets_a_ledger_row(make_cases, tmp_path):
    cases, _ = make_cases(2, sequences=("A", "B"))
    cases.images.loc[cases.images.index[0], "image"] = str(tmp_path / "gone.nii.gz")
    inputs = prepare_inputs(cases, SETTINGS, sequences=("A", "B"), cache=None)
    assert inputs.lesion_ids == ["L000", "L001"]
    assert not inputs[0][:3].any()
    row = check_table(inputs.skipped, LEDGER).iloc[0]
    assert (row.lesion_id, row.sequence, row.status) == ("L000", "A", "failed")
    assert "does not exist" in row.reason


def test_a_lesion_without_a_readable_image_is_left_out(make_cases):
    cases, _ = make_cases(3)
    images = cases.images[cases.images.lesion_id != "L001"]
    inputs = prepare_inputs(replace(cases, images=images), SETTINGS, sequences=("A",), cache=None)
    assert inputs.lesion_ids == ["L000", "L002"]


def test_kept_inputs_are_those_that_were_made_and_are_used_again(make_cases, tmp_path, monkeypatch):
    cases, _ = make_cases(3)
    fresh = prepare_inputs(cases, SETTINGS, sequences=("A",), cache=None)
    prepare_inputs(cases, SETTINGS, sequences=("A",), cache=tmp_path)
    monkeypatch.setattr(
        "samesplit.models.networks.preparation.read_case", lambda *_, **__: pytest.fail("read again")
    )
    kept = prepare_inputs(cases, SETTINGS, sequences=("A",), cache=tmp_path)
    assert kept.keys == fresh.keys
    for index in range(3):
        np.testing.assert_array_equal(kept[index], fresh[index])


def test_a_damaged_kept_input_is_made_again(make_cases, tmp_path):
    cases, _ = make_cases(1)
    expected = prepare_inputs(cases, SETTINGS, sequences=("A",), cache=tmp_path)[0]
    (file,) = tmp_path.rglob("*.npy")
    file.write_bytes(file.read_bytes()[:100])
    again = prepare_inputs(cases, SETTINGS, sequences=("A",), cache=tmp_path)[0]
    np.testing.assert_array_equal(again, expected)


def test_other_settings_and_other_voxels_have_other_keys(make_cases):
    cases, _ = make_cases(2)
    key = prepare_inputs(cases, SETTINGS, sequences=("A",), cache=None).keys
    assert key[0] != key[1]
    other = prepare_inputs(cases, InputSettings(size=8, margin_mm=1), sequences=("A",), cache=None).keys
    window = InputSettings(size=8, windows={"B": (0, 1)})
    assert other[0] != key[0]
    assert prepare_inputs(cases, window, sequences=("A",), cache=None).keys == key


def test_a_missing_sequence_has_neither_image_nor_mask(make_cases, tmp_path):
    cases, _ = make_cases(2, sequences=("A", "B"))
    images = cases.images[(cases.images.lesion_id != "L001") | (cases.images.sequence != "A")]
    settings = InputSettings(size=8, mask_channel=True)
    lacking = replace(cases, images=images)
    for cache in (None, tmp_path, tmp_path):  # made, kept, and used again
        inputs = prepare_inputs(lacking, settings, sequences=("A", "B"), cache=cache)
        assert inputs.shape == (12, 8, 8)
        assert not inputs[1][:6].any()
        assert all(channel.max() > 0.9 for channel in inputs[1][[9, 10, 11]])
    assert settings.mask_places(12) == (3, 4, 5, 9, 10, 11)


def test_inputs_are_bias_corrected_and_matched_to_another_sequence_before_they_are_scaled(make_cases):
    cases, _ = make_cases(2, sequences=("T1C", "T2"))
    other = cases.images["sequence"] == "T2"
    cases.images.loc[other, "image"] = cases.images.loc[other, "image"].str.replace("[0]", "[1]")
    plain = InputSettings(size=8, view="2d", scaling="none", mask="box")
    matching = plain.model_copy(update={"histogram_matching": HistogramMatching(reference="T1C", points=30)})
    before, after = (
        prepare_inputs(cases, settings, sequences=("T1C", "T2"), cache=None) for settings in (plain, matching)
    )
    np.testing.assert_array_equal(after[0][0], before[0][0])  # the named sequence stays as it is
    assert not np.array_equal(after[0][1], before[0][1])
    assert set(after.keys).isdisjoint(before.keys)
    lacking = replace(cases, images=cases.images[other])
    told = prepare_inputs(lacking, matching, sequences=("T1C", "T2"), cache=None).skipped
    assert set(told["reason"]) == {"there is no T1C image to match the histogram to"}

    flat = plain.model_copy(update={"bias_correction": BiasCorrection(mask="image", iterations=(10,))})
    corrected = prepare_inputs(cases, flat, sequences=("T1C", "T2"), cache=None)
    assert not np.array_equal(corrected[0][0], before[0][0])
