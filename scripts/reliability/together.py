"""Two commands at once in one workspace: `python scripts/reliability/together.py`.

Both must end right, or one must say clearly that another is under way; what is predicted must be what one command
alone predicts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from kills import tracked  # noqa: E402
from study import build, start  # noqa: E402

RUN = ("run", "balls", "--jobs", "1")
COMPARED = ("predictions.csv", "results.csv")


def _copy_of_benchmark(root: Path) -> None:
    shutil.copytree(root / "benchmarks" / "balls", root / "benchmarks" / "others")


def _predictions(root: Path) -> None:
    lesions = [
        line.split(",")[0]
        for line in (root / "benchmarks" / "balls" / "lesions.csv").read_text().splitlines()[1:]
    ]
    for number, name in enumerate(("one", "two")):
        lines = [f"{lesion},0.{place + 50 * number}" for place, lesion in enumerate(lesions, 10)]
        (root / f"{name}.csv").write_text("\n".join(["lesion_id,probability", *lines]) + "\n")


def _compare(name: str, file: str) -> tuple[str, ...]:
    return ("compare", "balls", f"{file}.csv", "--name", name, "--jobs", "1")


PAIRS: dict[str, tuple[bool, Any, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "run and the same run": (False, None, (RUN, RUN)),
    "runs of two benchmarks with one cache": (
        False,
        _copy_of_benchmark,
        (RUN, ("run", "others", "--jobs", "1")),
    ),
    "run and clean": (False, None, (RUN, ("clean",))),
    "run and push of another run": (
        True,
        _copy_of_benchmark,
        (("run", "others", "--jobs", "1"), ("push", "balls")),
    ),
    "compare and compare": (True, _predictions, (_compare("One", "one"), _compare("Two", "two"))),
    "compare and compare under one name": (
        True,
        _predictions,
        (_compare("One", "one"), _compare("One", "two")),
    ),
    "run and split": (True, None, (RUN, ("split", "balls", "--overwrite"))),
}
"""Whether the run is finished before, what else is prepared, and the two commands."""


def together(root: Path, commands: tuple[tuple[str, ...], ...]) -> list[dict[str, Any]]:
    """Start commands at once; how each ended."""
    logs = [root.with_name(f"{root.name}-{place}.log") for place in range(len(commands))]
    began = time.monotonic()
    processes = [start(root, *words, log=log) for words, log in zip(commands, logs, strict=True)]
    told = []
    for process, log, words in zip(processes, logs, commands, strict=True):
        code = process.wait()
        text = log.read_text(errors="replace")
        message = text.rpartition("Error: ")[2].strip()[:400] if "Error: " in text else ""
        clear = code == 0 or (code == 1 and "Remedy: " in message and "Traceback" not in text)
        waited = [line for line in text.splitlines() if "waiting for it" in line]
        told.append(
            {
                "command": " ".join(words),
                "code": code,
                "clear": clear,
                "message": message or text[-300:] * (code != 0),
                "waited": waited,
                "s": round(time.monotonic() - began, 1),
            }
        )
    return told


def main() -> None:
    """Read the command line and run the pairs."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", nargs="*", default=list(PAIRS))
    asked.add_argument("--output", type=Path, default=ROOT / "reports" / "reliability" / "together.json")
    given = asked.parse_args()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    told = []
    with tempfile.TemporaryDirectory(prefix="samesplit-together-") as scratch:
        fresh, finished = Path(scratch) / "fresh", Path(scratch) / "finished"
        build(fresh, network=False)
        shutil.copytree(fresh, finished)
        log = finished.with_suffix(".log")
        if start(finished, *RUN, log=log).wait():
            raise SystemExit(log.read_text())
        expected = {
            name: (finished / "reports" / "balls" / "latest" / name).read_bytes() for name in COMPARED
        }
        for name in given.only:
            after, prepare, commands = PAIRS[name]
            root = Path(scratch) / name.replace(" ", "-")
            shutil.copytree(finished if after else fresh, root, symlinks=True)
            if prepare is not None:
                prepare(root)
            one = {"what": name, "commands": together(root, commands), "tracked": tracked(root)}
            one["differs"] = _differs(root, expected, joined="compare" in name)
            told.append(one)
            print(json.dumps(one), flush=True)
            given.output.write_text(json.dumps(told, indent=1))


def _differs(root: Path, expected: dict[str, bytes], *, joined: bool) -> list[str]:
    """Tables of the latest runs that are not the reference's, without the lines of models that were joined."""
    found = []
    for latest in sorted((root / "reports").glob("*/latest")):
        for name, content in expected.items():
            if joined and name != "predictions.csv":
                continue  # what is compared with whom is another question there
            lines = (latest / name).read_bytes().splitlines()
            if joined:
                lines = [line for line in lines if not line.startswith((b"one,", b"two,"))]
            if lines != content.splitlines():
                found.append(f"{latest.parent.name}/{name}")
    return found


if __name__ == "__main__":
    main()
