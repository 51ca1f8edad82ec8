"""The built site in a browser, opened as files: nothing is fetched, search works, a phone shows everything."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
PAGES = [
    "index.html",
    "get-started.html",
    "benchmarks/index.html",
    "features.html",
    "models.html",
    "performance.html",
    "reference/benchmark-yaml.html",
    "reference/commands.html",
    "reference/python.html",
    "reference/statistics/readers.html",
    "reference/tables.html",
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once for all processes that test."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder) / "site"
    with FileLock(f"{folder}.lock"):
        if not (folder / "sitemap.xml").exists():
            built = subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
                cwd=ROOT,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert built.returncode == 0, built.stderr
            assert built.stderr == ""
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = ROOT / "tests" / "reports" / "chromium.py"
    spec = importlib.util.spec_from_file_location("chromium_for_site", path)
    assert spec is not None
    assert spec.loader is not None
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    program = harness.find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed: the site was not looked at in a browser")
    page = harness.Chromium(program)
    yield page
    page.close()


def test_the_site_is_built_without_a_warning_and_no_page_fetches_anything(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    found = {page.name: FETCHED.findall(page.read_text(encoding="utf-8")) for page in pages}

    assert len(pages) > 60
    assert {name: tags for name, tags in found.items() if tags} == {}


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_a_page_asks_for_nothing_and_nothing_of_it_is_cut_off(
    browser: Any, site: Path, name: str
) -> None:
    browser.open(site / name, width=390, height=844)
    beyond = browser.ask(
        "new Promise(done => setTimeout(() => done(Array.from(document.querySelectorAll('article *'))"
        ".filter(e => e.getBoundingClientRect().right > 391"
        " && !e.closest('.md-typeset__scrollwrap, pre, .highlight'))"
        ".map(e => e.outerHTML.slice(0, 80))), 200))"
    )
    tables = browser.ask(
        "Array.from(document.querySelectorAll('article table:not([class])'))"
        ".every(t => t.closest('.md-typeset__scrollwrap') !== null)"
    )

    assert browser.ask("document.documentElement.scrollWidth") == 390
    assert beyond == []
    assert tables
    assert browser.errors() == []
    assert [url for url in browser.requests() if not url.startswith(site.resolve().as_uri())] == []


def test_the_search_of_a_site_opened_as_a_file_finds_pages(browser: Any, site: Path) -> None:
    browser.open(site / "index.html")
    browser.ask("document.querySelector('label[for=__search]').click()")
    browser.ask("document.querySelector('.md-search__input').focus()")
    for letter in "obuchowski":
        browser.call("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
        browser.call("Input.dispatchKeyEvent", type="keyUp", key=letter)

    hits = browser.ask(
        "new Promise(done => { let left = 100; const look = () => {"
        " const found = Array.from(document.querySelectorAll('.md-search-result__link')).map(a => a.href);"
        " if (found.length || !left--) done(found); else setTimeout(look, 100) }; look() })"
    )

    assert any("readers" in url or "reader-studies" in url for url in hits), hits
    assert all(url.startswith(site.resolve().as_uri()) for url in hits)
