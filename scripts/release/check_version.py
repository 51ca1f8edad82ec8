"""Check that a tag, CHANGELOG.md and CITATION.cff speak of one version, and print its notes.

python scripts/release/check_version.py v0.1.0

The notes are the section of the version in CHANGELOG.md, whose heading must hold the date of the release:
`## 0.1.0 (2026-12-01)`. A heading that still says "unreleased" is an error.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def notes_of(version: str, changelog: str, citation: str) -> str:
    """Return what CHANGELOG.md says of a version.

    Args:
        version: Such as 0.1.0.
        changelog: The text of CHANGELOG.md.
        citation: The text of CITATION.cff.

    Raises:
        ValueError: The version is not the newest of CHANGELOG.md, has no date, or CITATION.cff names another
            version or date.
    """
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    heading, _, notes = sections[0].partition("\n")
    said = re.fullmatch(r"(\S+) \((\d{4}-\d{2}-\d{2}|unreleased)\)", heading.strip())
    if said is None or said[1] != version:
        raise ValueError(
            f"the newest section of CHANGELOG.md is '{heading.strip()}', and {version} is released"
        )
    if said[2] == "unreleased":
        raise ValueError(f"CHANGELOG.md calls {version} unreleased; write the date into its heading")
    cited = yaml.safe_load(citation)
    if str(cited["version"]) != version or str(cited["date-released"]) != said[2]:
        told = f"CITATION.cff says {cited['version']} of {cited['date-released']}"
        raise ValueError(f"{told}, CHANGELOG.md {version} of {said[2]}")
    return notes.strip()


def main() -> None:
    """Check the tag that is given."""
    version = sys.argv[1].removeprefix("v")
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "CITATION.cff")]
    try:
        print(notes_of(version, *texts))
    except ValueError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
