"""What each network looks at and how it arranges the lesions: Grad-CAM of its most confident errors, and t-SNE."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from PIL import Image

from samesplit.ordering import ranked
from samesplit.reports.context import Context, ModelInfo, slug
from samesplit.reports.document import (
    Block,
    Column,
    Figure,
    Gallery,
    GalleryItem,
    Picture,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.learnt_space import Panel, draw_learnt_space
from samesplit.reports.formatting import counted, number_cell, text_cell
from samesplit.reports.palette import CLASSES, NEGATIVE, POSITIVE
from samesplit.reports.rows import records
from samesplit.reports.sections.fold_assignment import fold_name

__all__ = ["explanation"]

_MOST_ERRORS = 8
_MOST_RIGHT = 4
_MOST_MODELS = 4
_SMALLEST_PX = 96
_COLOURS = 48
_STRONGEST = 0.65  # how much of the grey image the strongest evidence covers
_WRONG, _RIGHT = "#b3261e", "#7fb5a0"


@dataclass(frozen=True)
class _Call:
    """What a network said of a test lesion, and what the lesion is."""

    lesion_id: str
    fold: int
    truth: int
    called: int
    confidence: float


def explanation(context: Context) -> Section | None:
    """Build galleries of Grad-CAM maps and the plane of the last layer, for each network of a classification."""
    if context.data.shuffled or context.data.task.kind not in ("binary", "multiclass"):
        return None
    blocks: list[Block] = []
    for model in [m for m in context.models if len(context.found_by(m.name, "heatmaps"))][:_MOST_MODELS]:
        calls = _calls(context, model)
        maps = {
            (int(row["fold"]), str(row["lesion_id"])): row
            for row in records(context.found_by(model.name, "heatmaps"))
        }
        shown = [call for call in calls if (call.fold, call.lesion_id) in maps]
        without = len(calls) - len(shown)
        among = f" {counted(without, 'test call')} without a map are not among them." if without else ""
        for wrong, most in ((True, _MOST_ERRORS), (False, _MOST_RIGHT)):
            gallery = _gallery(context, model, shown, maps, wrong=wrong, most=most, among=among)
            if gallery is not None:
                blocks.append(gallery)
        plane = _plane(context, model, calls)
        if plane is not None:
            blocks.append(plane)
    if not blocks:
        return None
    return Section(
        id="explanation",
        title="What the networks look at",
        lead="Grad-CAM maps and t-SNE of test lesions, in the first repeat and with the first seed. A map shows "
        "where evidence for a class lies, not why it is evidence. A plausible map does not prove a network right.",
        blocks=tuple(blocks),
    )


def _calls(context: Context, model: ModelInfo) -> list[_Call]:
    """Return what the network that is explained called each test lesion, in each fold of the first repeat."""
    classes = context.data.task.classes
    rows = context.data.test_predictions()
    explained = context.found_by(model.name, "heatmaps")["seed"].iloc[0]
    rows = rows[(rows["model"] == model.name) & (rows["repeat"] == 0) & (rows["seed"] == explained)]
    truth = context.data.lesions["number"]
    if context.data.task.kind == "binary":
        decided = context.data.table("decisions")
        key = ["model", "seed", "repeat", "fold", "rater", "lesion_id"]
        rows = rows.merge(decided[[*key, "decision"]], on=key, how="inner")
        rows = rows[rows["decision"].notna()]
        called = rows["decision"].astype(int)
        sure = rows["probability"].where(called == 1, 1 - rows["probability"])
        rows = rows.assign(called=called, sure=sure)
    else:
        rows = rows.assign(called=rows["class"].map({name: n for n, name in enumerate(classes)}))
        rows = rows.sort_values("called", kind="stable").rename(columns={"probability": "sure"})
        highest = rows.groupby(["fold", "lesion_id"])["sure"].transform("max")
        rows = rows[rows["sure"] >= highest * (1 - 1e-9)].drop_duplicates(["fold", "lesion_id"])
    rows = rows[rows["lesion_id"].isin(truth.index)].sort_values(["fold", "lesion_id"])
    found = [
        _Call(
            str(row["lesion_id"]),
            int(row["fold"]),
            int(truth[row["lesion_id"]]),
            int(row["called"]),
            float(row["sure"]),
        )
        for row in records(rows)
    ]
    return [found[place] for place in ranked([call.confidence for call in found], descending=True)]


def _gallery(
    context: Context,
    model: ModelInfo,
    calls: list[_Call],
    maps: dict[tuple[int, str], dict[str, Any]],
    *,
    wrong: bool,
    most: int,
    among: str,
) -> Gallery | None:
    """Show the most confident wrong (or right) calls: the slice, and the map of the class that was called."""
    classes = context.data.task.classes
    chosen = [call for call in calls if (call.called != call.truth) == wrong]
    items = []
    for call in chosen[:most]:
        row = maps[call.fold, call.lesion_id]
        numbers = list(dict.fromkeys([call.called, call.truth]))
        pictures = [_picture(row, None, str(row["sequence"]))]
        pictures += [_picture(row, number, f"for {classes[number]}") for number in numbers]
        said = f"{classes[call.truth]}, called {classes[call.called]} with probability {call.confidence:.2f}"
        items.append(
            GalleryItem(
                lesion_id=call.lesion_id,
                caption=said,
                pictures=tuple(pictures),
                tone="warning" if wrong else "plain",
            )
        )
    if not items:
        return None
    layer = str(next(iter(maps.values()))["layer"])
    what = "wrong" if wrong else "correct"
    return Gallery(
        id=f"grad-cam-{what}-{slug(model.name)}",
        title=f"{context.title(model.name)}: the most confident {what} calls",
        rule=(
            f"Test lesions called {'wrongly' if wrong else 'correctly'} with the highest probability of the class "
            f"that was called: {len(items)} of {len(chosen)}. First the axial slice with the contour of the mask, "
            f"then Grad-CAM maps (layer {layer}; brightest where the evidence for the class is strongest, each "
            "map scaled to its own maximum). A network with three slices as channels has one map for all three."
            + among
        ),
        items=tuple(items),
    )


def _picture(row: dict[str, Any], number: int | None, title: str) -> Picture:
    """Draw a slice, with the map of a class over it."""
    width, height = int(row["width"]), int(row["height"])
    grey = np.frombuffer(row["pixels"], dtype=np.uint8).reshape(height, width)
    rgb = np.repeat(grey[..., None].astype(np.float64), 3, axis=2)
    if number is not None:
        heat = np.frombuffer(row["heat"], dtype=np.uint8).reshape(-1, height, width)[number] / 255
        rgb = _blend(rgb, heat)
    image = Image.fromarray(np.round(rgb).astype(np.uint8))
    factor = -(-_SMALLEST_PX // max(width, height))
    if factor > 1:
        image = image.resize((width * factor, height * factor), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.quantize(_COLOURS).save(buffer, format="PNG", optimize=True)
    lines = json.loads(str(row["contour"]))
    return Picture(
        sequence=title,
        width=width,
        height=height,
        png_base64=base64.b64encode(buffer.getvalue()).decode("ascii"),
        contour=tuple(tuple((round(float(x), 1), round(float(y), 1)) for x, y in line) for line in lines),
    )


def _blend(rgb: npt.NDArray[np.float64], heat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Lay a map over a grey image, the more opaque the stronger it is."""
    colours = np.asarray(colormaps["inferno"](0.35 + 0.45 * heat))[..., :3] * 255
    opacity = (_STRONGEST * heat)[..., None]
    return np.asarray((1 - opacity) * rgb + opacity * colours)


