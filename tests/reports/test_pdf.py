from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from samesplit.errors import SamesplitError
from samesplit.reports import build_pdf


def test_the_page_is_handed_to_weasyprint_with_the_colours_of_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class HTML:
        def __init__(self, *, string: str, base_url: str) -> None:
            seen.append((string, base_url))

        def write_pdf(self) -> bytes:
            return b"%PDF-1.7"

    monkeypatch.setitem(sys.modules, "weasyprint", types.SimpleNamespace(HTML=HTML))
    (tmp_path / "report.html").write_text('<path style="fill: var(--ink, #1d252c)"/>')

    assert build_pdf(tmp_path).read_bytes() == b"%PDF-1.7"
    assert seen == [('<path style="fill: #1d252c"/>', str(tmp_path))]


def test_without_weasyprint_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    (tmp_path / "report.html").write_text("<html></html>")

    with pytest.raises(SamesplitError, match=r"samesplit\[pdf\]"):
        build_pdf(tmp_path)


def test_without_a_report_there_is_nothing_to_turn(tmp_path: Path) -> None:
    with pytest.raises(SamesplitError, match=r"no report\.html"):
        build_pdf(tmp_path)
