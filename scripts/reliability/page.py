"""Write docs/reliability.md from what was measured: `python scripts/reliability/page.py FOLDER --docs docs`.

The folder holds what the other scripts wrote: fuzz*.json, guided*.json, kills*.json, disks*.json, together*.json;
faults.csv beside this script says what was found and mended. guided*.json is written by hand from what libFuzzer
says at the end of coverage_guided.py, which `make reliability` does not run for want of atheris:
{"atheris": "3.0.0", "readers": [{"reader": "YAML", "inputs": 18002, "seconds": 75, "faults": 0}, ...]}
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import re
import textwrap
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LIBRARIES = ("samesplit", "hypothesis", "numpy", "pandas", "SimpleITK", "pydicom", "PyYAML", "mlflow")


def _read(folder: Path, stem: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"{stem}*.json"))]


def _text(*parts: str) -> list[str]:
    """A paragraph, in lines of the width of the docs."""
    whole = re.sub(
        r"`[^`]+`", lambda code: code[0].replace(" ", "\0"), " ".join(parts)
    )  # code stays on one line
    lines = textwrap.wrap(whole, 140, break_long_words=False, break_on_hyphens=False)
    return [*(line.replace("\0", " ") for line in lines), ""]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def fuzz_part(found: list[dict[str, Any]]) -> list[str]:
    """Inputs by kind; of a kind that was tried in several files the last one counts."""
    kinds = {one["kind"]: {**one, "seed": each["seed"]} for each in found for one in each["kinds"]}
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in kinds.values():
        groups.setdefault(one["group"], []).append(one)
    total: Counter[str] = Counter()
    for one in kinds.values():
        total.update(one["endings"])
    inputs, distinct = sum(total.values()), sum(one["distinct"] for one in kinds.values())
    wall, processor = (sum(one[key] for one in kinds.values()) for key in ("wall_s", "processor_s"))
    memory = max(one["memory_mb"] for one in kinds.values())
    seeds = ", ".join(str(seed) for seed in sorted({one["seed"] for one in kinds.values()}))
    lines = [
        "## Spoilt files",
        "",
        *_text(
            f"{inputs:,} inputs of {len(kinds)} kinds of file ({distinct:,} of them different) were made",
            f"by hypothesis from valid files (seed {seeds}) and read as a command reads them, each with 10",
            f"s and 2 GB: {total['success']:,} were read, {total['error']:,} ended in a clear error that",
            f"says what is wrong, where, and what to do, {total['ledger']:,} in a row of the case ledger,",
            f"and {total['fault']:,} in anything else (a traceback, a warning, a crash, too much time or",
            f"memory). It took {wall / 60:.0f} minutes, {processor / 60:.1f} of them of processor time; no",
            f"process took more than {memory:,} MB.",
        ),
        _row("kind of file", "inputs", "read", "clear error", "ledger row", "fault", "places"),
        "|---|---|---|---|---|---|---|",
    ]
    for group, members in groups.items():
        for one in members:
            ends = one["endings"]
            counts = (ends.get(key, 0) for key in ("success", "error", "ledger", "fault"))
            lines.append(_row(f"{group}: {one['kind']}", one["inputs"], *counts, one["places"]))
    return [
        *lines,
        "",
        *_text(
            "*Places* are the different lines of the code that said what was wrong. SimpleITK does not read",
            "NIfTI of version 2, so that a sound file ends in a row of the ledger too.",
        ),
    ]


def faults_part() -> list[str]:
    """What was found and mended."""
    with (HERE / "faults.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        "## Found and mended",
        "",
        *_text(
            f"{len(rows)} faults were found while these campaigns were built; each is mended and has a",
            "test.",
        ),
        _row("input", "what came of it", "what comes of it now"),
        "|---|---|---|",
    ]
    return [*lines, *(_row(row["input"], row["before"], row["now"]) for row in rows), ""]


def guided_part(found: list[dict[str, Any]]) -> list[str]:
    """Inputs that atheris made under the guidance of coverage."""
    told = [
        f"{one['inputs']:,} of {one['reader']} ({one['seconds']} s)"
        for each in found
        for one in each["readers"]
    ]
    faults = sum(one["faults"] for each in found for one in each["readers"])
    return [
        "## Guided by coverage",
        "",
        *_text(
            f"The readers of pure Python were also fuzzed by atheris {found[-1]['atheris']}, guided by coverage",
            f"(scripts/reliability/coverage_guided.py): {', '.join(told)}; faults: {faults}.",
        ),
    ]


def kills_part(found: list[dict[str, Any]]) -> list[str]:
    """Each kill: moment, stage, and how the run went on."""
    runs = [run for one in found for run in one["runs"]]
    kills = [kill for run in runs for kill in run["kills"] if "after_s" in kill]
    same = sum(run["code"] == 0 and not run["differs"] for run in runs)
    once = sum(bool(run.get("tracked_once")) for run in runs)
    left = sum(len(run.get("leftovers", ())) for run in runs)
    after_clean = sum(len(run.get("leftovers_after_clean", ())) for run in runs)
    most = max(sum("after_s" in kill for kill in run["kills"]) for run in runs)
    reference = ", ".join(f"{one['reference_s']:.0f} s" for one in found)
    seeds = ", ".join(str(one["seed"]) for one in found)
    lines = [
        "## Killed runs",
        "",
        *_text(
            "A whole `samesplit run` (images, features, a grid, a network, an ensemble, readers, report,",
            f"push to mlflow.db) was killed with SIGKILL, with all its processes, {len(kills)} times in",
            f"{len(runs)} runs (seed {seeds}), up to {most} times in a row, at moments spread at random",
            f"over a run without interruption ({reference} on a busy machine). {same} of {len(runs)} runs",
            f"ended with the same `predictions.csv` and `results.csv` byte for byte; in {once} the store",
            "held one finished set of runs. Temporary folders of killed processes that stayed in the",
            f"cache: {left}; after `samesplit clean`: {after_clean}.",
        ),
        _row("run", "moment (s)", "stage under way", "killed after (s)", "then"),
        "|---|---|---|---|---|",
    ]
    for number, run in enumerate(runs, start=1):
        outcome = "the same" if run["code"] == 0 and not run["differs"] else "OTHER"
        ends = f"resumed in {run['resume_s']:.0f} s, {outcome}"
        hits = [kill for kill in run["kills"] if "after_s" in kill]
        for place, kill in enumerate(hits):
            then = ends if place == len(hits) - 1 else "killed again"
            lines.append(
                _row(number, f"{kill['moment_s']:.0f}", kill["stage"], f"{kill['after_s']:.0f}", then)
            )
    return [
        *lines,
        "",
        "*after Images* is a moment between two stages; *loading* is before the first one.",
        "",
    ]


def disks_part(found: list[dict[str, Any]]) -> list[str]:
    """Each stage with a full disk."""
    lines = ["## Full disks", ""]
    for one in found:
        if "skipped" in one:
            return [*lines, f"Not tried here: {one['skipped']}.", ""]
        stages = one["stages"]
        clear = sum(stage["clear"] for stage in stages)
        outcome = "the same" if one["code"] == 0 and not one["differs"] else "OTHER"
        lines += [
            *_text(
                f"A file system of {one['megabytes']} MB was filled when each stage began. {clear} of",
                f"{len(stages)} commands ended with exit code 1, one message and a remedy, and without a",
                f"traceback. With space again the same command ended with {outcome} predictions and results as",
                "a run that had space all the time.",
            ),
            _row("stage or command", "exit code", "clear", "first words of the message", "with space again"),
            "|---|---|---|---|---|",
        ]
        for stage in stages:
            words = stage["message"].splitlines()[0].rpartition("/")[2] if stage["message"] else ""
            again = {0: "goes on", None: "next stage"}.get(stage.get("code_with_space"), "fails")
            lines.append(_row(stage["stage"], stage["code"], "yes" if stage["clear"] else "NO", words, again))
    return [*lines, ""]


def together_part(found: list[Any]) -> list[str]:
    """Each pair of commands."""
    lines = [
        "## Two commands at once",
        "",
        *_text(
            "Both were begun at the same moment in one workspace. *Same* says whether the predictions and",
            "results of the latest runs are those of one command alone (with `compare`: the predictions of the",
            "run's own models); *store* whether mlflow.db is whole and all its runs are finished.",
        ),
        _row("commands", "exit codes", "message", "waited", "same", "store"),
        "|---|---|---|---|---|---|",
    ]
    for pair in {pair["what"]: pair for one in found for pair in one}.values():  # the last one counts
        commands = pair["commands"]
        told = (
            " ".join(c["message"].splitlines()[0].rpartition("/")[2] for c in commands if c["message"])
            or "none"
        )
        waited = "yes" if any(command["waited"] for command in commands) else "no"
        store = "whole" if pair["tracked"]["whole"] and not pair["tracked"]["unfinished"] else "NOT WHOLE"
        codes = " and ".join(str(command["code"]) for command in commands)
        lines.append(_row(pair["what"], codes, told, waited, "NO" if pair["differs"] else "yes", store))
    return [*lines, ""]


def main() -> None:
    """Read the command line and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--docs", type=Path, default=HERE.parents[1] / "docs")
    given = asked.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines = [
        "# Reliability",
        "",
        *_text(
            "What happens when things go wrong: files that are spoilt, runs that are killed, disks that",
            "are full, and two commands at once. `make reliability` tries all of it but what coverage guides,",
            "and writes this page (`QUICK=1`: a part of it, beside the page); quick versions of the same are",
            "among the tests.",
        ),
        *_text(
            f"Measured on {datetime.now(UTC):%d %B %Y} with Python {platform.python_version()} on",
            f"{platform.system()}; {versions}.",
        ),
    ]
    parts = (
        ("fuzz", fuzz_part),
        ("guided", guided_part),
        ("kills", kills_part),
        ("disks", disks_part),
        ("together", together_part),
    )
    for stem, part in parts:
        if found := _read(given.folder, stem):
            lines += part(found)
        if stem == "fuzz":
            lines += faults_part()
    given.docs.mkdir(parents=True, exist_ok=True)
    (given.docs / "reliability.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
