"""Names, patterns and numbers each mean exactly one thing, or the message says what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import LesionError
from samesplit.imaging.dicom.choice import Entry, choose

NAMES = ["GTV-1", "GTV-2", "Heart", "GTV-1 old", "[9]", "Heart"]
ENTRIES = [Entry((name,), number, f"[{number}] {name}") for number, name in enumerate(NAMES, start=1)]


@pytest.mark.parametrize(
    ("selector", "place"),
    [("GTV-1", 0), ("/GTV-2/", 1), ("/.*old/", 3), ("/GTV-1/", 0), ("[6]", 5), ("[9]", 4), ("[3]", 2)],
)
def test_one_is_meant(selector: str, place: int) -> None:
    assert choose(ENTRIES, selector, what="ROI", where=Path("rt.dcm")) == place


def test_the_only_one_needs_no_name() -> None:
    assert choose(ENTRIES[:1], None, what="ROI", where=Path("rt.dcm")) == 0


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        (None, "there are 6 ROIs"),
        ("gtv-1", "no ROI is named 'gtv-1'"),
        ("/GTV/", "no ROI is named '/GTV/'"),
        ("/GTV.*/", "'/GTV.*/' names 3 ROIs"),
        ("Heart", "'Heart' names 2 ROIs"),
        ("[12]", "no ROI is named '[12]'"),
        ("//", "no ROI is named '//'"),
    ],
)
def test_none_or_several_list_all(selector: str | None, problem: str) -> None:
    with pytest.raises(LesionError) as caught:
        choose(ENTRIES, selector, what="ROI", where=Path("rt.dcm"))
    assert caught.value.problem.startswith(problem)
    for number, name in enumerate(NAMES, start=1):
        assert f"    [{number}] {name}" in caught.value.problem
    assert caught.value.remedy


def test_a_broken_pattern_is_named() -> None:
    with pytest.raises(LesionError, match="no regular expression"):
        choose(ENTRIES, "/GTV(/", what="ROI", where=Path("rt.dcm"))


def test_nothing_to_choose_from() -> None:
    with pytest.raises(LesionError, match="there is no ROI"):
        choose([], None, what="ROI", where=Path("rt.dcm"))


def test_long_lists_are_cut() -> None:
    many = [Entry((f"R{n}",), n, f"R{n}") for n in range(60)]
    with pytest.raises(LesionError, match="and 20 others"):
        choose(many, None, what="ROI", where=Path("rt.dcm"))