def _plane(context: Context, model: ModelInfo, calls: list[_Call]) -> Figure | None:
    """Show how the network of the first fold arranges training and test lesions."""
    table = context.found_by(model.name, "embedding")
    if table.empty:
        return None
    fold = int(table["fold"].min())
    lesions = context.data.lesions
    plane = table[(table["fold"] == fold) & table["lesion_id"].isin(lesions.index)].reset_index(drop=True)
    labels = [str(lesions.loc[lesion, "label"]) for lesion in plane["lesion_id"]]
    classes = context.data.task.classes
    colours = (NEGATIVE, POSITIVE) if len(classes) == 2 else CLASSES
    panels = [Panel("Class", labels, dict(zip(classes, colours, strict=False)))]
    if "site" in lesions:
        sites = [str(lesions.loc[lesion, "site"]) for lesion in plane["lesion_id"]]
        names = sorted(set(sites))
        panels.append(Panel("Site", sites, {n: CLASSES[i % len(CLASSES)] for i, n in enumerate(names)}))
    said = {call.lesion_id: call.called == call.truth for call in calls if call.fold == fold}
    words = {True: "correct", False: "wrong"}
    errors = [words.get(said.get(str(lesion)), "not tested") for lesion in plane["lesion_id"]]  # type: ignore[arg-type]
    panels.append(Panel("Call of test lesions", errors, {"correct": _RIGHT, "wrong": _WRONG}))
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    name = f"learnt-space-{slug(model.name)}"
    title = f"{context.title(model.name)}: lesions as the last layer sees them"
    tested = int((plane["subset"] == "test").sum())
    alt = (
        f"t-SNE of {counted(len(plane), 'lesion')}, {tested} of them test lesions, in "
        f"{fold_name(0, fold, pairs)}; coloured by {', '.join(panel.title.lower() for panel in panels)}."
    )
    return Figure(
        id=name,
        title=title,
        caption=(
            f"t-SNE of what the last linear layer is given, network of {fold_name(0, fold, pairs)}. Ringed: test "
            "lesions; small and pale: training lesions. Neighbours are alike to the network; distances between "
            "groups and the size of groups mean nothing."
        ),
        alt=alt,
        svg=draw_learnt_space(plane, panels, name=name, alt=alt),
        table=_plane_table(name, plane, panels),
    )


def _plane_table(name: str, plane: pd.DataFrame, panels: list[Panel]) -> Table:
    columns = [
        Column(key="lesion", title="Lesion", kind="code"),
        Column(key="subset", title="Part"),
        Column(key="x", title="x", kind="number"),
        Column(key="y", title="y", kind="number"),
        *(Column(key=f"p{i}", title=panel.title) for i, panel in enumerate(panels)),
    ]
    rows = []
    for place, row in enumerate(records(plane)):
        if row["subset"] != "test":
            continue
        cells = {"lesion": text_cell(row["lesion_id"]), "subset": text_cell(row["subset"])}
        cells |= {axis: number_cell(float(row[axis]), 1) for axis in ("x", "y")}
        cells |= {f"p{i}": text_cell(panel.groups[place]) for i, panel in enumerate(panels)}
        rows.append(Row(cells=cells))
    return Table(
        id=f"{name}-table", title="Test lesions on the plane", columns=tuple(columns), rows=tuple(rows)
    )
