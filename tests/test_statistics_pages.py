"""The declarations on the pages on claims and subgroups say what statistics they ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from samesplit.benchmarks.statistics_settings import StatisticsSettings

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", ["claims.md", "subgroups.md"])
def test_the_declarations_of_the_page_can_be_read(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for declared in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        settings = StatisticsSettings.model_validate(yaml.safe_load(declared)["statistics"])
        assert settings.families or settings.group_cuts
