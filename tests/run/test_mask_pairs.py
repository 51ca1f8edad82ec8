from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.run.mask_pairs import measure_mask_pairs


@pytest.fixture
def images(tmp_path):
    """Two lesions on one sequence under three raters; the third has drawn one of them, and an empty mask."""
    masks = np.zeros((3, 2, 10, 10, 10), dtype=np.uint8)
    masks[0, :, 2:6, 2:6, 2:6] = 1
    masks[1, 0, 3:7, 2:6, 2:6] = 1
    masks[1, 1, 2:6, 2:6, 2:6] = 1
    file = tmp_path / "cohort.npz"
    image = np.random.default_rng(0).normal(size=(10, 10, 10)).astype(np.float32)
    np.savez(file, image=image[None], R1=masks[0], R2=masks[1], R3=masks[2])
    rows = [
        (f"L{lesion}", "T2", f"R{rater + 1}", f"{file}::image[0]", f"{file}::R{rater + 1}[{lesion}]", 1, 2.0)
        for rater, lesion in ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1))
    ]
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "spacing_mm"]
    return pd.DataFrame(rows, columns=columns)


def test_every_two_raters_of_a_lesion_are_compared_and_an_unreadable_mask_costs_its_own_pairs(
    images, tmp_path
):
    pairs = measure_mask_pairs(images, ("R1", "R2", "R3"), cache=tmp_path / "cache", jobs=1)
    assert pairs[["lesion_id", "rater_a", "rater_b"]].to_numpy().tolist() == [
        ["L0", "R1", "R2"],
        ["L1", "R1", "R2"],
    ]
    assert pairs["dice"].tolist() == pytest.approx([0.75, 1.0])
    assert pairs["volume_a_ml"].tolist() == pytest.approx([64 * 8 / 1000] * 2)


def test_what_was_compared_is_not_compared_again(images, tmp_path):
    first = measure_mask_pairs(images, ("R1", "R2"), cache=tmp_path / "cache", jobs=1)
    kept = sorted((tmp_path / "cache").rglob("*.json"))
    stamps = [path.stat().st_mtime_ns for path in kept]
    again = measure_mask_pairs(images, ("R1", "R2"), cache=tmp_path / "cache", jobs=1)
    pd.testing.assert_frame_equal(first, again)
    assert [path.stat().st_mtime_ns for path in kept] == stamps
    assert len(kept) == 2
