"""The page on features: it is what the catalogue says, and Markdown readers get it whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from samesplit.features.catalogue import FAMILIES, features
from samesplit.features.engines.ibsi import IbsiSettings
from samesplit.features.page import features_page
from samesplit.features.processing.settings import ProcessingSettings

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


@pytest.fixture(scope="module")
def page() -> str:
    return features_page()


@pytest.fixture(scope="module")
def rows(page: str) -> list[list[str]]:
    """The cells of every row of every table, as a reader sees them."""
    found: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(page):
        if token.type == "tr_open":
            found.append([])
        elif token.type == "inline" and token.level >= 4 and token.children is not None:
            found[-1].append("".join(child.content for child in token.children))
    return found


def test_the_page_in_docs_is_up_to_date(page):
    same = PAGE.read_text(encoding="utf-8") == page
    assert same, "run: samesplit features list --markdown docs/features.md"


def test_every_feature_has_a_row_with_its_code_and_its_formula_unharmed(rows):
    listed = {row[2]: row for row in rows if len(row) >= 7}
    for feature in features():
        row = listed[feature.tag]
        assert row[:2] == [feature.name, feature.code]
        assert row[3:5] == [feature.unit, feature.arbitrary_units]
        assert row[6] == feature.formula
        assert (row[7] if len(row) == 8 else "") == feature.undefined_when
    assert len(listed) == 174 + 1  # and the head


def test_the_numbers_of_references_add_up_to_all_of_them(rows):
    assert sum(int(row[5]) for row in rows if len(row) >= 7 and row[5].isdigit()) == 1804


def test_features_without_reference_are_those_that_the_page_names(rows):
    without = {row[2] for row in rows if len(row) >= 7 and row[5] == "0"}
    boxes = {f"morph_{kind}_dens_{body}" for kind in ("vol", "area") for body in ("ombb", "mvee")}
    assert without == boxes | {"ivh_auc"}


def test_every_setting_is_explained(rows):
    meanings = {row[0]: row[2] for row in rows if len(row) == 3}
    for kind in (ProcessingSettings, IbsiSettings):
        for name in kind.model_fields:
            assert len(meanings[name]) > 10, name


def test_every_family_says_where_it_stands_and_what_is_undefined(page):
    for one in FAMILIES.values():
        part = page.split(f"## {one.name}\n")[1].split("\n## ")[0]
        assert f"section {one.section} of the manual" in part
        assert "**Symbols.**" in part
        assert "Always defined." in part or "NaN" in part
