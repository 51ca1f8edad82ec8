"""Progress where nobody watches: lines in the log of a batch job, one every 30 seconds or 5 per cent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from samesplit.run.progress import Advance
from samesplit.under_way import UnderWay, under_way

__all__ = ["LineReporter", "StageLines", "duration"]

Clock = Callable[[], float]

EVERY_SECONDS = 30.0
STEPS = 20
"""A line when another twentieth, 5 per cent, is done."""
APART_SECONDS = 1.0
"""Lines are at least this far apart, the last one aside: quick work does not fill a log."""
_NAMED = 4


class StageLines:
    """The lines of one stage.

    Args:
        title: Of the stage.
        write: Gets each line.
        clock: Seconds that only go forward.
        watch: Tells what is under way, so that a stage of few long pieces is not silent.
        now: The time of day.
    """

    def __init__(
        self,
        title: str,
        write: Callable[[str], object],
        *,
        clock: Clock = time.monotonic,
        watch: Callable[[], Sequence[UnderWay]] = under_way,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.title, self.write, self.clock, self.watch, self.now = title, write, clock, watch, now
        self.began = self.last = clock()
        self.done = self.total = 0
        self.first: float | None = None
        self.step = 0
        self._lock = threading.Lock()

    def advance(self, done: int, total: int) -> None:
        """Hear how many pieces are done."""
        with self._lock:
            self.done, self.total = done, total
            if self.first is None:  # what was kept from before took none of this time
                self.first = done / total if total else 0.0
                self.step = int(STEPS * self.first)
                self._say(self._line([]))
            elif done < total and self._stepped(done / total):
                self._say(self._line(self.watch()))

    def tick(self) -> None:
        """Look whether it is time for a line; to be called every second or so."""
        with self._lock:
            if self.clock() - self.last < EVERY_SECONDS and not self.total:
                return
            doing = self.watch()
            late = self.clock() - self.last >= EVERY_SECONDS
            if late or (self.done < self.total and self._stepped(self._share(doing))):
                self._say(self._line(doing))

    def end(self) -> None:
        """Say that all is done, and how long it took."""
        with self._lock:
            count = f"{self.total:,} of {self.total:,}, " if self.total > 1 else ""
            self._say(f"{self.title}: {count}done in {duration(self.clock() - self.began)}")

    def _stepped(self, share: float) -> bool:
        return int(STEPS * share) > self.step and self.clock() - self.last >= APART_SECONDS

    def _share(self, doing: Sequence[UnderWay]) -> float:
        """Return the part that is done, with the parts of what is under way."""
        if not self.total:
            return 0.0
        open_pieces = self.total - self.done
        inside = min(sum(one.share for one in doing), 0.99 * open_pieces)
        return min(1.0, (self.done + inside) / self.total)

    def _line(self, doing: Sequence[UnderWay]) -> str:
        elapsed = self.clock() - self.began
        share = self._share(doing)
        self.step = max(self.step, int(STEPS * share))
        parts = [f"{self.title}: begun"]
        if self.total > 1 or share > 0:
            parts = [f"{self.title}: {self.done:,} of {self.total:,} ({int(100 * share)} %)"]
        if elapsed >= APART_SECONDS:
            parts.append(f"{duration(elapsed)} elapsed")
            gained = share - (self.first or 0.0)
            if gained > 0:
                parts.append(f"about {duration(elapsed * (1 - share) / gained)} left")
            elif self.total > 1:
                parts.append("time left not known yet")
        named = [str(one) for one in doing if str(one)]
        if named:
            more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            parts.append(f"under way: {'; '.join(named[:_NAMED])}{more}")
        return ", ".join(parts)

    def _say(self, text: str) -> None:
        self.last = self.clock()
        self.write(f"{self.now():%Y-%m-%d %H:%M:%S}  {text}")


class LineReporter:
    """Writes lines instead of bars: where output goes to a file or a batch system, which draws none.

    Args:
        write: Gets each line.
        tick_seconds: How often a stage looks whether it is time for a line.
    """

    def __init__(self, write: Callable[[str], object], *, tick_seconds: float = 1.0) -> None:
        self.write = write
        self.tick_seconds = tick_seconds

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Open a stage; its last line is written only if it ends well."""
        lines = StageLines(title, self.write)
        with self._ticking(lambda: [lines]):
            yield lines.advance
        lines.end()

    @contextmanager
    def pieces(self) -> Iterator[Callable[[str, int, int | None], None]]:
        """Write the lines of several named pieces, told as (what, done, total)."""
        known: dict[str, StageLines] = {}

        def advance(what: str, done: int, total: int | None) -> None:
            if what not in known:
                known[what] = StageLines(what, self.write, watch=lambda: [])
            known[what].advance(done, total or 0)

        with self._ticking(lambda: [lines for lines in list(known.values()) if lines.done < lines.total]):
            yield advance
        for lines in known.values():
            lines.end()

    def say(self, text: str) -> None:
        """Write one line."""
        self.write(f"{datetime.now():%Y-%m-%d %H:%M:%S}  {text}")

    @contextmanager
    def _ticking(self, lines: Callable[[], Sequence[StageLines]]) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(self.tick_seconds):
                for one in lines():
                    one.tick()

        thread = threading.Thread(target=watch, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> duration(42), duration(600), duration(9000)
        ('42 s', '10 min', '2 h 30 min')
    """
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
