"""Headers of NRRD and MetaImage files that end the process when ITK reads them, told beforehand."""

from __future__ import annotations

from pathlib import Path

from samesplit.errors import LesionError

__all__ = ["TEXT_HEADERS", "check_text_header"]

TEXT_HEADERS = (".nrrd", ".nhdr", ".mha", ".mhd")
_LOOKED_AT = 65_536
_LONGEST = 1_000
"""Of a line of NRRD that says how voxels lie; comments and what programs add (`key:=value`) may be longer."""
_FREE_TEXT = "content"
"""The field of NRRD in which programs write down all that was done to an image, at any length."""
_MOST_DIMENSIONS = 10
_DIMENSIONS = ("dimension", "ndims")


def check_text_header(path: Path) -> None:
    """Refuse what ITK does not survive: a number of dimensions that cannot be, and endless lines.

    Raises:
        LesionError: The header has either.
    """
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT)
    nrrd = head.startswith(b"NRRD")
    for line in head.splitlines():
        if line.startswith(b"#") or not (nrrd or line.strip()):  # MetaImage passes over empty lines
            continue
        key, sign, value = _parted(line)
        if not sign and not line.startswith(b"NRRD"):
            break  # the voxels, or an empty line before them
        if sign == ":" and value.startswith("="):
            continue
        if nrrd and len(line) > _LONGEST and key != _FREE_TEXT:
            raise _impossible(f"'{key}' is followed by {len(value):,} characters", path)
        if key in _DIMENSIONS and not _possible(value):
            raise _impossible(f"'{key}' is {value[:40].strip()!r}", path)
        if key == "elementdatafile":
            break


def _parted(line: bytes) -> tuple[str, str, str]:
    """Return key, sign and value of a line; the sign is empty where it is no such line."""
    text = line.decode("latin-1")
    sign = min((mark for mark in ":=" if mark in text), key=text.index, default="")
    key, _, value = text.partition(sign) if sign else (text, "", "")
    return key.strip().lower(), sign, value


def _possible(value: str) -> bool:
    try:
        return 1 <= int(value) <= _MOST_DIMENSIONS
    except ValueError:
        return False


def _impossible(what: str, path: Path) -> LesionError:
    return LesionError(
        f"the header cannot be: {what}",
        where=path,
        remedy="export or fetch the file again, or save it as NIfTI",
    )
