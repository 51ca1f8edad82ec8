"""The page on models: it is what the code says, and it leaves nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.models.page import XI_CLASSIFIERS, XI_SELECTORS, models_page
from samesplit.models.radiomics.classifiers import CLASSIFIERS
from samesplit.models.radiomics.selectors import SELECTORS
from samesplit.models.registry import KINDS, settings_class

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


@pytest.fixture(scope="module")
def page() -> str:
    return models_page()


def test_the_page_in_docs_is_what_the_code_says(page: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == page, "run: samesplit models list --markdown docs/models.md"


def test_every_kind_selector_and_classifier_has_its_row(page: str) -> None:
    for key in (*KINDS, *SELECTORS, *CLASSIFIERS):
        assert f"\n| `{key}` | " in page, key


def test_every_selector_and_classifier_has_a_title_a_definition_and_a_source() -> None:
    for key, one in {**SELECTORS, **CLASSIFIERS}.items():
        assert one.title, key
        assert one.definition, key
        assert one.source.startswith("https://") or key in ("none", "variance", "correlation"), key


def test_every_setting_of_a_selector_has_a_meaning(page: str) -> None:
    settings = page[page.index("Their settings") : page.index("## Classifiers")]
    rows = [line.strip("|").split("|") for line in settings.splitlines() if line.startswith("| `")]
    assert rows
    assert [row[0] + row[1] for row in rows if not row[3].strip()] == []


def test_the_published_grid_is_there_whole() -> None:
    assert (len(XI_SELECTORS), len(XI_CLASSIFIERS)) == (13, 10)
    assert set(XI_SELECTORS) <= set(SELECTORS)
    assert set(XI_CLASSIFIERS) <= set(CLASSIFIERS)


@pytest.mark.parametrize("kind", ["network", "torch-module"])
def test_every_setting_of_a_network_has_its_row_with_type_default_and_meaning(page: str, kind: str) -> None:
    section = page[page.index("## Networks") : page.index("## Settings of the other kinds")]
    rows = {
        (heading, cells[0].strip(" `")): [cell.strip() for cell in cells[1:]]
        for heading, _, text in (part.partition("\n") for part in section.split("### `")[1:])
        for cells in (line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `"))
    }
    declared = settings_class(kind)
    own = set(declared.model_fields) - {"name", "kind", "title", "description", "seeds", "sequences"}
    wanted = {(f"{kind}`", name) for name in own}
    for name in ("inputs", "augmentation", "training"):
        inner = type(declared.model_fields[name].default)
        wanted |= {(f"{name}`", key) for key in inner.model_fields}
    assert wanted <= set(rows)
    assert [key for key in wanted if len(rows[key]) != 3 or not all(rows[key])] == []


def test_lengths_and_angles_of_networks_tell_their_unit(page: str) -> None:
    section = page[page.index("## Networks") : page.index("## Settings of the other kinds")]
    rows = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
    for name, line in rows.items():
        for end, unit in (("_mm", "mm"), ("_degrees", "degrees")):
            assert not name.endswith(end) or unit in line.rpartition(" | ")[2], name
