import pytest

from samesplit.features.filters.expansion import MOST_FILTERS, expanded

LAWS = {"kind": "laws"}
WAVELET = {"kind": "wavelet", "wavelet": "haar"}


def made(written, key, shared=None):
    return [one[key] for one in expanded(written, shared)]


def test_two_lists_make_every_combination_the_last_one_changing_first():
    found = expanded({"kind": "log", "sigma_mm": [1, 2], "cutoff_sigma": [3, 4]})
    assert [(one["sigma_mm"], one["cutoff_sigma"]) for one in found] == [(1, 3), (1, 4), (2, 3), (2, 4)]


@pytest.mark.parametrize(
    ("written", "kernels"),
    [
        ("L5E5E5", ["L5E5E5"]),
        (["L5", "E5", "E5"], [["L5", "E5", "E5"]]),
        (["L5E5E5", "E5L5E5"], ["L5E5E5", "E5L5E5"]),
        ([["L5", "E5"], ["E5", "L5"]], [["L5", "E5"], ["E5", "L5"]]),
    ],
)
def test_kernels_are_a_list_of_which_there_may_be_several(written, kernels):
    assert made(LAWS | {"kernels": written}, "kernels") == kernels


@pytest.mark.parametrize(
    ("written", "orders"),
    [([1, 0, 0], [[1, 0, 0]]), ([[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 1, 0]])],
)
def test_orders_are_a_list_of_which_there_may_be_several(written, orders):
    assert made({"kind": "riesz", "order": written}, "order") == orders


def test_lists_inside_the_filter_that_riesz_transforms_are_several_filters_too():
    riesz = {"kind": "riesz", "order": [1, 0, 0], "of": {"kind": "log", "sigma_mm": [1, 2]}}
    assert [one["sigma_mm"] for one in made(riesz, "of")] == [1, 2]


@pytest.mark.parametrize(
    ("more", "count"),
    [({}, 8), ({"dimensions": 2}, 4), ({"rotation_invariant": True}, 4), ({"rotation_invariant": False}, 8)],
)
def test_all_subbands_are_those_of_the_axes_less_those_that_a_rotation_makes(more, count):
    found = made(WAVELET | {"subband": "all"} | more, "subband")
    assert len(set(found)) == len(found) == count
    if more.get("rotation_invariant"):
        assert len({"".join(sorted(one)) for one in found}) == count


def test_shared_settings_are_for_filters_that_do_not_say_and_gabor_says_planes():
    shared = {"boundary": "zero", "dimensions": 2}
    (log,) = expanded({"kind": "log", "dimensions": 3}, shared)
    (gabor,) = expanded({"kind": "gabor"}, shared)
    assert log == {"kind": "log", "boundary": "zero", "dimensions": 3}
    assert gabor == {"kind": "gabor", "boundary": "zero"}


def test_what_is_no_declaration_is_left_for_the_declaration_to_refuse():
    assert expanded("log") == ["log"]
    assert expanded({"kind": "log", "sigma_mm": []}) == [{"kind": "log", "sigma_mm": []}]


def test_a_list_that_makes_too_many_filters_is_refused_before_they_are_made():
    with pytest.raises(ValueError, match="1,000,000 filters"):
        expanded({"kind": "log", "sigma_mm": list(range(1000)), "cutoff_sigma": list(range(1000))})
    assert len(expanded({"kind": "log", "sigma_mm": list(range(MOST_FILTERS))})) == MOST_FILTERS
