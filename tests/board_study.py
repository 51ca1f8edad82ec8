"""A small benchmark of labels and predictions alone, and submissions to it, for everything that boards do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.workflows.split import freeze_split

BINARY = """\
title: Which spots are bright
task: {question: "Which spots are bright?", positive: bright, negative: dark}
cohort: {sequences: []}
split: {scheme: holdout, test: 0.5, validation: 0.2, seed: 5}
models: []
simple_arm: null
statistics: {bootstraps: 100}
"""
TASKS = """\
title: Two questions
tasks:
  kind_of_spot: {kind: multiclass, question: "Which kind?", classes: [red, green, blue], column: colour}
  recurrence: {kind: survival, question: "How long?", time: months, event: event}
cohort: {sequences: []}
split: {scheme: holdout, test: 0.5, validation: 0.2, seed: 5}
models: []
simple_arm: null
statistics: {bootstraps: 100}
"""


@dataclass(frozen=True)
class BoardStudy:
    """A benchmark in a workspace of its own.

    Attributes:
        root: The workspace.
        folder: The benchmark's folder.
        lesions: Its lesions.csv.
    """

    root: Path
    folder: Path
    lesions: pd.DataFrame

    @property
    def submissions(self) -> Path:
        """Where submissions lie."""
        return self.folder / "submissions"

    def hashes(self) -> tuple[str, str]:
        """The hashes of the split and the cohort."""
        record = pd.read_json(self.folder / "splits.json", typ="series")
        return str(record["sha256"]), str(record["cohort_sha256"])

    def tested(self, *subsets: str) -> list[str]:
        """The lesions of some parts; of the test part where none is named."""
        split = pd.read_csv(self.folder / "splits.csv")
        inside = split.loc[split["subset"].isin(subsets or ("test",)), "patient_id"]
        return sorted(self.lesions.loc[self.lesions["patient_id"].isin(inside), "lesion_id"])

    def header(self, title: str, **changes: str | None) -> str:
        """A whole header, with lines changed, added or (None) left out."""
        split, cohort = self.hashes()
        lines: dict[str, str | None] = {
            "samesplit-submission": "1",
            "split": split,
            "cohort": cohort,
            "title": title,
            "authors": "A. Author; B. Author",
            "code": "https://example.org/model",
            "training_data": "none",
        }
        lines |= changes
        return "".join(f"# {key}: {value}\n" for key, value in lines.items() if value is not None)

    def predictions(self, strength: float, seed: int = 0) -> pd.DataFrame:
        """Probabilities of the positive class of all tested lesions; the stronger the better."""
        rng = np.random.default_rng(seed)
        known = self.lesions.set_index("lesion_id").loc[self.tested()]
        score = strength * (known["label"].eq("bright") - 0.5) + rng.normal(size=len(known))
        return pd.DataFrame({"lesion_id": known.index, "probability": (1 / (1 + np.exp(-score))).round(6)})

    def submit(
        self, file: str, strength: float, *, title: str = "", seed: int = 0, **changes: str | None
    ) -> Path:
        """Write a submission."""
        self.submissions.mkdir(exist_ok=True)
        path = self.submissions / file
        table = self.predictions(strength, seed).to_csv(index=False, lineterminator="\n")
        path.write_text(self.header(title or path.stem, **changes) + table, encoding="utf-8")
        return path


def write_board_study(root: Path, *, patients: int = 120, declaration: str = BINARY) -> BoardStudy:
    """Write the workspace and freeze its split; every tenth patient has two lesions."""
    folder = root / "benchmarks" / "spots"
    folder.mkdir(parents=True)
    for noun in ("features", "models"):
        (root / noun).mkdir()
    rng = np.random.default_rng(3)
    rows = []
    for p in range(patients):
        for side in "ab" if p % 10 == 0 else "a":
            rows.append(
                {
                    "lesion_id": f"L{p:03d}{side}",
                    "patient_id": f"P{p:03d}",
                    "label": ("dark", "bright")[p % 2],
                    "colour": ("red", "green", "blue")[p % 3],
                    "months": round(float(rng.exponential(20) + 1), 1),
                    "event": int(rng.random() < 0.6),
                }
            )
    lesions = pd.DataFrame(rows)
    columns = ["lesion_id", "patient_id", "label"]
    if declaration == TASKS:
        columns = ["lesion_id", "patient_id", "colour", "months", "event"]
    lesions[columns].to_csv(folder / "lesions.csv", index=False)
    (folder / "benchmark.yaml").write_text(declaration, encoding="utf-8")
    freeze_split(folder, changes={})
    return BoardStudy(root, folder, lesions)
