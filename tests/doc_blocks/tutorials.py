"""Tutorials: pages that are run in an empty folder and show what their blocks print and draw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from doc_blocks.blocks import SHELL, find_blocks
from doc_blocks.pages import Outcome

__all__ = ["figures_of", "pictures_differ", "tidy", "unlike", "with_outputs"]

_PROGRESS = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\d)")
_HASH = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{10,64}\b")


def tidy(printed: str, folder: Path) -> str:
    """Return output as a tutorial shows it: without lines of progress, and with the folder of the run left out."""
    lines = [line.rstrip() for line in printed.splitlines() if not _PROGRESS.match(line)]
    text = "\n".join(lines).strip("\n").replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "")
    return f"{text}\n" if text else ""


def with_outputs(markdown: str, outcomes: Sequence[Outcome], folder: Path) -> str:
    """Return a page with the output of each Python and shell block in a `text` block directly below it."""
    lines = markdown.splitlines()
    blocks = find_blocks(markdown)
    below = {block.line: after for block, after in zip(blocks, [*blocks[1:], None], strict=True)}
    for outcome in sorted(outcomes, key=lambda one: -one.block.line):
        block = outcome.block
        if block.tag != "python" and block.tag not in SHELL:
            continue
        after = below[block.line]
        shown = tidy(outcome.printed, folder)
        if after is not None and after.tag == "text" and not after.before:
            del lines[block.end - 1 : after.end - 1]
        if shown:
            lines[block.end - 1 : block.end - 1] = ["", "```text", *shown.splitlines(), "```"]
    return "\n".join(lines) + "\n"


def unlike(shown: str, printed: str) -> str:
    """Return how two outputs differ, empty where they do not.

    Numbers may differ by one and a half units of the last digit that is shown, hashes (which depend on versions
    and on the code) by anything, and blanks do not count.
    """
    wanted, found = (_HASH.sub("#", text) for text in (shown, printed))
    words = [" ".join(_NUMBER.sub("0", text).split()) for text in (wanted, found)]
    if words[0] != words[1]:
        return f"the page shows\n{shown}\nand the code prints\n{printed}"
    for one, other in zip(_NUMBER.findall(wanted), _NUMBER.findall(found), strict=True):
        digits = len(one.partition(".")[2].partition("e")[0])
        if abs(_value(one) - _value(other)) > (1.5 * 10.0**-digits if digits else 0.0):
            return f"the page shows {one}, and the code prints {other}:\n{printed}"
    return ""


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def figures_of(markdown: str) -> list[str]:
    """Return the figures that a page shows, as its links say it: `images/forest.png`."""
    return re.findall(r"!\[[^\]]*\]\((images/[\w.-]+)\)", markdown)


def pictures_differ(first: Path, second: Path) -> str:
    """Return how two pictures differ, empty where they look the same.

    Edges of lines and letters may be drawn a little differently: the mean difference of grey levels counts,
    and it must stay below 1 of 255.
    """
    one, other = (np.asarray(Image.open(path).convert("L"), dtype=float) for path in (first, second))
    if one.shape != other.shape:
        return f"{first.name} is {one.shape} pixels on the page, and {other.shape} now"
    apart = float(np.abs(one - other).mean())
    return f"{first.name} looks different (mean difference {apart:.1f} grey levels)" if apart > 1 else ""
