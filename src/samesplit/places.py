"""Text that is to be shown to others without the folders of one's own machine in it.

A report is sent to colleagues and reviewers: it has no use for the name of a user, a disk or a hospital's share.
"""

from __future__ import annotations

import os
import re
import sysconfig
import tempfile
from collections.abc import Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["Places"]

_ABSOLUTE = re.compile(
    r"(?<![\w.~$%/:>)\]}-])"  # not inside a word, an address, a relative path or one that was shortened already
    r"(?:/(?:[^\s/'\"<>|;,:()]+/)+|[A-Za-z]:\\(?:[^\\/'\"<>|;,:()\n]+\\)+|\\\\(?:[^\\/'\"<>|;,:()\n]+\\)+)"
)
"""The folders of an absolute path: `/a/b/`, `C:\\a\\b\\` or `\\\\server\\share\\`."""


class Places:
    """Takes folders of this machine out of texts and tables.

    What lies in the workspace is named from there, the shared data folder and the user's own by a name, and of any
    other absolute path only the last part stays.

    Args:
        workspace: The folder that paths are told from.

    Example:
        >>> places = Places(Path("/home/ann/my study"))
        >>> places.hide("/home/ann/my study/benchmarks/x/images/L1.nii.gz is cut off")
        'benchmarks/x/images/L1.nii.gz is cut off'
        >>> places.hide("cannot open '/mnt/ward3/L1.nii.gz', see https://doi.org/10.1/x and a/b/c")
        "cannot open '…/L1.nii.gz', see https://doi.org/10.1/x and a/b/c"
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    @cached_property
    def _known(self) -> list[tuple[re.Pattern[str], str]]:
        roots: list[tuple[str | Path | None, str]] = [
            (self.workspace, ""),
            (os.environ.get("SAMESPLIT_DATA"), "$SAMESPLIT_DATA"),
            (Path(__file__).parent, "samesplit"),
            (sysconfig.get_paths()["purelib"], "site-packages"),
            (sysconfig.get_paths()["stdlib"], "python"),
            (tempfile.gettempdir(), "$TMPDIR"),
            (os.path.expanduser("~"), "~"),  # noqa: PTH111  # it stays as it is where there is no home
        ]
        texts = {text: name for root, name in reversed(roots) if root for text in _spellings(Path(root))}
        longest_first = sorted(texts.items(), key=lambda item: -len(item[0]))
        return [(_inside(text), name) for text, name in longest_first if len(text) > 1]

    def hide(self, text: str) -> str:
        """Return the text without absolute paths."""
        if "/" not in text and "\\" not in text:
            return text
        for pattern, name in self._known:
            text = pattern.sub(partial(_named, name), text)
        return _ABSOLUTE.sub("…/", text)

    def line_of_first(self, text: str) -> int | None:
        r"""Return the line, from 1, of the first absolute path in a text; None where there is none.

        Example:
            >>> Places(Path("/home/ann/my study")).line_of_first("lesion_id,image\nL1,/mnt/ward3/L1.nii.gz")
            2
        """
        lines = enumerate(text.splitlines(), start=1)
        return next((number for number, line in lines if self.hide(line) != line), None)

    def hide_in(self, value: Any) -> Any:
        """Plain data (dicts, lists, strings, numbers) without absolute paths in its strings."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {key: self.hide_in(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_in(part) for part in value]
        return value

    def hide_in_table(self, table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
        """Return the table without absolute paths in some columns of text; columns that it lacks play no part."""
        known = [name for name in columns if name in table]
        return table.assign(**{name: table[name].map(self.hide_in) for name in known})


def _spellings(root: Path) -> set[str]:
    return {str(root).rstrip("/\\"), str(root.resolve()).rstrip("/\\"), root.as_posix().rstrip("/")}


def _inside(root: str) -> re.Pattern[str]:
    """Return the root, and the separator behind it if one follows; another folder that begins alike is not it."""
    return re.compile(rf"(?<![\w.~$-]){re.escape(root)}([/\\]|(?![\w.-]))")


def _named(name: str, found: re.Match[str]) -> str:
    followed = bool(found[1])
    if not name:
        return "" if followed else "."
    return f"{name}/" if followed else name
