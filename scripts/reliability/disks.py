"""Fill the disk as each stage begins, free it, and go on: `python scripts/reliability/disks.py` (as root).

The workspace lies on a file system of its own in memory, which only root can mount. When a stage begins, a file
takes all the space that is left. The command must end with one clear message and exit code 1; when the file is
gone, the same command must go on and end with the predictions of a run that had space all the time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from study import build, command, environment, start  # noqa: E402

RUN = ("run", "balls", "--jobs", "1")
STAGES = ("loading", "Images", "Features first-order", "Grid", "Models", "Statistics", "Report", "MLflow")
COMPARED = ("predictions.csv", "results.csv")
MEGABYTES = 300


@contextmanager
def small_disk(at: Path, megabytes: int = MEGABYTES) -> Iterator[Path]:
    """Mount a file system in memory.

    Raises:
        PermissionError: Only root may.
    """
    at.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "samesplit-reliability", str(at)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise PermissionError(done.stderr.strip())
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=False)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Take all the space that is left while the block runs."""
    filler = disk / "filler"
    fill(filler)
    try:
        yield
    finally:
        filler.unlink()


def fill(filler: Path) -> None:
    """Write a file until nothing more fits."""
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        free = os.statvfs(filler.parent)
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        file.seek(0, os.SEEK_END)
        while True:
            file.write(b"\0" * 4096)


def fail_in(root: Path, stage: str, words: tuple[str, ...], log: Path) -> dict[str, Any]:
    """Fill the disk when a stage begins; how the command ended, the space being free again."""
    filler = root.parent / "filler"
    if stage == "loading":
        fill(filler)
    process = start(root, *words, log=log)
    while process.poll() is None:
        if not filler.exists() and f"  {stage}:" in log.read_text(errors="replace"):
            fill(filler)
        time.sleep(0.01)
    filler_was = filler.exists()
    filler.unlink(missing_ok=True)
    return {
        "stage": stage,
        "command": " ".join(words),
        "filled": filler_was,
        **_ending(process.returncode, log),
    }


def _ending(code: int, log: Path) -> dict[str, Any]:
    """Exit code, the message, and whether it is one clear message."""
    text = log.read_text(errors="replace")
    _, _, message = text.rpartition("Error: ")
    return {
        "code": code,
        "message": message.strip()[:400] if "Error: " in text else text[-300:],
        "clear": code == 1
        and text.count("Error: ") == 1
        and "Remedy: " in message
        and "Traceback" not in text,
    }


def _tables(root: Path) -> dict[str, bytes]:
    return {name: (root / "reports" / "balls" / "latest" / name).read_bytes() for name in COMPARED}


def main() -> None:
    """Read the command line, fill the disk stage by stage, and compare."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--stages", nargs="*", default=list(STAGES))
    asked.add_argument("--output", type=Path, default=ROOT / "reports" / "reliability" / "disks.json")
    given = asked.parse_args()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {"megabytes": MEGABYTES, "stages": []}
    with tempfile.TemporaryDirectory(prefix="samesplit-disks-") as scratch:
        reference = Path(scratch) / "reference"
        build(reference, network=False)
        disk = Path(scratch) / "disk"
        try:
            with small_disk(disk):
                root = disk / "workspace"
                shutil.copytree(reference, root)
                log = Path(scratch) / "reference.log"
                if start(reference, *RUN, log=log).wait():
                    raise SystemExit(log.read_text())
                _fill_each(root, given.stages, Path(scratch), _tables(reference), told)
        except PermissionError as error:
            told["skipped"] = f"a file system in memory could not be mounted: {error}"
            print(told["skipped"])
    given.output.write_text(json.dumps(told, indent=1))


def _fill_each(
    root: Path, stages: list[str], scratch: Path, expected: dict[str, bytes], told: dict[str, Any]
) -> None:
    for stage in stages:
        one = fail_in(root, stage, RUN, scratch / f"{stage.replace(' ', '-')}.log")
        told["stages"].append(one)
        print(json.dumps(one), flush=True)
    log = scratch / "freed.log"
    code = start(root, *RUN, log=log).wait()
    told["code"] = code
    told["differs"] = [name for name in expected if code or _tables(root)[name] != expected[name]]
    if code:
        told["said"] = log.read_text()[-1500:]
    print(
        f"With space again: exit code {code}, other than the reference: {told['differs'] or 'nothing'}",
        flush=True,
    )
    (root / "mine.csv").write_text(_predictions(root))
    images = root / "benchmarks" / "balls" / "images"
    (root / "out").mkdir()
    patterns = ("--image-pattern", "{case}_T1C.nii.gz", "--mask-pattern", "{case}_T1C_mask.nii.gz")
    extract = (
        "extract",
        str(images),
        *patterns,
        "-p",
        "first-order",
        "-o",
        str(root / "out" / "features.csv"),
    )
    others: dict[str, tuple[str, ...]] = {
        "validate": ("validate", "balls"),
        "extract": extract,
        "compare": ("compare", "balls", str(root / "mine.csv"), "--name", "Mine", "--no-track"),
        "report": ("report", "balls"),
        "init": ("init", str(root / "benchmarks" / "another")),
    }
    known = subprocess.run(
        command("--help"), env=environment(), capture_output=True, text=True, check=False
    ).stdout
    for name, words in others.items():
        if f" {name} " not in known:
            continue
        one = fail_in(root, "loading", words, scratch / f"{name}.log")
        again = start(root, *words, log=scratch / f"{name}-again.log").wait()
        told["stages"].append({**one, "stage": name, "code_with_space": again})
        print(json.dumps(told["stages"][-1]), flush=True)


def _predictions(root: Path) -> str:
    lesions = (root / "benchmarks" / "balls" / "lesions.csv").read_text().splitlines()[1:]
    return "lesion_id,probability\n" + "".join(f"{line.split(',')[0]},0.5\n" for line in lesions)


if __name__ == "__main__":
    main()
