"""Inputs of several phases: the synthetic CT, with grids of their own, of which some are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samesplit.benchmarks.synthetic import CtSettings, generate
from samesplit.errors import ModelError
from samesplit.imaging.views.settings import InputSettings
from samesplit.models.networks.preparation import prepare_inputs
from samesplit.models.protocol import Cases
from samesplit.tables import LEDGER, check_table


@pytest.fixture(scope="module")
def phases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phases")
    settings = CtSettings(n_patients=3, missing_rates={"A": 0.0, "V": 0.0, "N": 0.0})
    cohort = generate(settings, folder)
    images = cohort.images[cohort.images["mask_label"] == 1].assign(spacing_mm=np.nan)
    for column in ("image", "mask"):
        images[column] = [str(folder / name) for name in images[column]]
    ids = images["lesion_id"].unique().tolist()
    lesions = pd.DataFrame({"patient_id": ids}, index=pd.Index(ids, name="lesion_id"))
    nothing = pd.DataFrame(index=lesions.index)
    return Cases(lesions, images.reset_index(drop=True), nothing, nothing, ("N", "A", "V"), "R1")


VIEW = InputSettings(view="crop-3d", size=16, field_mm=48, mask="box-with-mask-channel", grid="A")


def prepared(cases, settings=VIEW, cache=None):
    return prepare_inputs(cases, settings, sequences=("N", "A", "V"), cache=cache)


def test_all_phases_show_the_mask_of_the_named_one(phases, tmp_path):
    inputs = prepared(phases)
    for index in range(3):
        blocks = inputs[index].reshape(3, 2, 16, 16, 16)
        np.testing.assert_array_equal(blocks[0, 1], blocks[1, 1])
        np.testing.assert_array_equal(blocks[2, 1], blocks[1, 1])
        assert blocks[1, 1].sum() > 20
    kept = prepared(phases, cache=tmp_path)
    again = prepared(phases, cache=tmp_path)
    assert kept.keys == again.keys == inputs.keys
    np.testing.assert_array_equal(again[0], inputs[0])


def test_without_the_named_phase_the_first_that_can_be_read_counts_and_the_ledger_says_so(phases, tmp_path):
    images = phases.images
    first = images["lesion_id"].iloc[0]
    gone = (images["lesion_id"] == first) & (images["sequence"] == "A")
    lacking = prepared(replace(phases, images=images[~gone]))
    blocks = lacking[0].reshape(3, 2, 16, 16, 16)
    assert not blocks[1].any()
    np.testing.assert_array_equal(blocks[0, 1], blocks[2, 1])
    told = check_table(lacking.skipped, LEDGER)
    assert told[["lesion_id", "sequence", "status"]].to_numpy().tolist() == [[first, "N", "noted"]]
    assert "for want of A" in told["reason"].iloc[0]
    broken = images.assign(image=images["image"].mask(gone, str(tmp_path / "gone.nii.gz")))
    failed = prepared(replace(phases, images=broken))
    np.testing.assert_array_equal(failed[0], lacking[0])
    assert failed.skipped["status"].tolist() == ["failed", "noted"]


def test_a_mask_of_another_phase_may_stand_for_one_that_was_not_drawn(phases):
    images = phases.images
    of_a = images[images["sequence"] == "A"].set_index("lesion_id")["mask"]
    shared = prepared(replace(phases, images=images.assign(mask=images["lesion_id"].map(of_a))))
    own = prepared(phases)
    for index in range(3):
        np.testing.assert_array_equal(shared[index], own[index])


def test_a_change_of_the_reference_alone_gives_every_phase_another_key(phases):
    images = phases.images
    of_n = images[images["sequence"] == "N"].set_index("lesion_id")["image"]
    moved = images.assign(
        image=images["image"].where(images["sequence"] != "A", images["lesion_id"].map(of_n)),
        mask=images["mask"].where(
            images["sequence"] != "A",
            images["lesion_id"].map(images[images["sequence"] == "N"].set_index("lesion_id")["mask"]),
        ),
    )
    before, after = prepared(phases), prepared(replace(phases, images=moved))
    assert not np.array_equal(before[0][4:], after[0][4:])  # the venous phase, whose own files are the same
    assert set(before.keys).isdisjoint(after.keys)


def test_a_lesion_larger_than_the_field_is_noted_also_when_it_was_kept(phases, tmp_path):
    small = InputSettings(view="max-slice", field_mm=8, mm_per_pixel=1)
    for _ in range(2):
        told = prepared(phases, small, cache=tmp_path).skipped
        assert set(told["lesion_id"]) == set(phases.lesion_ids)
        assert told["reason"].str.match(r"the field of 8 mm cuts off \d+\.\d% of the lesion").all()
        assert set(told["status"]) == {"noted"}
    assert prepared(phases).skipped.empty


def test_a_named_sequence_that_is_not_given_is_refused(phases):
    with pytest.raises(ModelError, match="'grid: PET' names a sequence that the network is not given"):
        prepared(phases, InputSettings(view="crop-3d", grid="PET"))
