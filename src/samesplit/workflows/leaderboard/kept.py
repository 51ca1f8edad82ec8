"""Evaluations that are kept: one small file an entry, and one of all compared pairs, with what they depend on.

They lie in `reports/.cache/board/<benchmark>/`. What cannot be read was not kept, and is made again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from samesplit.evaluation.standings import PairKey
from samesplit.kept import note_damage, read_kept_json
from samesplit.storage import hash_object, write_json
from samesplit.workflows.leaderboard.judging import BASIS

__all__ = ["KeptEvaluations"]


class KeptEvaluations:
    """The evaluations of the entries of one benchmark.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entry(self, sha256: str, basis: Mapping[str, str]) -> tuple[list[dict[str, Any]] | None, str]:
        """Return the evaluation of an entry, and why it has to be made.

        Args:
            sha256: Hash of the submission.
            basis: What an evaluation of it depends on now.

        Returns:
            The rows and an empty text; None and an empty text where it was never judged; None and why it is stale.
        """
        path = self._path(sha256)
        found, damage = read_kept_json(path, "basis", "rows")
        if damage:
            note_damage(path, damage)
        if not found:
            return None, ""
        changed = [BASIS[name] for name in BASIS if found["basis"].get(name) != basis[name]]
        return (None, " and ".join(changed)) if changed else (found["rows"], "")

    def keep(self, sha256: str, basis: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
        """Keep the evaluation of an entry, in the place of an older one."""
        write_json(self._path(sha256), {"basis": dict(basis), "rows": rows})

    def pairs(self, task: str, basis: Mapping[str, str]) -> dict[PairKey, dict[str, Any]]:
        """Return the compared pairs, by the hashes of both submissions, that were compared as they would be now.

        Args:
            task: The name of the task.
            basis: What a comparison depends on now.
        """
        path = self._pairs_path(task)
        found, damage = read_kept_json(path, "basis", "pairs")
        if damage:
            note_damage(path, damage)
        if found.get("basis") != dict(basis):
            return {}
        return {(first, second): row for first, second, row in found["pairs"]}

    def keep_pairs(
        self,
        task: str,
        basis: Mapping[str, str],
        pairs: Mapping[PairKey, dict[str, Any]],
        present: Collection[str],
    ) -> None:
        """Keep the compared pairs of a task, in the place of those that were kept.

        Args:
            task: The name of the task.
            basis: What they depend on.
            pairs: By the hashes of both submissions.
            present: The hashes of the entries that are there; pairs of others are forgotten.
        """
        rows = [[*key, row] for key, row in sorted(pairs.items()) if set(key) <= set(present)]
        write_json(self._pairs_path(task), {"basis": dict(basis), "pairs": rows})

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.json"

    def _pairs_path(self, task: str) -> Path:
        return self.folder / f"pairs-{hash_object(task)[:16]}.json"
