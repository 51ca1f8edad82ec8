"""Fuzz the readers that are pure Python under the guidance of coverage: tables, YAML and NIfTI headers.

The project does not depend on atheris. In an environment of its own (`pip install atheris`, Python 3.11) with the
project and its libraries on the path:

    python scripts/reliability/coverage_guided.py yaml -max_total_time=60 -print_final_stats=1

What follows the name of the reader are options of libFuzzer. An exception that is no SamesplitError ends it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["samesplit", "yaml", "csv"]):
    from samesplit.csv_files import read_cells
    from samesplit.declarations import read_yaml
    from samesplit.errors import SamesplitError
    from samesplit.imaging.nifti import check_whole

SEEDS = {
    "table": b"lesion_id;size, mm\nL1;1,5\nL2;NA\n",
    "yaml": b"title: x\ntasks: {a: {kind: binary, list: [1, 2.5, null]}}\nb: &c [1]\nd: *c\n",
    "nifti": b"\x5c\x01\0\0" + bytes(36) + b"\3\0\2\0\2\0\2\0" + bytes(22) + b"\x04\0\x10\0" + bytes(34)
    + b"\0\0\xb0C" + bytes(232) + b"n+1\0" + bytes(20),
}  # fmt: skip


def _readers(folder: Path) -> dict[str, tuple[Path, Callable[[Path], object]]]:
    return {
        "table": (folder / "t.csv", lambda path: read_cells(path, known=["lesion_id"], numbers=["size, mm"])),
        "yaml": (folder / "t.yaml", read_yaml),
        "nifti": (folder / "t.nii", check_whole),
    }


def main() -> None:
    """Read the name of the reader and hand the rest to libFuzzer."""
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="samesplit-atheris-") as scratch:
        path, read = _readers(Path(scratch))[name]
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        (corpus / "valid").write_bytes(SEEDS[name])

        def try_one(content: bytes) -> None:
            path.write_bytes(content)
            try:
                read(path)
            except SamesplitError as error:
                if not (error.where and error.remedy):
                    raise RuntimeError("an error that does not say where, or what to do") from error

        atheris.Setup([sys.argv[0], *options, str(corpus)], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
