"""Which lesions are shown, and their images with the contour, within what one page can carry."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from samesplit.ordering import at_least
from samesplit.reports.class_errors_found import class_misses
from samesplit.reports.context import Context
from samesplit.reports.document import Gallery, GalleryItem, Picture
from samesplit.reports.errors_found import Miss, misses, reference_errors
from samesplit.reports.rows import records

__all__ = ["Pictures", "choose_pictures"]

MOST_LESIONS = 12
"""Per gallery."""
MOST_BYTES = 1_300_000
"""Of all images of a report, as they stand in the page."""
LARGEST_PX = 112
"""Longest side of an image."""


@dataclass
class Pictures:
    """Hands out the images of lesions until the page has had enough.

    Attributes:
        table: The thumbnails of the primary rater by lesion.
        spent: Bytes handed out.
    """

    table: dict[str, list[Picture]]
    spent: int = 0
    galleries: dict[str, Gallery] = field(default_factory=dict)

    def ledger_gallery(self) -> Gallery | None:
        """Return the lesions of the ledger."""
        return self.galleries.get("ledger")

    def error_gallery(self, context: Context) -> Gallery | None:
        """Return the misclassified lesions of a task, or those that the reference model is most wrong about."""
        return self.galleries.get(_errors(context))

    def sample_gallery(self) -> Gallery | None:
        """Lesions spread evenly over the cohort."""
        return self.galleries.get("sample")

    def add(
        self, name: str, title: str, rule: str, lesions: Sequence[tuple[str, str]], *, tone: bool = False
    ) -> None:
        """Make a gallery of those of the lesions that have images and still fit.

        Args:
            name: `ledger`, `sample`, or that of the errors of a task.
            title: Of the gallery.
            rule: How the lesions were chosen; the count that is shown is put behind it.
            lesions: Id and caption, in order of choice.
            tone: Whether the captions tell of something wrong.
        """
        items: list[GalleryItem] = []
        wanted = [(lesion, caption) for lesion, caption in lesions if lesion in self.table]
        for lesion, caption in wanted[:MOST_LESIONS]:
            pictures = tuple(self.table[lesion])
            cost = sum(len(picture.png_base64) for picture in pictures)
            if self.spent + cost > MOST_BYTES:
                break
            self.spent += cost
            items.append(
                GalleryItem(
                    lesion_id=lesion, caption=caption, pictures=pictures, tone="warning" if tone else "plain"
                )
            )
        if items:
            count = f" Shown: {len(items)} of {len(wanted)}." if len(items) < len(wanted) else ""
            self.galleries[name] = Gallery(
                id=f"gallery-{name.partition(':')[0]}", title=title, rule=rule + count, items=tuple(items)
            )


def choose_pictures(contexts: Sequence[Context]) -> Pictures:
    """Choose the lesions to show: ledger cases first, then the largest errors of each task, then an even sample.

    Args:
        contexts: The tasks of the run.
    """
    first = contexts[0]
    pictures = Pictures(_read(contexts))
    if not pictures.table:
        return pictures
    pictures.add(
        "ledger",
        "Images of lesions in the case ledger",
        "Lesions of the case ledger that have an image, failures first.",
        _ledger_lesions(first),
        tone=True,
    )
    for context in contexts:
        found, rule = _error_lesions(context)
        pictures.add(_errors(context), "Images of misclassified lesions", rule, found)
    pictures.add(
        "sample",
        "Sample images of the cohort",
        "Taken at even steps through the list of lesions. Each image is the axial slice with the largest mask "
        "area, cropped and windowed from the 1st to the 99th percentile; point at an image to hide the contour.",
        [(lesion, _labels(contexts, lesion)) for lesion in _sample(first, set(pictures.table))],
    )
    return pictures


def _errors(context: Context) -> str:
    return f"errors:{context.data.task.name}"


def _labels(contexts: Sequence[Context], lesion: str) -> str:
    """Return the classes of a lesion in all tasks that it has an outcome in."""
    known = [context.data.lesions["label"] for context in contexts]
    return "; ".join(dict.fromkeys(str(labels[lesion]) for labels in known if lesion in labels.index))


def _ledger_lesions(context: Context) -> list[tuple[str, str]]:
    rows = context.data.ledger
    rows = rows[~rows["stage"].str.startswith("task ")]  # what only leaves a lesion out of a task
    order = {"failed": 0, "excluded": 1, "missing": 2, "repaired": 3, "noted": 4}
    ordered = rows.assign(_order=rows["status"].map(order)).sort_values(
        ["_order", "lesion_id"], kind="stable"
    )
    captions: dict[str, str] = {}
    for row in records(ordered):
        captions.setdefault(str(row["lesion_id"]), f"{row['status']}: {row['reason']}")
    return list(captions.items())


def _error_lesions(context: Context) -> tuple[list[tuple[str, str]], str]:
    rule = (
        "Lesions that at least half of the models and readings misclassified, those with the largest error rate "
        "first."
    )
    if not context.readers:
        rule = rule.replace(" and readings", "")
    if context.data.task.kind == "multiclass":
        missed = [miss for miss in class_misses(context) if at_least(miss.share, 0.5)]
        return [(miss.lesion_id, miss.caption) for miss in missed], rule
    if context.data.task.kind != "binary":
        return [], rule
    found = [_caption(context, miss) for miss in misses(context)]
    if found:
        return found, rule
    largest = reference_errors(context)
    return largest, "The lesions whose probability by the reference model is furthest from the true class."


def _caption(context: Context, miss: Miss) -> tuple[str, str]:
    parts = [f"{miss.models_wrong:.0f} of {miss.models} models"] if miss.models else []
    if miss.readers:
        parts.append(f"{miss.readers_wrong} of {miss.readers} readings")
    return miss.lesion_id, f"{miss.label}; wrong: {', '.join(parts)}"


def _read(contexts: Sequence[Context]) -> dict[str, list[Picture]]:
    context = contexts[0]
    table = context.data.table("thumbnails")
    if table.empty:
        return {}
    primary = table[table["rater"] == context.data.rater]
    table = primary if len(primary) else table
    sequences = [str(s) for s in context.data.section("cohort").get("sequences", [])]
    rank = {sequence: place for place, sequence in enumerate(sequences)}
    wanted = _wanted(contexts, set(table["lesion_id"]))
    table = table[table["lesion_id"].isin(wanted)]
    found: dict[str, list[Picture]] = {}
    order = table["sequence"].map(lambda name: rank.get(str(name), len(rank)))
    for row in records(table.assign(_order=order).sort_values(["lesion_id", "_order", "sequence"])):
        pictures = found.setdefault(str(row["lesion_id"]), [])
        if all(picture.sequence != str(row["sequence"]) for picture in pictures):
            pictures.append(_picture(row))
    return found


def _wanted(contexts: Sequence[Context], having: set[str]) -> set[str]:
    """Return the lesions that any gallery could show, so that the others are not decoded."""
    ledger = [lesion for lesion, _ in _ledger_lesions(contexts[0])]
    errors = [lesion for context in contexts for lesion, _ in _error_lesions(context)[0]]
    return set(_sample(contexts[0], having)) | set(ledger) | set(errors)


def _picture(row: dict[str, Any]) -> Picture:
    width, height = int(row["width"]), int(row["height"])
    pixels = np.frombuffer(row["pixels"], dtype=np.uint8).reshape(height, width)
    image = Image.fromarray(pixels)
    scale = LARGEST_PX / max(width, height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return Picture(
        sequence=str(row["sequence"]),
        width=width,
        height=height,
        png_base64=base64.b64encode(buffer.getvalue()).decode("ascii"),
        contour=_contour(row["contour"]),
    )


def _contour(text: object) -> tuple[tuple[tuple[float, float], ...], ...]:
    lines = json.loads(text) if isinstance(text, str | bytes) and text else []
    return tuple(tuple((round(float(x), 1), round(float(y), 1)) for x, y in line) for line in lines)


def _sample(context: Context, having: set[str]) -> list[str]:
    """Lesions at even steps through those that have an image."""
    ids = [str(lesion) for lesion in context.data.cohort.index if lesion in having]
    count = min(MOST_LESIONS, len(ids))
    return [ids[round(step * (len(ids) - 1) / max(count - 1, 1))] for step in range(count)]
