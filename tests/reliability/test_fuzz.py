"""Whatever stands in a file: it is read, or refused in words, or costs one lesion; and it never takes long.

A few inputs of every kind, the same in every run; `make reliability` tries thousands (docs/reliability.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from reliability.fuzz.kinds import Kind, kinds
from reliability.fuzz.trial import memory_limit, try_input


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_spoilt_files_end_in_success_a_clear_error_or_a_row_of_the_ledger(kind: Kind, tmp_path: Path) -> None:
    path = kind.prepare(tmp_path / "study")
    valid = path.read_bytes()
    assert try_input(lambda: kind.read(path), longest_s=120).kind == kind.valid  # imports take their time

    @settings(
        max_examples=10, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(kind.spoil(valid))
    def try_one(content: bytes) -> None:
        path.write_bytes(content)
        ending = try_input(lambda: kind.read(path))
        assert ending.kind != "fault", ending.what

    with memory_limit():
        try_one()
