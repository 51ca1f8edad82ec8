"""The page of published studies and own runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.studies_page import estimate_text, save_figure, studies_page
from samesplit.workflows.studies.rows import comparison_rows

RECORD = {"samesplit": "0.1.0", "finished": "2026-11-30T01:00:00+00:00", "notes": ["one run cannot be read"]}
FLAWS = pd.DataFrame(
    {
        "study": ["Toy 2020"],
        "code": ["no-intervals"],
        "what": ["No AUC has an interval."],
        "size": ["all 3"],
        "here": ["each has"],
    }
)


@pytest.fixture
def table() -> pd.DataFrame:
    toy = {"source": "published", "study": "toy", "title": "Toy 2020", "task": "malignant vs benign"}
    toy |= {"cohort": "patients", "flaws": "no-intervals"}
    counts = {"checked": 4, "inconsistent": 1, "lesions": 40}
    own = {"source": "run", "study": "mine", "title": "My masses", "cohort": "synthetic", "flaws": "SS101"}
    own |= {"quantity": "AUC", "label": "Ridge", "interval": "Obuchowski, logit"}
    auc = {"label": "Ensemble", "quantity": "AUC", "estimate": 0.73, "printed": "0.73", "n": 112}
    dice = {"label": "Segmentation", "quantity": "Dice", "printed": "0.769-0.855"}
    return comparison_rows(
        [
            {
                **toy,
                **counts,
                **auc,
                "ci_low": 0.638,
                "ci_high": 0.822,
                "interval": "recomputed (Hanley-McNeil)",
            },
            {**toy, **counts, **dice, "ci_low": 0.769, "ci_high": 0.855, "interval": "range as printed"},
            {**toy, **counts, "label": "Figure only", "quantity": "C-index", "interval": "not available"},
            {**own, "task": "malignant", "estimate": 0.8, "ci_low": 0.7, "ci_high": 0.9, "n": 50},
            {**own, "task": "aggressive", "estimate": 0.7, "n": 30},
        ]
    )


def test_the_page_says_who_asked_what_and_which_intervals_are_recomputed(table: pd.DataFrame) -> None:
    page = studies_page(table, FLAWS, RECORD)

    for said in (
        "1 published study and 1 run",
        "Of 4 printed numbers that follow from other printed numbers, 1 is inconsistent",
        "1 interval that the studies did not print is recomputed",
        "Run: mine (synthetic)",
        "0.73 (0.638 to 0.822)*",
        "Ridge · aggressive",
        "0.769-0.855",
        "No AUC has an interval. Size: all 3.",
        "one run cannot be read.",
        "1 of 4",
    ):
        assert said in page, said
    assert "Figure only" in page
    assert 'src="http' not in page


def test_without_flaws_or_estimates_there_is_a_page_too(table: pd.DataFrame, tmp_path: Path) -> None:
    bare = table.iloc[[2]].assign(quantity="", source="run")

    page = studies_page(bare, FLAWS.iloc[:0], {**RECORD, "notes": []})
    save_figure(bare, tmp_path / "studies")

    assert "Flaws of the published studies" not in page
    assert list(tmp_path.iterdir()) == []


def test_the_figure_is_saved_the_same_twice(table: pd.DataFrame, tmp_path: Path) -> None:
    save_figure(table, tmp_path / "studies")
    first = (tmp_path / "studies.svg").read_bytes()
    save_figure(table, tmp_path / "studies")

    assert (tmp_path / "studies.svg").read_bytes() == first
    assert (tmp_path / "studies.png").stat().st_size > 10_000


def test_an_estimate_is_written_as_it_was_printed(table: pd.DataFrame) -> None:
    texts = [estimate_text(row) for row in table.to_dict("records")]

    assert texts == ["0.73 (0.638 to 0.822)*", "0.769-0.855", "–", "0.800 (0.700 to 0.900)", "0.700"]
