"""The tutorials show what their code prints and draws."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from doc_blocks.blocks import ROOT, blocks_of
from doc_blocks.pages import run_page
from doc_blocks.tutorials import figures_of, pictures_differ, tidy, unlike

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "tutorials").glob("*.md"))


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, as the one in which `make tutorials` runs a page."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(
        "samesplit.cli.console.out._width", 120
    )  # may have been made by another test, without it
    monkeypatch.delenv("SAMESPLIT_DATA", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_tutorial_shows_what_it_prints_and_draws(page: str, empty: Path, tmp_path: Path) -> None:
    blocks = blocks_of(page)

    outcomes = list(run_page(blocks, tmp_path / "read"))

    shown = {above.line: below.text for above, below in itertools.pairwise(blocks) if _is_output(below)}
    for outcome in outcomes:
        printed = tidy(outcome.printed, empty) if outcome.done in ("run", "parsed", "partly run") else ""
        assert not (fault := unlike(shown.get(outcome.block.line, ""), printed)), outcome.block.place + fault
    for name in figures_of((ROOT / page).read_text(encoding="utf-8")):
        (drawn,) = empty.rglob(name)
        assert not (fault := pictures_differ(ROOT / "docs" / "tutorials" / name, drawn)), fault


def _is_output(block: object) -> bool:
    return block.tag == "text" and not block.before  # type: ignore[attr-defined]
