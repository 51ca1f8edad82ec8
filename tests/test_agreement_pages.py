"""The pages on agreement and free response name functions that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", ["agreement.md", "free-response.md"])
def test_every_function_that_the_page_names_is_there(page: str) -> None:
    from samesplit import statistics
    from samesplit.statistics import mrmc
    from samesplit.statistics.mrmc import free_response

    text = (DOCS / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]\w+_\w+)(?:\(|`)", text))
    known = set(dir(statistics)) | set(dir(mrmc)) | set(dir(free_response)) | {"only_first", "only_second"}
    keywords = {"min_readers", "equal_counts", "mid_p", "followed_when_right", "followed_when_wrong", "z_mm"}
    assert named <= known | keywords, named - known - keywords
