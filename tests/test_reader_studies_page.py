"""The Python examples of pages on statistics print what stands below them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", ["reader-studies.md", "planning.md", "survival.md"])
def test_the_examples_of_the_page_print_what_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = DOCS / name
    examples = re.findall(
        r"```python\n(.*?)```\n+(?:```text\n(.*?)```)?", page.read_text(encoding="utf-8"), re.DOTALL
    )
    assert examples
    namespace: dict[str, Any] = {}
    for code, printed in examples:
        exec(compile(code, str(page), "exec"), namespace)
        assert capsys.readouterr().out == printed
