"""Repairs are named, in one order, and never contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from samesplit.benchmarks.definition import CohortSettings, read_benchmark
from samesplit.errors import DeclarationError
from samesplit.imaging.repairs import REPAIRS, repairs_of


def test_order_and_repetition_do_not_count() -> None:
    assert repairs_of(("resample_slices", "clip_contours", "resample_slices")) == (
        "clip_contours",
        "resample_slices",
    )
    assert repairs_of(list(reversed([name for name in REPAIRS if name != "copy_header"]))) == tuple(
        name for name in REPAIRS if name != "copy_header"
    )


@pytest.mark.parametrize(("given", "kept"), [(None, ()), ("copy_header", ("copy_header",)), ([], ())])
def test_a_benchmark_names_none_one_or_several(given: Any, kept: tuple[str, ...]) -> None:
    assert CohortSettings(geometry_repair=given).geometry_repair == kept
    assert CohortSettings().geometry_repair == ()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("[clip_contour]", "clip_contours"),
        ("mend_it", "resample_mask"),
        ("[resample_mask, copy_header]", "resample_mask and copy_header contradict each other"),
    ],
)
def test_what_cannot_be_is_refused(small_study: Any, given: str, problem: str) -> None:
    path: Path = small_study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("cohort:", f"cohort:\n  geometry_repair: {given}"))
    assert yaml.safe_load(path.read_text())
    with pytest.raises(DeclarationError, match=problem):
        read_benchmark(small_study.folder)


def test_no_unknown_repair() -> None:
    with pytest.raises(ValueError, match=r"there is no repair 'mend'; there are: resample_mask"):
        repairs_of(("mend",))
