"""An audit of leaks that fits a run goes into the run's folder, where the report finds it."""

from __future__ import annotations

import logging
from pathlib import Path

from samesplit.kept import read_kept_json
from samesplit.run.plan import Plan
from samesplit.run_folder import AUDIT_RECORD, AUDIT_TABLE, RUN_RECORD
from samesplit.storage import hash_file, hash_object, write_bytes
from samesplit.tables import hash_table, read_record

__all__ = ["AUDIT_FILES", "adopt_audit", "input_hashes"]

AUDIT_FILES = {AUDIT_TABLE: AUDIT_TABLE, "record.json": AUDIT_RECORD}
"""The audit's files, and their names in a run's folder."""
_LOG = logging.getLogger("samesplit.kept")


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
    fits = _hashes(audit / "record.json") == _own(run_folder) and _is_whole(audit / AUDIT_TABLE)
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
    """Return the hashes in run.json that an audit has too; None where labels are permuted."""
    run, _ = read_kept_json(run_folder / RUN_RECORD, "hashes")
    if not run:
        return None
    if run.get("options", {}).get("shuffle_labels"):
        return None
    kept = ("cohort", "images", "lesions", "split", "features")
    hashes = {str(k): str(v) for k, v in run.get("hashes", {}).items()}
    return {k: v for k, v in hashes.items() if k in kept or k.startswith("profile ")}


def _hashes(path: Path) -> dict[str, str]:
    record, damage = read_kept_json(path, "hashes")
    if damage:
        _LOG.warning("%s: %s; the audit is not in the report until it is done again", path.parent, damage)
    return {str(k): str(v) for k, v in record.get("hashes", {}).items()}


def _is_whole(table: Path) -> bool:
    """Whether the audit's table is there as it was written; else it is left out, with a note."""
    if not table.exists():
        return False
    whole = read_record(table).get("sha256") == hash_file(table)
    if not whole:
        _LOG.warning("%s is damaged; the audit is not in the report until it is done again", table)
    return whole
