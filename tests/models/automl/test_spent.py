"""The time that a search has taken is counted over all its attempts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from samesplit.models.automl.spent import counting, seconds_spent


def test_attempts_add_up(tmp_path: Path) -> None:
    path, now = tmp_path / "spent.json", [100.0]
    for earlier in (0.0, 7.0, 14.0):
        with counting(path, clock=lambda: now[0]) as told:
            assert told == earlier
            now[0] += 7.0
    assert seconds_spent(path) == 21.0


def test_an_attempt_that_fails_counts_and_one_that_is_killed_counts_to_its_last_note(tmp_path: Path) -> None:
    path, now = tmp_path / "spent.json", [0.0]

    def failing() -> None:
        with counting(path, every_s=0.01, clock=lambda: now[0]):
            now[0] = 5.0
            until = time.monotonic() + 10
            while seconds_spent(path) != 5.0 and time.monotonic() < until:
                time.sleep(0.01)
            assert seconds_spent(path) == 5.0  # written down while it goes on
            now[0] = 6.0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert seconds_spent(path) == 6.0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"seconds": "long"}', '{"seconds": -3}', "null"])
def test_a_damaged_note_is_no_time(content: str, tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    path.write_text(content)
    assert seconds_spent(path) == 0.0
    assert seconds_spent(None) == 0.0
    with counting(None) as earlier:
        assert earlier == 0.0
