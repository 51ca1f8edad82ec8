"""An audit of leaks that fits a run goes into the run's folder, where the report finds it."""

from __future__ import annotations

import json
from pathlib import Path

from samesplit.run.plan import Plan
from samesplit.storage import hash_object, write_bytes
from samesplit.tables import hash_table

__all__ = ["AUDIT_FILES", "adopt_audit", "input_hashes"]

AUDIT_FILES = {"audit.parquet": "audit.parquet", "record.json": "audit_record.json"}
"""The audit's files, and their names in a run's folder."""


def input_hashes(plan: Plan) -> dict[str, str]:
    """Hashes of what a run and an audit start from: cohort, images, lesions, split, profiles, own features."""
    own = getattr(plan.cohort, "features", None)
    return {
        "cohort": plan.cohort.sha256,
        "images": hash_object(sorted(plan.content.values())),
        "lesions": hash_table(plan.cohort.lesions),
        "split": plan.split.sha256,
        **({"features": own.sha256} if own is not None else {}),
        **{f"profile {name}": profile.digest() for name, profile in plan.profiles.items()},
    }


def adopt_audit(run_folder: Path) -> bool:
    """Copy the benchmark's audit into a run's folder if both started from the same; else remove an older copy.

    Args:
        run_folder: `reports/<benchmark>/<run>`; the audit stands in `reports/<benchmark>/audit`.

    Returns:
        Whether anything in the run's folder changed.
    """
    audit = run_folder.parent / "audit"
    fits = _hashes(audit / "record.json") == _own(run_folder) and (audit / "audit.parquet").exists()
    changed = False
    for name, copy in AUDIT_FILES.items():
        target = run_folder / copy
        wanted = (audit / name).read_bytes() if fits else None
        there = target.read_bytes() if target.exists() else None
        if wanted == there:
            continue
        changed = True
        if wanted is None:
            target.unlink()
        else:
            write_bytes(target, wanted)
    return changed


def _own(run_folder: Path) -> dict[str, str] | None:
    """The hashes in run.json that an audit has too; None for a canary, which has other labels."""
    try:
        run = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if run.get("options", {}).get("shuffle_labels"):
        return None
    kept = ("cohort", "images", "lesions", "split", "features")
    hashes = {str(k): str(v) for k, v in run.get("hashes", {}).items()}
    return {k: v for k, v in hashes.items() if k in kept or k.startswith("profile ")}


def _hashes(path: Path) -> dict[str, str]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in record.get("hashes", {}).items()}
