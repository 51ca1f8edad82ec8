"""Run the tutorials of docs/tutorials and write what they print and draw into the pages: `make tutorials`.

Each page is run in an empty folder, in one process and without the user's cache. Its Python and shell blocks get
what they print in a `text` block directly below, and the pictures that it links to (`images/...`) are copied from
the folder of the run to docs/tutorials/images. A test runs the pages again and compares.

Usage: python scripts/docs/tutorials.py [NAME ...]      NAME: reader-study; default: all
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import samesplit.execution.dispatch as dispatch  # noqa: E402
from doc_blocks.blocks import find_blocks  # noqa: E402
from doc_blocks.pages import run_page  # noqa: E402
from doc_blocks.tutorials import figures_of, with_outputs  # noqa: E402

PAGES = ROOT / "docs" / "tutorials"


def write(page: Path) -> None:
    """Run one page and write its outputs and pictures."""
    markdown = page.read_text(encoding="utf-8")
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder).resolve()
        (scratch / "work").mkdir()
        os.environ.update(XDG_CACHE_HOME=str(scratch / "cache"), COLUMNS="120")
        os.environ.pop("SAMESPLIT_DATA", None)
        os.chdir(scratch / "work")
        began = time.process_time()
        try:
            outcomes = list(run_page(find_blocks(markdown, page.name), scratch / "read"))
        finally:
            os.chdir(home)
        took = time.process_time() - began
        page.write_text(with_outputs(markdown, outcomes, scratch / "work"), encoding="utf-8")
        for name in figures_of(markdown):
            (found,) = (scratch / "work").rglob(name)
            (PAGES / name).parent.mkdir(exist_ok=True)
            shutil.copy(found, PAGES / name)
    print(f"{page.relative_to(ROOT)}: {len(outcomes)} blocks, {took:.1f} s")


def main() -> None:
    """Run the pages that are named, or all of them."""
    os.environ.setdefault("MPLBACKEND", "agg")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # One core, and its work is done in this process: starting another would take longer than the work.
    dispatch.map_in_processes = lambda function, items, *, jobs: (
        (place, function(item)) for place, item in enumerate(items)
    )
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="pages by name, without .md")
    names = parser.parse_args().names or sorted(path.stem for path in PAGES.glob("*.md"))
    for name in names:
        write(PAGES / f"{name}.md")


if __name__ == "__main__":
    main()
