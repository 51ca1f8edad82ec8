"""Sections of docstrings that the reader of the reference takes for something else."""

from __future__ import annotations

import re
from typing import Any

import griffe

__all__ = ["ReadableSections"]

_DOI = re.compile(r"\bdoi:? ?(10\.\d{4,9}/[^\s,;()]*[^\s,;().])")


class ReadableSections(griffe.Extension):
    """Show what stands under `Example:` as a session of Python, as under `Examples:`, and lead DOIs somewhere."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring is not None:
            text = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = _DOI.sub(r"[doi:\1](https://doi.org/\1)", text)
