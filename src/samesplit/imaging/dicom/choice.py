"""Which of the things that a DICOM file or folder holds is meant: by exact name, by pattern or by number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samesplit.errors import LesionError

__all__ = ["Entry", "choose"]

_SHOWN = 40


@dataclass(frozen=True)
class Entry:
    """Something that can be named.

    Attributes:
        names: Every text that names it exactly; the last one is what patterns are compared with.
        number: Its number in the file (ROI number, segment number); None where it has none.
        description: How it is listed in messages.
    """

    names: tuple[str, ...]
    number: int | None
    description: str


def choose(entries: Sequence[Entry], selector: str | None, *, what: str, where: Path) -> int:
    """Return the position of the one entry that a selector names.

    Args:
        entries: What there is.
        selector: A name; a regular expression between slashes that must match the whole name of exactly one
            entry; a number in brackets; None where there is only one entry.
        what: What an entry is, for messages (`ROI`, `segment`, `series`).
        where: The file or folder.

    Example:
        >>> rois = [Entry(("GTV-1",), 4, "GTV-1"), Entry(("Heart",), 7, "Heart")]
        >>> [choose(rois, text, what="ROI", where=Path("rt.dcm")) for text in ("Heart", "/GTV.*/", "[7]")]
        [1, 0, 1]

    Raises:
        LesionError: None or several are meant; the message lists all that there are.
    """
    if not entries:
        raise LesionError(f"there is no {what}", where=where, remedy="check that it is the right file")
    found = _matches(entries, selector, where)
    if len(found) == 1:
        return found[0]
    if selector is None:
        problem, remedy = f"there are {len(entries)} {_plural(what)}", f"name one of them after '::', {_HOW}"
    elif not found:
        problem, remedy = f"no {what} is named {selector!r}", f"name one that is there, {_HOW}"
    else:
        problem = f"{selector!r} names {len(found)} {_plural(what)} and must name exactly one"
        numbered = any(entry.number is not None for entry in entries)
        remedy = "give its number in brackets, or a narrower name" if numbered else "give the exact name"
    listed = "\n".join(f"    {entry.description}" for entry in entries[:_SHOWN])
    more = f"\n    and {len(entries) - _SHOWN} others" if len(entries) > _SHOWN else ""
    raise LesionError(f"{problem}; found:\n{listed}{more}", where=where, remedy=remedy)


_HOW = "by its exact name or by a pattern between slashes (/GTV.*/)"


def _plural(what: str) -> str:
    return what if what.endswith("s") else f"{what}s"


def _matches(entries: Sequence[Entry], selector: str | None, where: Path) -> list[int]:
    if selector is None:
        return list(range(len(entries)))
    exact = [place for place, entry in enumerate(entries) if selector in entry.names]
    if exact:
        return exact
    number = re.fullmatch(r"\[(\d+)\]", selector)
    if number is not None:
        return [place for place, entry in enumerate(entries) if entry.number == int(number[1])]
    if len(selector) < 3 or not (selector.startswith("/") and selector.endswith("/")):
        return []
    try:
        pattern = re.compile(selector[1:-1])
    except re.error as error:
        raise LesionError(
            f"{selector!r} is no regular expression ({error})", where=where, remedy="correct the pattern"
        ) from None
    return [place for place, entry in enumerate(entries) if pattern.fullmatch(entry.names[-1])]
