from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.detection import match_components


def line(*runs: tuple[int, int], length: int = 30, value: int = 1) -> np.ndarray:
    """Voxels in a row; each run is (start, end)."""
    values = np.zeros((1, 1, length), dtype=np.int64)
    for number, (start, end) in enumerate(runs):
        values[..., start:end] = value + number
    return values


def test_each_component_is_the_lesion_that_it_shares_most_voxels_with() -> None:
    lesions = line((0, 6), (10, 16))
    found = match_components(line((0, 5), (11, 16), (20, 24)) > 0, lesions)
    assert found.owners.tolist() == [1, 2, 0]
    assert found.overlaps == {1: pytest.approx(5 / 6), 2: pytest.approx(5 / 6)}
    assert found.of(2).sum() == 5


def test_several_components_of_a_lesion_count_together() -> None:
    found = match_components(line((0, 3), (4, 6)) > 0, line((0, 6)))
    assert found.owners.tolist() == [1, 1]
    assert found.overlaps[1] == pytest.approx(5 / 6)


def test_a_lesion_that_is_hardly_touched_is_missed_and_its_component_a_false_positive() -> None:
    lesions, predicted = line((0, 10)), line((9, 25)) > 0
    found = match_components(predicted, lesions, least_overlap=0.1)
    assert found.overlaps[1] == pytest.approx(1 / 25)
    assert found.owners.tolist() == [0]
    assert found.nearest.tolist() == [1]
    assert not found.found(1)
    assert found.of(1).sum() == 0
    assert found.of(1, whether_found_or_not=True).sum() == 16
    assert match_components(predicted, lesions, least_overlap=0.04).found(1)


def test_one_component_over_two_lesions_is_the_larger_one_without_the_voxels_of_the_other() -> None:
    found = match_components(line((0, 12)) > 0, line((0, 7), (8, 12)))
    assert found.owners.tolist() == [1]
    assert found.found(1)
    assert not found.found(2)
    assert found.of(1).sum() == 8  # the gap between them is its own, the other lesion is not
    assert found.overlaps[2] == 0.0


def test_of_equal_shares_the_lesion_with_the_smaller_number_has_the_component() -> None:
    assert match_components(line((3, 9)) > 0, line((0, 6), (6, 12))).owners.tolist() == [1]


def test_voxels_that_touch_at_a_corner_are_one_component() -> None:
    predicted = np.zeros((2, 2, 2))
    predicted[0, 0, 0] = predicted[1, 1, 1] = 1
    assert match_components(predicted, np.zeros((2, 2, 2))).owners.tolist() == [0]


def test_without_prediction_every_lesion_is_missed_and_without_lesions_all_is_false() -> None:
    nothing = match_components(np.zeros((1, 1, 30)), line((0, 6), (8, 9)))
    assert nothing.owners.tolist() == []
    assert nothing.overlaps == {1: 0.0, 2: 0.0}
    assert match_components(line((0, 2), (4, 6)) > 0, np.zeros((1, 1, 30))).owners.tolist() == [0, 0]


def test_an_overlap_that_is_reached_but_for_the_last_digit_is_reached() -> None:
    assert match_components(line((0, 3)) > 0, line((0, 10)), least_overlap=0.1 + 0.2).found(1)


def test_other_shapes_and_impossible_overlaps_are_refused() -> None:
    with pytest.raises(StatisticsError, match=r"the shape \(2,\), the lesions \(3,\)"):
        match_components(np.ones(2), np.ones(3))
    for overlap in (0.0, 1.2):
        with pytest.raises(StatisticsError, match="the overlap of a found lesion"):
            match_components(np.ones(2), np.ones(2), least_overlap=overlap)
