from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from features.families.volumes import random_levels, small_levels, volume_of
from samesplit.errors import LesionError
from samesplit.features.families.spans import MAX_DISTINCT_LEVELS, ranked, spans_of


@settings(max_examples=20, deadline=None)
@given(levels=small_levels)
def test_spans_cover_every_lesion_voxel_once_and_none_other(levels: np.ndarray) -> None:
    volume = volume_of(levels)
    covered = np.zeros(volume.levels.size, dtype=int)
    for start, stop in spans_of(volume.geometry).bounds:
        covered[start:stop] += 1
        assert covered[start - 1] == 0, "a stretch is as long as it can be"
    np.testing.assert_array_equal(covered, (volume.levels.ravel() > 0).astype(int))


def test_spans_of_a_slice_are_those_within_it() -> None:
    levels = random_levels(1)
    levels[3] = 0
    volume = volume_of(levels)
    spans = spans_of(volume.geometry)
    plane = volume.levels[0].size
    occupied = [z for z in range(len(volume.levels)) if volume.levels[z].any()]
    assert spans.occupied_slices() == occupied
    for z in occupied:
        one = spans.only(z)
        assert (one.bounds // plane == z).all()
        assert one.occupied_slices() == [z]
    assert sum(len(spans.only(z).bounds) for z in occupied) == len(spans.bounds)


def test_discretisations_of_one_mask_share_its_spans() -> None:
    volume = volume_of(random_levels(2))
    assert spans_of(volume.geometry) is spans_of(volume.geometry)


def test_up_to_255_levels_have_a_row_each_whether_they_occur_or_not() -> None:
    volume = volume_of(np.array([[[2, 9]]]), n_levels=255)
    assert ranked(volume).rows is volume.levels
    assert ranked(volume).greys.tolist() == list(range(1, 256))


def test_of_more_levels_those_that_occur_have_a_row() -> None:
    volume = volume_of(np.array([[[700, 3, 9000, 3]]]))
    ranks = ranked(volume)
    assert ranks.greys.tolist() == [3, 700, 9000]
    assert ranks.rows[1, 1].tolist() == [0, 2, 1, 3, 1, 0]
    assert ranks.rows.dtype == np.uint8


def test_the_largest_number_of_levels_is_accepted_and_one_more_is_not() -> None:
    many = np.arange(MAX_DISTINCT_LEVELS + 1).reshape(1, 1, -1) + 1
    assert len(ranked(volume_of(many[..., :-1])).greys) == MAX_DISTINCT_LEVELS
    with pytest.raises(LesionError, match="different grey levels") as caught:
        ranked(volume_of(many))
    assert caught.value.remedy
