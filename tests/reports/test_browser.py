"""The report in a browser: nothing goes wrong, nothing is asked for, it works by key, on paper and on a phone."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from samesplit.evaluation.ranks import rank_entries
from samesplit.reports import build_report
from samesplit.reports.leaderboard_page import BoardFacts, leaderboard_page
from samesplit.reports.leaderboard_tables import TaskBoard, board_table

HOSTILE = "<img src=x onerror=document.title='owned'>&'"


def _harness() -> ModuleType:
    path = Path(__file__).with_name("chromium.py")
    spec = importlib.util.spec_from_file_location("chromium_for_reports", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    harness = _harness()
    program = harness.find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed: the report was not looked at in a browser")
    page = harness.Chromium(program)
    yield page
    page.close()


@pytest.fixture(scope="module")
def report(maker: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose ids hold HTML."""
    folder = maker.make_run(
        tmp_path_factory.mktemp("browser"),
        n_lesions=60,
        folds=2,
        seeds=(0,),
        models=("radiomics-grid", "resnet18-25d", "clinical", "zero-rule"),
        n_readers=2,
        hostile=HOSTILE,
        bootstraps=30,
    )
    return build_report(folder)


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    browser.open(report)
    return browser


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board of four entries whose model cards hold HTML and words without an end."""
    files = [f"m{number}.csv" for number in range(4)]
    pairs = pd.DataFrame(
        [(a, b, 0.1, 0.0, 0.2, 0.04, 0.2, "not shown", 0.02, "DeLong", "") for a, b in combinations(files, 2)],
        columns=["model_a", "model_b", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "claim",
                 "false_claim_probability", "method", "note"],
    )  # fmt: skip
    auc = pd.Series([0.9, 0.8, 0.7, 0.6], index=files)
    card = {
        "title": HOSTILE + "T" * 70,
        "authors": "A" * 400,
        "training_data": HOSTILE * 10,
        "sha256": "0" * 64,
    }
    card |= {"code": "https://example.org/" + "x" * 200, "seeds": 1, "operating_point": "", "n": 99}
    card |= {"n_positive": 40, "quantity": "auc", "method": "DeLong", "note": ""}
    shown = pd.DataFrame([card] * 4, index=files)
    shown = shown.assign(file=files, estimate=auc, low=auc - 0.1, high=auc + 0.05)
    one = TaskBoard("", "binary", "Which?", pd.concat([rank_entries(auc, pairs), shown], axis=1), pairs)
    facts = BoardFacts("1.0", "spots", "W" * 90, "ab" * 32, "cd" * 32, "ef" * 32, 0.95, "holm", 1)
    page = tmp_path_factory.mktemp("board") / "board.html"
    refused = [("f" * 90 + ".csv", "", HOSTILE)]
    page.write_text(leaderboard_page([one], board_table([one], refused), facts), encoding="utf-8")
    return page


@pytest.mark.parametrize("width", [390, 1280])
def test_a_board_does_not_scroll_sideways_and_asks_for_nothing(browser: Any, board: Path, width: int) -> None:
    browser.open(board, width=width)

    assert browser.ask("document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.ask("document.querySelectorAll('main img').length") == 0
    assert "owned" not in browser.ask("document.title").replace("'owned'", "")
    assert browser.errors() == []
    assert browser.requests() == []


def test_it_opens_without_an_error_and_asks_for_nothing(page: Any) -> None:
    assert page.ask("document.querySelectorAll('main section').length") > 10
    assert page.errors() == []
    assert page.requests() == []


def test_html_in_ids_stays_text(page: Any) -> None:
    assert HOSTILE in page.ask("document.title")
    assert page.ask("document.querySelectorAll('main img').length") == 0
    assert page.ask("document.querySelector('#verdict').textContent.includes('onerror')")


def test_sections_fold_by_key_and_a_link_unfolds_what_it_leads_to(page: Any) -> None:
    height = "document.querySelector('#verdict').getBoundingClientRect().height"
    before = page.ask(height)
    page.ask("document.querySelector('#verdict summary').focus()")
    page.press("Enter")
    assert page.ask("document.querySelector('#verdict details.fold').open") is False
    assert page.ask(height) < before / 4
    page.ask("document.querySelector('nav.contents a[href=\"#verdict\"]').click()")
    assert page.ask(
        "new Promise(done => setTimeout(() => done(document.querySelector('#verdict .fold').open), 50))"
    )
    page.ask("document.querySelector('[data-fold=close]').click()")
    assert page.ask("document.querySelectorAll('details.fold[open]').length") == 0
    page.ask("document.querySelector('[data-fold=open]').click()")
    assert page.ask("document.querySelectorAll('details.fold:not([open])').length") == 0


def test_the_table_behind_every_figure_is_one_click_away(page: Any) -> None:
    figures = page.ask("Array.from(document.querySelectorAll('figure')).map(f => f.id)")
    with_table = page.ask("Array.from(document.querySelectorAll('figure:has(details table)')).map(f => f.id)")
    assert len(figures) > 5
    assert {"roc", "precision-recall", "pairs", "spread", "calibration-figure"} & set(figures) <= set(
        with_table
    )
    page.ask("document.querySelector('#roc details summary').click()")
    assert page.ask("document.querySelector('#roc details table').getBoundingClientRect().height") > 20


def test_tables_sort_by_key_and_say_how(page: Any) -> None:
    head = "document.querySelector('#verdict-table th.interval')"
    values = (
        "Array.from(document.querySelectorAll('#verdict-table tbody:first-of-type tr:not(.group)'))"
        ".map(r => Number(r.querySelector('td.interval').dataset.v))"
    )
    page.ask(f"{head}.querySelector('[role=button]').focus()")
    page.press("Enter")
    down = page.ask(values)
    assert page.ask(f"{head}.getAttribute('aria-sort')") == "descending"
    page.press(" ")
    assert page.ask(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert down == sorted(down, reverse=True)
    assert page.ask(values) == down[::-1]
    assert len(set(down)) > 1


def test_every_figure_says_what_it_shows(page: Any) -> None:
    texts = page.ask(
        "Array.from(document.querySelectorAll('.drawing > svg')).map(s => s.getAttribute('aria-label'))"
    )
    assert len(texts) > 5
    assert all(text and len(text) > 15 for text in texts)
    assert page.ask(
        "Array.from(document.querySelectorAll('[role=img]')).every(s => s.getAttribute('aria-label'))"
    )


def test_all_that_can_be_clicked_can_be_reached_by_key(page: Any) -> None:
    unreachable = page.ask(
        "Array.from(document.querySelectorAll('[role=button], button, summary, a[href]'))"
        ".filter(e => e.tabIndex < 0).map(e => e.outerHTML.slice(0, 80))"
    )
    assert unreachable == []


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_the_page_does_not_scroll_sideways(browser: Any, report: Path, width: int) -> None:
    browser.open(report, width=width)
    wide = browser.ask("document.documentElement.scrollWidth <= window.innerWidth")
    beyond = browser.ask(
        "Array.from(document.querySelectorAll('main *'))"
        ".filter(e => !e.closest('.scroll, .drawing, .sr, caption'))"
        ".filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)"
        ".slice(0, 5).map(e => e.outerHTML.slice(0, 90))"
    )
    assert wide, beyond
    assert beyond == []
    if width == 390:  # the wide table scrolls inside its own box
        assert browser.ask(
            "(b => b.scrollWidth > b.clientWidth)(document.querySelector('#performance-table .scroll'))"
        )


def test_it_prints_with_all_that_is_folded(page: Any) -> None:
    page.ask("document.querySelector('[data-fold=close]').click()")
    page.ask("window.dispatchEvent(new Event('beforeprint'))")
    assert page.ask("document.querySelectorAll('details:not([open])').length") == 0
    page.ask("window.dispatchEvent(new Event('afterprint'))")
    assert page.ask("document.querySelectorAll('details.fold[open]').length") == 0
    printed = page.pdf()
    assert printed.startswith(b"%PDF-")
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert 5 < pages < 60
    assert page.errors() == []
