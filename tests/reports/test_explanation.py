from __future__ import annotations

import base64
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Figure, Gallery, Section
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.explanation import explanation
from samesplit.tables import write_table

NETWORK = "resnet18-25d"
SEED = 1
"""Of the two seeds the second of the predictions: whoever names its seeds [1, 0] has the maps of this one."""


@pytest.fixture(scope="module")
def explained(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The full run, whose network has left a map of each class and a place on the plane for each lesion."""
    folder = tmp_path_factory.mktemp("explained") / "run"
    shutil.copytree(full_run, folder)
    predictions = pd.read_parquet(folder / "predictions.parquet")
    mine = predictions[(predictions["model"] == NETWORK) & (predictions["subset"] == "test")]
    mine = mine[(mine["repeat"] == 0) & (mine["seed"] == SEED) & (mine["rater"] == "R1")]
    y, x = np.mgrid[:24, :24]
    disc = np.hypot(y - 12, x - 12)
    heat = np.stack([255 * (disc < 3), 255 * (np.hypot(y - 5, x - 5) < 4)]).astype(np.uint8)
    ring = [[12 + 8 * float(np.cos(a)), 12 + 8 * float(np.sin(a))] for a in np.linspace(0, 6.3, 20)]
    maps = mine[["model", "seed", "repeat", "fold", "lesion_id"]].assign(
        sequence="T1C",
        layer="backbone.layer2",
        width=24,
        height=24,
        classes=2,
        pixels=(np.clip(255 - 12 * disc, 0, 255)).astype(np.uint8).tobytes(),
        heat=heat.tobytes(),
        contour=json.dumps([ring]),
    )
    write_table(maps, folder / "details" / "heatmaps.parquet")
    random = np.random.default_rng(0)
    plane = mine[["model", "seed", "repeat", "fold", "lesion_id"]].assign(subset="test")
    plane = pd.concat([plane, plane.assign(subset="train", fold=(plane["fold"] + 1) % 5)], ignore_index=True)
    plane = plane.assign(x=random.normal(size=len(plane)), y=random.normal(size=len(plane)))
    write_table(plane, folder / "details" / "embedding.parquet")
    return make_context(read_run(folder))


@pytest.fixture(scope="module")
def section(explained: Context) -> Section:
    found = explanation(explained)
    assert found is not None
    return found


def test_the_most_confident_errors_come_first_and_none_of_them_is_a_correct_call(
    explained: Context, section: Section
) -> None:
    wrong, right = (block for block in section.blocks if isinstance(block, Gallery))
    decisions = explained.data.table("decisions")
    mine = decisions[
        (decisions["model"] == NETWORK) & (decisions["rater"] == "R1") & (decisions["seed"] == SEED)
    ]
    mine = mine[mine["repeat"] == 0].set_index("lesion_id")
    truth = explained.data.lesions["positive"]
    correct = mine["decision"] == truth.reindex(mine.index)
    sure = mine["probability"].where(mine["decision"] == 1, 1 - mine["probability"])
    expected = sure[~correct].sort_values(ascending=False).index[:8]
    assert [item.lesion_id for item in wrong.items] == list(expected)
    assert all(correct[item.lesion_id] for item in right.items)
    assert f"{sure[expected[0]]:.2f}" in wrong.items[0].caption


def test_a_lesion_is_shown_plain_and_under_the_maps_of_the_called_and_the_true_class(
    section: Section,
) -> None:
    wrong = next(block for block in section.blocks if isinstance(block, Gallery))
    plain, *maps = wrong.items[0].pictures
    assert {picture.sequence for picture in maps} == {"for benign", "for malignant"}
    pixels = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(p.png_base64))).convert("RGB"), dtype=int)
        for p in (plain, *maps)
    ]
    assert (np.ptp(pixels[0], axis=2) <= 2).all()  # grey
    by_name = dict(zip([picture.sequence for picture in maps], pixels[1:], strict=True))
    middle, corner = (slice(46, 50),) * 2, (slice(18, 22),) * 2
    coloured = {
        name: [np.ptp(image[place], axis=-1).max() for place in (middle, corner)]
        for name, image in by_name.items()
    }
    assert coloured["for benign"][0] > 30 > coloured["for benign"][1]
    assert coloured["for malignant"][1] > 30 > coloured["for malignant"][0]


def test_the_plane_is_coloured_by_class_site_and_error(section: Section) -> None:
    (figure,) = (block for block in section.blocks if isinstance(block, Figure))
    assert figure.table is not None
    assert [column.title for column in figure.table.columns[-3:]] == ["Class", "Site", "Call of test lesions"]
    for title in ("Class", "Site", "Call of test lesions"):
        assert title in figure.svg


def test_a_run_without_maps_has_no_such_section(full_run: Path) -> None:
    assert explanation(make_context(read_run(full_run))) is None


def test_calls_without_a_map_are_counted(explained: Context) -> None:
    maps = explained.data.table("details/heatmaps")
    data = replace(explained.data, tables=explained.data.tables | {"details/heatmaps": maps.iloc[3:]})
    fewer = explanation(replace(explained, data=data))
    assert fewer is not None
    wrong = next(block for block in fewer.blocks if isinstance(block, Gallery))
    assert "3 test calls without a map are not among them." in wrong.rule
