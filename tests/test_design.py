"""docs/design.md names files and rooms: they must be there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "samesplit"
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def test_every_file_that_the_picture_of_a_lesion_s_way_names_is_there() -> None:
    picture = DESIGN.split("## From cohort to report")[1].split("```")[1]
    named = re.findall(r"\b[a-z_]+/(?:[a-z_]+/)*(?:[a-z_]+\.py)?", picture)
    assert len(named) > 15
    assert [name for name in named if not (PACKAGE / name).exists()] == []


def test_every_room_of_the_package_is_in_the_table() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    table = DESIGN.split("| room | what belongs there |")[1].split("\n\n")[0]
    assert rooms - set(re.findall(r"`([a-z_]+)/`", table)) == set()


def test_every_path_in_the_text_is_there() -> None:
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", DESIGN))
    named = sorted(path.removeprefix("src/samesplit/") for path in paths)
    assert named
    assert [name for name in named if not (PACKAGE / name).exists()] == []
