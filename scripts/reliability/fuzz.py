"""Fuzz every reader: `python scripts/reliability/fuzz.py --inputs 500 --seed 1 --output FILE.json`.

Each kind of file (tests/reliability/fuzz) is tried in a process of its own, so that a reader that crashes it is a
fault as any other; the inputs come from hypothesis with a fixed seed. Those that ended in a fault are kept.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
CRASHES = 5
"""After so many crashes a kind is given up."""
QUIET_S = 120
"""A process that has been at one input for so long hangs where no signal of its own reaches it."""


def child(name: str, inputs: int, seed: int, folder: Path) -> None:
    """Try a kind in this process; the input at hand stands in `current`, what was found in `found.json`."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from reliability.fuzz.kinds import named
    from reliability.fuzz.trial import memory_limit, try_input

    kind = named(name)
    path = kind.prepare(folder / "study")
    valid = path.read_bytes()
    first = try_input(lambda: kind.read(path), longest_s=120)  # libraries are imported, kernels compiled
    if first.kind != kind.valid:
        raise SystemExit(f"the valid {name} ends in: {first}")
    endings: Counter[str] = Counter()
    faults: dict[str, dict[str, object]] = {}
    distinct: set[int] = set()
    places: set[str] = set()

    @settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seeded(seed)
    @given(kind.spoil(valid))
    def body(content: bytes) -> None:
        (folder / "current").write_bytes(content)
        path.write_bytes(content)
        ending = try_input(lambda: kind.read(path))
        endings[ending.kind] += 1
        distinct.add(hash(content))
        places.add(ending.what)
        if ending.kind == "fault":
            known = faults.setdefault(ending.what, {"count": 0, "input": content})
            known["count"] += 1
            known["input"] = min(known["input"], content, key=len)
        if sum(endings.values()) % 25 == 0:
            _write(folder, endings, faults, len(distinct), sorted(places))

    with memory_limit():
        body()
    _write(folder, endings, faults, len(distinct), sorted(places))


def _write(
    folder: Path,
    endings: Counter[str],
    faults: dict[str, dict[str, object]],
    distinct: int,
    places: list[str],
) -> None:
    told = {what: {**one, "input": one["input"].hex()} for what, one in faults.items()}
    (folder / "found.json").write_text(
        json.dumps({"endings": endings, "faults": told, "distinct": distinct, "places": places})
    )


def campaign(name: str, group: str, inputs: int, seed: int, keep: Path) -> dict[str, object]:
    """Try a kind in processes of its own, which have the libraries of this one."""
    endings: Counter[str] = Counter()
    faults: dict[str, int] = {}
    places: set[str] = set()
    distinct = crashes = 0
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    while sum(endings.values()) < inputs and crashes < CRASHES:
        with tempfile.TemporaryDirectory(prefix="samesplit-fuzz-") as scratch:
            folder = Path(scratch)
            left = inputs - sum(endings.values())
            process = get_context("fork").Process(target=child, args=(name, left, seed + crashes, folder))
            process.start()
            quiet = _wait(process, folder / "current")
            found = (
                json.loads((folder / "found.json").read_text()) if (folder / "found.json").exists() else {}
            )
            endings.update(found.get("endings", {}))
            distinct += found.get("distinct", 0)
            places.update(found.get("places", ()))
            for what, one in found.get("faults", {}).items():
                faults[what] = faults.get(what, 0) + one["count"]
                _keep(keep, name, what, bytes.fromhex(one["input"]))
            if process.exitcode == 0:
                break
            if not (folder / "current").exists():
                raise SystemExit(f"{name}: cannot be tried")
            crashes += 1
            endings["fault"] += 1
            what = "the process did not answer" if quiet else f"the process ended with {process.exitcode}"
            faults[what] = faults.get(what, 0) + 1
            _keep(keep, name, what, (folder / "current").read_bytes())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "kind": name, "group": group, "inputs": sum(endings.values()), "distinct": distinct,
        "endings": dict(endings),
        "places": len(places), "faults": faults, "crashes": crashes, "wall_s": round(time.monotonic() - began, 1),
        "processor_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "memory_mb": round(after.ru_maxrss / 1024),
    }  # fmt: skip


def _wait(process: BaseProcess, current: Path) -> bool:
    """Wait for a process to end; end it where it has been at one input for too long. Whether that was so."""
    while process.is_alive():
        process.join(timeout=2)
        if current.exists() and time.time() - current.stat().st_mtime > QUIET_S:
            process.kill()
            process.join()
            return True
    return False


def _keep(folder: Path, name: str, what: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    place = what.rsplit("/", 1)[-1].replace(":", "-")[:60].replace(" ", "_")
    (folder / f"{name.replace(' ', '_')}--{place}".replace("\n", "_")).write_bytes(content)


def main() -> None:
    """Read the command line and try the kinds."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--inputs", type=int, default=500, help="inputs of each kind")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", nargs="*", default=[], help="these kinds or groups")
    asked.add_argument("--output", type=Path, default=ROOT / "reports" / "reliability" / "fuzz.json")
    given = asked.parse_args()
    from reliability.fuzz.kinds import kinds

    told = []
    given.output.parent.mkdir(parents=True, exist_ok=True)
    for kind in kinds():
        if given.only and not {kind.name, kind.group} & set(given.only):
            continue
        one = campaign(kind.name, kind.group, given.inputs, given.seed, given.output.with_suffix(""))
        told.append(one)
        took = f"{one['places']} places, {one['wall_s']} s, {one['memory_mb']} MB"
        print(f"{one['group']}: {one['kind']}: {one['inputs']} inputs, {one['endings']}, {took}", flush=True)
        for what, count in one["faults"].items():
            print(f"    {count} x {what}", flush=True)
        given.output.write_text(json.dumps({"seed": given.seed, "kinds": told}, indent=1))


if __name__ == "__main__":
    main()
