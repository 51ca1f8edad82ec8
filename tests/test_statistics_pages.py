"""The Python examples of the pages on claims, subgroups and triage print what stands below them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from samesplit.benchmarks.statistics_settings import StatisticsSettings

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", ["claims.md", "subgroups.md", "triage.md"])
def test_the_examples_of_the_page_print_what_it_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```\n+(?:```text\n(.*?)```)?", text, re.DOTALL)
    assert examples
    namespace: dict[str, Any] = {}
    for code, printed in examples:
        exec(compile(code, page, "exec"), namespace)
        assert capsys.readouterr().out == printed


@pytest.mark.parametrize("page", ["claims.md", "subgroups.md"])
def test_the_declarations_of_the_page_can_be_read(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for declared in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        settings = StatisticsSettings.model_validate(yaml.safe_load(declared)["statistics"])
        assert settings.families or settings.group_cuts
