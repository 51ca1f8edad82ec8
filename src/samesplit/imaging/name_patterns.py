"""Naming patterns of image files, such as `{case}/{sequence}_mask.nii.gz`: what a file's name says about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from samesplit.errors import CohortError
from samesplit.imaging.image_references import split_reference

__all__ = ["NamePattern"]

_TOKEN = re.compile(r"\{(?P<name>[^{}:]*)(?::(?P<values>[^{}]*))?\}|(?P<folders>\*\*/)|(?P<wild>[*?])")
_GREEDY, _LAZY = "", "?"


@dataclass(frozen=True)
class NamePattern:
    """A pattern of paths below a folder.

    `{case}`, `{sequence}`, `{rater}` and other names in braces stand for one or more characters of one folder
    or file name, and are read from it; a name that comes twice has the same text twice.
    `{sequence:T1,T2}` takes these two texts and no others. `*` stands for any characters (also none) of one
    name, `?` for one, and `**/` for any number of folders. A pattern that ends with `/` names folders, each a
    DICOM series. What follows `::` is handed to every file: an ROI, a segment, or an array of a numpy file.

    Attributes:
        text: The pattern as written.

    Raises:
        CohortError: Braces do not close, or hold no name.

    Example:
        >>> NamePattern("{case}/{sequence}_mask.nii.gz").read("P01/T2_mask.nii.gz")
        {'case': 'P01', 'sequence': 'T2'}
        >>> NamePattern("{case}/{sequence:T1,T2}_mask.nii.gz").read("P01/PET_mask.nii.gz") is None
        True
    """

    text: str

    def __post_init__(self) -> None:
        rest = _TOKEN.sub("", self.path)
        for name, values in self._placeholders:
            if not name.isidentifier() or (values is not None and not all(values.split(","))):
                raise CohortError(
                    f"'{{{name}{'' if values is None else ':' + values}}}' is no placeholder",
                    where=f"the pattern '{self.text}'",
                    remedy="write {case}, {sequence}, {rater} or another name, or {sequence:T1,T2} for some "
                    "values only",
                )
        if "{" in rest or "}" in rest or "{" in self.part:
            raise CohortError(
                "has a brace that belongs to no placeholder",
                where=f"the pattern '{self.text}'",
                remedy="write placeholders as {case}, in the part that names files (before any ::)",
            )
        if self.path.startswith(("/", "../")):
            raise CohortError(
                "leads out of the folder",
                where=f"the pattern '{self.text}'",
                remedy="name a folder that holds both images and masks, and write patterns that start there",
            )

    @cached_property
    def path(self) -> str:
        """The pattern of the files, without what follows `::` and without `./`."""
        return split_reference(self.text)[0].removeprefix("./")

    @cached_property
    def part(self) -> str:
        """What follows `::`, with it; empty where nothing does."""
        return split_reference(self.text)[1]

    @property
    def of_folders(self) -> bool:
        """Whether it names folders instead of files."""
        return self.path.endswith("/")

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of the placeholders, each once."""
        return tuple(dict.fromkeys(name for name, _ in self._placeholders))

    @cached_property
    def fixed(self) -> int:
        """How many characters it prescribes: of two patterns that a file fits, the larger says more."""
        return len(_TOKEN.sub("", self.path))

    def read(self, path: str) -> dict[str, str] | None:
        """Read the placeholders from a path below the folder.

        Args:
            path: Relative, with `/` between folders; of a folder without one at its end.

        Returns:
            The text of each placeholder; None where the path does not fit.

        Raises:
            CohortError: The path can be read in two ways.
        """
        most = self._whole(_GREEDY).fullmatch(path)
        if most is None:
            return None
        least = self._whole(_LAZY).fullmatch(path)
        if least is not None and most.groupdict() != least.groupdict():
            name, one, other = next(
                (name, text, least[name]) for name, text in most.groupdict().items() if text != least[name]
            )
            raise CohortError(
                f"the pattern '{self.text}' can be read in two ways: {{{name}}} may be '{one}' or '{other}'",
                where=path,
                remedy=f"say which texts there are, such as {{{self.fields[-1]}:T1,T2}}, or list images in a CSV",
            )
        return most.groupdict()

    def fits(self, path: str) -> bool:
        """Whether a path below the folder fits the pattern."""
        return self._whole(_GREEDY).fullmatch(path) is not None

    def may_hold(self, folder: str) -> bool:
        """Whether files that fit may lie somewhere below a folder; a folder's path is given as a file's."""
        parts = self.path.rstrip("/").split("/")
        depth = folder.count("/") + 1
        if "**" in parts[:depth]:
            return True
        head = "/".join(parts[:depth])
        return depth < len(parts) and re.fullmatch(_regex(head, _GREEDY), folder) is not None

    def allows(self, fields: Mapping[str, str]) -> bool:
        """Whether placeholders have texts that the pattern takes; those that it has not may be any.

        Example:
            >>> NamePattern("{case}/{sequence:T1,T2}.nii.gz").allows({"sequence": "PET"})
            False
        """
        listed = {name: values.split(",") for name, values in self._placeholders if values is not None}
        return all(text in listed.get(name, [text]) for name, text in fields.items())

    def filled(self, fields: Mapping[str, str]) -> str:
        """Return the pattern with placeholders replaced by what is known of them.

        Example:
            >>> NamePattern("{case}/mask_{rater}.nii.gz").filled({"case": "P01"})
            'P01/mask_{rater}.nii.gz'
        """
        return _TOKEN.sub(lambda found: fields.get(found["name"] or "", found[0]), self.path) + self.part

    @cached_property
    def _placeholders(self) -> tuple[tuple[str, str | None], ...]:
        found = _TOKEN.finditer(self.path)
        return tuple((one["name"], one["values"]) for one in found if one["name"] is not None)

    def _whole(self, laziness: str) -> re.Pattern[str]:
        return re.compile(_regex(self.path.rstrip("/"), laziness))  # `re` keeps what it compiled


def _regex(pattern: str, laziness: str) -> str:
    """Return the regular expression of a pattern, in which repetitions take as much or as little as they can."""
    out, end, seen = [], 0, set[str]()
    for token in _TOKEN.finditer(pattern):
        out.append(re.escape(pattern[end : token.start()]))
        end = token.end()
        name, values = token["name"], token["values"]
        if token["folders"]:
            out.append(f"(?:[^/]+/)*{laziness}")
        elif token["wild"]:
            out.append("[^/]" if token["wild"] == "?" else f"[^/]*{laziness}")
        elif name in seen:
            out.append(f"(?P={name})")
        else:
            seen.add(name)
            allowed = f"[^/]+{laziness}" if values is None else "|".join(map(re.escape, values.split(",")))
            out.append(f"(?P<{name}>{allowed})")
    return "".join([*out, re.escape(pattern[end:])])
