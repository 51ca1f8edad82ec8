from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.reports import build_report
from samesplit.reports.audit_page import audit_page
from samesplit.reports.sections.audit import audit_section
from samesplit.storage import write_json
from samesplit.tables import write_table

RECORD: dict[str, Any] = {
    "samesplit": "0.0", "benchmark": "b", "title": "A <b>cohort</b>", "confidence": 0.95, "lesions": 51,
    "features": 300,
    "repeats": 1, "folds": 5, "shuffles": 4, "seed": 0, "model": {"name": "small", "title": "Small grid"},
    "hashes": {"split": "s" * 64, "cohort": "c" * 64}, "finished": "2026-01-01T00:00:00+00:00",
}  # fmt: skip


def row(
    title: str, labels: str, *, informative: bool, leaky: float = math.nan, note: str = ""
) -> dict[str, Any]:
    honest = 0.5 if labels == "shuffled" else 0.6
    known = not math.isnan(leaky)
    return {
        "leak": title.lower(), "variant": "", "title": title, "labels": labels, "informative": informative,
        "applied": known, "honest_auc": honest, "honest_low": honest - 0.05, "honest_high": honest + 0.05,
        "leaky_auc": leaky, "leaky_low": leaky - 0.05, "leaky_high": leaky + 0.05, "difference": leaky - honest,
        "difference_low": leaky - honest - 0.04, "difference_high": leaky - honest + 0.04, "p_value": math.nan,
        "n": 51, "n_positive": 19, "candidates": 12, "shuffles": 4, "method": "a method", "note": note,
        "honest_title": "the model as it stands", "done_in": "Someone did it.", "measured": "This against that.",
    }  # fmt: skip


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        [
            row("Selected on all", "real", informative=True, leaky=0.85),
            row("Selected on all", "shuffled", informative=True, leaky=0.8),
            row("Scaled on all", "real", informative=False, leaky=0.61),
            row("Scaled on all", "shuffled", informative=False, leaky=0.49),
            row("Sites", "real", informative=False, note="all lesions are of one site"),
            row("Sites", "shuffled", informative=False, note="all lesions are of one site"),
        ]
    )


def test_the_section_says_what_bought_most_and_what_shuffled_labels_show(table: pd.DataFrame) -> None:
    section = audit_section(table, RECORD)
    said = section.blocks[0].model_dump()["text"]

    assert "“Selected on all”: +0.250 (+0.210 to +0.290)" in said
    assert "correct counterparts of 2 of 2 leaks are at chance" in said
    assert "1 of the 1 leaks that let test labels in are above it" in said


def test_shuffled_rows_say_whether_they_are_as_expected(table: pd.DataFrame) -> None:
    def expected(changed: pd.DataFrame) -> list[str]:
        found = next(block for block in audit_section(changed, RECORD).blocks
                     if getattr(block, "id", "") == "audit-shuffled")  # fmt: skip
        return [r.cells["expected"].text for r in found.rows if "expected" in r.cells]  # type: ignore[union-attr]

    shifted = table.assign(leaky_low=0.45, leaky_high=0.55)
    assert expected(table) == ["yes: above chance", "yes: at chance"]
    assert expected(shifted)[0] == "no: not above chance"
    assert expected(table.assign(leaky_low=0.51))[1] == "no: not at chance"
    assert set(expected(table.assign(honest_low=0.51))) == {"no: the correct counterpart is not at chance"}


def test_a_leak_that_was_not_made_says_why_and_is_not_drawn(table: pd.DataFrame) -> None:
    section = audit_section(table, RECORD)
    figure = next(block for block in section.blocks if block.kind == "figure")

    assert "not applicable: all lesions are of one site" in section.model_dump_json()
    assert "2 leaks" in figure.alt
    assert "Sites" not in figure.svg


def test_a_leak_that_failed_is_not_called_inapplicable(table: pd.DataFrame) -> None:
    failed = table.assign(note=table["note"].where(table["applied"], "failed: the memory was not enough"))
    text = audit_section(failed, RECORD).model_dump_json()

    assert "failed: the memory was not enough" in text
    assert "not applicable" not in text


def test_the_page_escapes_what_it_is_given_and_needs_nothing_else(table: pd.DataFrame) -> None:
    page = audit_page(table, RECORD)

    assert "A &lt;b&gt;cohort&lt;/b&gt;" in page
    assert "b · audit of leaks" in page
    assert "src=" not in page
    assert "audit.csv" in page
    assert page == audit_page(table, RECORD)


def test_an_audit_with_real_labels_alone_has_one_panel(table: pd.DataFrame) -> None:
    page = audit_page(table[table["labels"] == "real"], RECORD)

    assert "Permuted labels" not in page
    assert "True labels" in page


def test_nothing_that_could_be_made_is_said_and_not_drawn(table: pd.DataFrame) -> None:
    section = audit_section(table[~table["applied"]], RECORD)

    assert not [block for block in section.blocks if block.kind == "figure"]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.usefixtures("undrawn")
def test_the_report_of_a_run_has_the_section_when_an_audit_is_in_its_folder(
    table: pd.DataFrame, small_run: Path, copy_of: Callable[[Path], Path]
) -> None:
    folder = copy_of(small_run)
    before = build_report(folder).read_text()
    write_table(table, folder / "audit.parquet")
    write_json(folder / "audit_record.json", RECORD)
    after = build_report(folder).read_text()
    report = json.loads((folder / "report.json").read_text())

    assert 'id="audit"' not in before
    assert 'id="audit"' in after
    assert "audit" in [section["id"] for section in report["sections"]]
