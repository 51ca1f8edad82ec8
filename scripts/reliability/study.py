"""The small study that is killed, starved of disk and run twice at once: every stage of a run, in a minute."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

__all__ = ["MODELS", "build", "command", "environment", "start"]

MODELS = """models:
  - zero-rule
  - clinical-logistic
  - name: grid
    use: radiomics-small
    settings: {title: Grid, selectors: [anova-f], classifiers: [logistic], sizes: [2, 4], inner_folds: 2}
  - name: net
    use: resnet10-25d-minutes
    settings:
      title: Small network
      inputs: {view: 2.5d, size: 16, field_mm: 24}
      training: {steps: 20, batch_size: 8, validate_every_steps: 5, patience: 3, warmup_steps: 2}
  - {name: both, use: average, settings: {title: Average, members: [grid, net]}}"""
_NETWORK = MODELS.index("  - name: net")


def build(root: Path, *, network: bool = True, patients: int = 16) -> Path:
    """Write the workspace of the study, its split frozen.

    Args:
        root: A folder that is not there yet.
        network: Whether a network and the ensemble with it are among the models.
        patients: How many there are.

    Returns:
        The folder of the benchmark.
    """
    from conftest import SMALL_BENCHMARK, build_small_study
    from samesplit.workflows.split import freeze_split

    study = build_small_study(root, patients=patients)
    models = MODELS if network else MODELS[:_NETWORK].rstrip()
    text = SMALL_BENCHMARK.replace("models: [zero-rule, clinical-logistic, forest]", models)
    text = text.replace("reference: forest, bootstraps: 200", "reference: grid, bootstraps: 100")
    (study.folder / "benchmark.yaml").write_text(text)
    freeze_split(study.folder, changes={})
    return study.folder


def environment() -> dict[str, str]:
    """The environment of a command: one thread a process."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(threads, "1"), "TERM": "dumb", "COLUMNS": "200"}


def command(*words: str) -> list[str]:
    """Return the words that start a command of samesplit."""
    return [sys.executable, "-m", "samesplit", *words]


def start(root: Path, *words: str, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a command in a workspace, in a process group of its own; its output goes to a file."""
    with (log or root.with_suffix(".log")).open("ab") as file:
        return subprocess.Popen(
            command(*words),
            cwd=root,
            env=environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
