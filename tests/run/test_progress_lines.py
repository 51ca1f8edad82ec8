"""Lines in a log: one every 30 seconds or 5 per cent, with the time left, also inside long pieces."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from conftest import SmallStudy
from samesplit import cli
from samesplit.run.progress_lines import LineReporter, StageLines, duration
from samesplit.under_way import UnderWay, doing, tell


class Log:
    """A stage with a clock of its own that is told what is under way."""

    def __init__(self, title: str = "Models") -> None:
        self.seconds = 0.0
        self.doing: Sequence[UnderWay] = ()
        self.lines: list[str] = []
        self.stage = StageLines(
            title,
            self.lines.append,
            clock=lambda: self.seconds,
            watch=lambda: self.doing,
            now=lambda: datetime(2026, 11, 29, 9, 0) + timedelta(seconds=self.seconds),
        )

    def wait(self, seconds: float) -> None:
        """Let time pass, a second at a time, as the ticking thread sees it."""
        for _ in range(int(seconds)):
            self.seconds += 1
            self.stage.tick()

    @property
    def said(self) -> list[str]:
        """The lines without their time of day."""
        return [line[21:] for line in self.lines]


def test_a_line_has_time_stage_done_total_per_cent_elapsed_and_time_left() -> None:
    log = Log()
    log.stage.advance(0, 8)
    log.seconds = 100
    log.stage.advance(2, 8)

    assert log.lines == [
        "2026-11-29 09:00:00  Models: 0 of 8 (0 %)",
        "2026-11-29 09:01:40  Models: 2 of 8 (25 %), 100 s elapsed, about 5 min left",
    ]


def test_a_silent_stage_says_every_30_seconds_that_it_goes_on() -> None:
    log = Log()
    log.stage.advance(0, 20)
    log.wait(100)

    assert log.said[1:] == [
        f"Models: 0 of 20 (0 %), {at} elapsed, time left not known yet" for at in ("30 s", "60 s", "90 s")
    ]


def test_a_stage_of_one_piece_says_how_long_it_has_taken() -> None:
    log = Log("Statistics")
    log.stage.advance(0, 1)
    log.wait(65)
    log.stage.advance(1, 1)
    log.stage.end()

    assert log.said == [
        "Statistics: begun",
        "Statistics: begun, 30 s elapsed",
        "Statistics: begun, 60 s elapsed",
        "Statistics: done in 65 s",
    ]


def test_epochs_of_networks_move_the_stage_before_any_fold_is_done() -> None:
    log = Log()
    log.stage.advance(0, 4)
    log.doing = [UnderWay("net fold 0", "epoch", 0, 20), UnderWay("net fold 1", "epoch", 0, 20)]
    for epoch in range(1, 11):
        log.doing = [UnderWay(f"net fold {fold}", "epoch", epoch, 20) for fold in (0, 1)]
        log.wait(6)

    assert log.said[1] == (
        "Models: 0 of 4 (5 %), 7 s elapsed, about 2 min left, "
        "under way: net fold 0, epoch 2 of 20; net fold 1, epoch 2 of 20"
    )
    assert "(25 %)" in log.said[-1]
    assert len(log.said) == 6  # one each 5 per cent: 5, 10, 15, 20, 25


def test_what_was_kept_from_before_does_not_make_the_time_left_shorter() -> None:
    log = Log()
    log.stage.advance(50, 100)
    log.seconds = 100
    log.stage.advance(75, 100)

    assert log.said == [
        "Models: 50 of 100 (50 %)",
        "Models: 75 of 100 (75 %), 100 s elapsed, about 100 s left",
    ]


def test_quick_work_does_not_fill_the_log() -> None:
    log = Log()
    for done in range(1001):
        log.seconds = done / 1000
        log.stage.advance(done, 1000)
    log.stage.end()

    assert log.said == ["Models: 0 of 1,000 (0 %)", "Models: 1,000 of 1,000, done in 1 s"]


def test_a_long_stage_has_a_line_at_least_every_30_seconds_and_at_most_every_second() -> None:
    log = Log()
    log.stage.advance(0, 10_000)
    for done in range(1, 601):
        log.wait(1)
        log.stage.advance(done, 10_000)

    times = [datetime.fromisoformat(line[:19]) for line in log.lines]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    assert 1 <= min(gaps) <= max(gaps) <= 30


def test_what_comes_before_the_epochs_is_named_and_counts_for_nothing() -> None:
    log = Log()
    log.stage.advance(0, 2)
    log.doing = [UnderWay("net fold 0", "image", 8, 9, whole=False)]
    log.wait(30)

    assert log.said[1:] == [
        "Models: 0 of 2 (0 %), 30 s elapsed, time left not known yet, under way: net fold 0, image 8 of 9"
    ]


def test_many_pieces_under_way_are_not_all_named() -> None:
    log = Log()
    log.stage.advance(0, 100)
    log.doing = [UnderWay(f"lesion {i}") for i in range(16)]
    log.wait(30)

    assert log.said[-1].endswith("under way: lesion 0; lesion 1; lesion 2; lesion 3 and 12 more")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (119, "119 s"), (150, "2 min"), (7200, "2 h 0 min"), (7199, "2 h 0 min")],
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_thread_sees_what_this_process_is_doing_and_ends_with_the_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("samesplit.run.progress_lines.APART_SECONDS", 0.0)
    lines: list[str] = []
    seen = threading.Event()

    def write(line: str) -> None:
        lines.append(line)
        if "epoch 5 of 10" in line:
            seen.set()

    reporter = LineReporter(write, tick_seconds=0.01)
    with reporter.stage("Models") as advance, doing("net fold 0"):
        advance(0, 2)
        tell(5, 10, "epoch")
        assert seen.wait(10)
    reporter.say("all well")

    assert "under way: net fold 0, epoch 5 of 10" in lines[1]
    assert lines[-1].endswith("  all well")
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_a_stage_that_fails_does_not_say_that_it_is_done() -> None:
    lines: list[str] = []

    def failing() -> None:
        with LineReporter(lines.append).stage("Models") as advance:
            advance(0, 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()

    assert [line[21:] for line in lines] == ["Models: 0 of 2 (0 %)"]


def test_several_downloads_have_lines_of_their_own() -> None:
    lines: list[str] = []
    with LineReporter(lines.append).pieces() as advance:
        advance("a.zip", 0, 10)
        advance("b.zip", 0, None)
        advance("a.zip", 10, 10)

    told = [line[21:] for line in lines]
    assert told == [
        "a.zip: 0 of 10 (0 %)",
        "b.zip: begun",
        "a.zip: 10 of 10, done in 0 s",
        "b.zip: done in 0 s",
    ]


def test_a_run_whose_output_is_a_file_has_lines_and_no_bars(small_study: SmallStudy) -> None:
    words = ["run", str(small_study.folder), "--jobs", "1", "--no-track", "--model", "zero-rule"]

    shown = CliRunner().invoke(cli.app, words)

    assert shown.exit_code == 0, shown.output
    assert "  Images: 0 of 54 (0 %)" in shown.output
    assert "  Models: 2 of 2, done in " in shown.output
    assert "━" not in shown.output
