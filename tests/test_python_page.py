"""docs/python.md names all that the package offers."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_names_all_that_the_package_offers() -> None:
    import samesplit

    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    table = text.partition("| name |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`ss\.(\w+)", table)) == set(samesplit.__all__) - {"__version__"}
