"""The page on a phone, in the dark, on paper and for those who do not see it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samesplit.reports.figures.canvas import GRID, MUTED, drawing, to_svg
from samesplit.reports.palette import INK, ON_LIGHT, PAPER, READER

SMALLEST_TEXT_PX = 10.0


@pytest.fixture(scope="module")
def page(full_run: Path, full_report: object) -> str:
    return (full_run / "report.html").read_text(encoding="utf-8")


def figures(page: str) -> list[str]:
    return re.findall(r'<svg [^>]*viewBox="[^"]*" style="max-width.*?</svg>', page, flags=re.DOTALL)


def test_no_text_of_a_figure_is_shrunk_below_ten_pixels(page: str) -> None:
    """As narrow as its least width lets it be; on a narrower screen it scrolls."""
    drawn = figures(page)
    assert len(drawn) > 8
    for svg in drawn:
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
        least = float(re.search(r"min-width:(\d+)px", svg)[1])
        smallest = min(float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg))
        assert smallest * least / width >= SMALLEST_TEXT_PX - 0.1


def test_what_scrolls_can_be_reached_by_key_and_has_a_name(page: str) -> None:
    boxes = re.findall(r'<div class="(?:scroll|drawing)"[^>]*>', page)
    assert len(boxes) > 20
    for box in boxes:
        assert 'tabindex="0" role="group" aria-label="' in box


def test_no_heading_of_a_table_is_empty(page: str) -> None:
    assert "<th " in page
    assert not re.search(r"<th\b[^>]*>\s*</th>", page)


def test_figures_take_the_colours_of_the_page_so_that_they_can_be_dark(page: str) -> None:
    for svg in figures(page):
        for colour in (INK, MUTED, GRID, PAPER, READER):
            assert not re.search(rf": {colour}[;\"]", svg), colour
    assert "@media screen and (prefers-color-scheme: dark)" in page


def test_text_on_a_coloured_cell_stays_dark_in_the_dark() -> None:
    with drawing(2, 2) as figure:
        figure.text(0.5, 0.5, "0.83", color=ON_LIGHT)
        figure.text(0.5, 0.2, "AUC", color=INK)
        svg = to_svg(figure, name="x", alt="x")
    assert f"fill: {ON_LIGHT}" in svg
    assert f"fill: var(--ink, {INK})" in svg


def test_paper_has_page_numbers_and_the_tables_behind_the_figures(page: str) -> None:
    paper = page[page.index("@media print") :]
    assert 'content: counter(page) " / " counter(pages)' in paper
    assert "details::details-content { content-visibility: visible;" in paper
    assert 'addEventListener("beforeprint"' in paper


def test_nothing_says_where_on_this_machine_it_was_made(page: str, full_run: Path) -> None:
    assert str(full_run.parent) not in page
    assert str(Path.home()) not in page
