"""The Python examples of docs/reader-studies.md print what stands below them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "reader-studies.md"


def test_the_examples_of_the_page_print_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(
        r"```python\n(.*?)```\n+(?:```text\n(.*?)```)?", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert examples
    namespace: dict[str, Any] = {}
    for code, printed in examples:
        exec(compile(code, str(PAGE), "exec"), namespace)
        assert capsys.readouterr().out == printed
