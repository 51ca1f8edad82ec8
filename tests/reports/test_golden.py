"""One page of a small made-up run, kept to the byte: whatever changes it is seen in the diff of the kept file.

After a wanted change write it anew, look at it in a browser and commit it with the change:

    SAMESPLIT_RENEW_GOLDEN=1 pytest tests/reports/test_golden.py
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import matplotlib
import pytest

from samesplit.reports.document import (
    Badge,
    Column,
    Details,
    Fact,
    Facts,
    Figure,
    Flow,
    FlowStep,
    Gallery,
    GalleryItem,
    Picture,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.roc import Curve, ReaderPoint, draw_roc
from samesplit.reports.formatting import count_cell, estimate_cell, text_cell
from samesplit.reports.html import to_html
from samesplit.reports.markdown import to_markdown
from samesplit.reports.palette import styles_for

KEPT = Path(__file__).with_name("golden")
STYLES = styles_for(["grid", "zero"], ["zero"])
RENEW = (
    "if the change is wanted: SAMESPLIT_RENEW_GOLDEN=1 pytest tests/reports/test_golden.py; look at the page"
)


def made_up_report() -> Report:
    """A report of numbers that no processor reckons: the same bytes everywhere."""
    low, high = [0.0, 0.3, 0.6, 0.9], [0.4, 0.8, 1.0, 1.0]
    x = [0.0, 0.2, 0.5, 1.0]
    curve = Curve("Radiomics (0.84)", STYLES["grid"], x, [0.2, 0.6, 0.9, 1.0], band=(x, low, high))
    readers = [ReaderPoint("A", "unaided", 0.3, 0.7), ReaderPoint("A", "aided", 0.2, 0.8)]
    auc = estimate_cell(0.8412, 0.71, 0.93)
    columns = (
        Column(key="who", title="Model or reader"),
        Column(key="n", title="n", kind="number", help="Lesions"),
        Column(key="auc", title="AUC", kind="interval"),
        Column(key="forest", title="", kind="forest", of="auc", axis=(0.5, 1.0), mark=0.5),
    )
    rows = (
        Row(
            cells={
                "who": text_cell("Radiomics", note="reference"),
                "n": count_cell(40),
                "auc": auc,
                "forest": auc,
            },
            group="Models",
            key="grid",
            emphasis=True,
        ),
        Row(
            cells={"who": text_cell("<b>Reader</b>"), "n": count_cell(40)},
            group="Readers",
            key="reader:A/aided",
        ),
    )
    table = Table(
        id="verdict-table", title="Verdict", columns=columns, rows=rows, notes=("Intervals: 95 %.",)
    )
    figure = Figure(
        id="roc", title="ROC curves", caption="Shaded: pointwise 95 % band.", alt="ROC curve of one model.",
        width="half", svg=draw_roc([curve], readers, name="roc", alt="ROC curve of one model."),
        table=table.model_copy(update={"id": "roc-table"}),
    )  # fmt: skip
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    picture = Picture(
        sequence="T1C", width=1, height=1, png_base64=pixel, contour=(((0.0, 0.0), (1.0, 1.0)),)
    )
    lesion = GalleryItem(lesion_id="L1", caption="benign", pictures=(picture,))
    gallery = Gallery(id="gallery", title="Images", rule="All.", items=(lesion,))
    steps = (
        FlowStep(title="found", lesions=41, patients=40, leaving=("1: no image",)),
        FlowStep(title="scored", lesions=40),
    )
    flow = Flow(id="flow", title="The way of the lesions", steps=steps)
    facts = Facts(
        title="Run", facts=(Fact(name="split", text="9f2c", code=True), Fact(name="seed", text="0"))
    )
    notes = (Prose(text="A note.", tone="note"), Prose(text="A warning.", tone="warning"))
    verdict = Section(
        id="verdict", title="Performance", lead="All on the same lesions.", blocks=(table, figure)
    )
    blocks = (flow, gallery, Details(summary="More", blocks=notes), facts)
    return Report(
        samesplit="0", benchmark="made-up", run="0", title="A made-up run", question="Which masses are malignant?",
        answer="Radiomics reaches an AUC of 0.841 (95 % interval 0.710 to 0.930) on 40 lesions.",
        notice="Synthetic data.", badges=(Badge(name="split", text="9f2c", full="9f2c4be1"),),
        sections=(verdict, Section(id="cohort", title="Cohort", blocks=blocks)),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_the_page_is_the_kept_one_to_the_byte(name: str) -> None:
    report = made_up_report()
    text = to_html(report, STYLES) if name == "report.html" else to_markdown(report)
    kept = KEPT / name
    if os.environ.get("SAMESPLIT_RENEW_GOLDEN"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    elif (KEPT / "matplotlib.txt").read_text().strip() != matplotlib.__version__ and name == "report.html":
        pytest.skip("drawn by another version of matplotlib than the kept page")
    assert hashlib.sha256(text.encode()).hexdigest() == hashlib.sha256(kept.read_bytes()).hexdigest(), RENEW
    if os.environ.get("SAMESPLIT_RENEW_GOLDEN"):
        (KEPT / "matplotlib.txt").write_text(matplotlib.__version__ + "\n")
