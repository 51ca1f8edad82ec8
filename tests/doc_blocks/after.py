"""What must hold of a page after it was run, beside that it runs and prints what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from doc_blocks.pages import Outcome

__all__ = ["AFTER"]

Check = Callable[[Mapping[str, Any], Sequence[Outcome]], None]


def _submitted_models_are_judged(names: Mapping[str, Any], _: Sequence[Outcome]) -> None:
    report = names["report"]
    submitted = {name.lower().replace(" ", "-") for name in names["study"].submitted}
    assert report.html.is_file()
    assert submitted
    assert submitted <= set(report.results["model"])
    assert names["row"].notna().any()


def _every_way_extracts_the_same(names: Mapping[str, Any], _: Sequence[Outcome]) -> None:
    np.testing.assert_allclose(names["row"], names["same"], rtol=1e-12)
    assert names["table"].notna().all(axis=None)
    assert names["table"].loc["P01"].to_dict() == names["same"].to_dict()
    assert names["found"].failed == 1
    assert len(names["features"]) == 8
    assert (np.round(names["probability"]) == names["malignant"]).all()
    assert pd.read_csv("features.csv")["rater"].tolist() == ["anna", "anna"]


def _maps_are_written(_: Mapping[str, Any], outcomes: Sequence[Outcome]) -> None:
    written = {path.as_posix() for path in Path("maps").rglob("*.n*")}
    assert {"maps/stat_mean.nii.gz", "maps/stat_mean.nrrd", "maps/cm_contrast_3D_avg.nrrd"} <= written
    assert any(name.startswith("maps/row-2/cm_contrast_3D") for name in written)
    assert any("ACUI" in one.printed for one in outcomes)


def _what_is_not_done_is_noted(_: Mapping[str, Any], outcomes: Sequence[Outcome]) -> None:
    assert any("padDistance" in one.printed for one in outcomes if one.block.tag == "python")


AFTER: dict[str, Check] = {
    "README.md": _submitted_models_are_judged,
    "docs/python.md": _submitted_models_are_judged,
    "docs/extracting.md": _every_way_extracts_the_same,
    "docs/feature-maps.md": _maps_are_written,
    "docs/from-pyradiomics.md": _what_is_not_done_is_noted,
}
