"""Where results come from: the machine, and hashes of content."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from samesplit.errors import LesionError
from samesplit.imaging.file_hashes import file_hash
from samesplit.imaging.image_references import content_hash, parse_reference
from samesplit.run.processor import instructions, processor

__all__ = ["ContentHashes", "git_state", "machine"]

_GIT_SECONDS = 10


def git_state(folder: Path) -> dict[str, str | bool]:
    """Return the commit that a folder stands at, and whether anything in it differs from that commit.

    Args:
        folder: Usually the workspace.

    Returns:
        `commit` and `changed`; empty where the folder is under no version control or git cannot be asked.
    """
    found = []
    for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no", ".")):
        try:
            asked = subprocess.run(
                ["git", "-C", str(folder), *words],
                capture_output=True,
                text=True,
                timeout=_GIT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return {}
        found.append(asked.stdout.strip())
    commit, changes = found
    return {"commit": commit, "changed": bool(changes)}


def machine() -> dict[str, str | int | float]:
    """Return the machine in words: system, processor, its instructions in use, cores and memory in GB."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": processor(),
        "instructions": instructions(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gb": _memory_gb(),
    }


def _memory_gb() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):  # not every system tells
        return 0.0


class ContentHashes:
    """SHA-256 of image files, each file read once; array references share the hash of their file.

    A header whose voxels lie in another file (.mhd, .nhdr) is hashed together with that file.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, reference: str) -> str:
        """Return the hash of what a reference names (a path, `a.npz::b[3]`, `rt.dcm::GTV`), else 'missing'."""
        try:
            parsed = parse_reference(reference)
        except LesionError:
            return "missing"  # no kind of file that is read: opening it fails with a reason of its own
        path = reference if parsed.is_dicom else str(parsed.path)
        if path not in self._known:
            try:
                self._known[path] = file_hash(parsed.path) if parsed.is_array else content_hash(path)
            except (OSError, LesionError):
                self._known[path] = "missing"
        return self._known[path] + reference.removeprefix(path)
