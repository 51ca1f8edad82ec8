"""The benchmarks of a study that one command runs: its design and its variants, made ready."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.downloads import Progress
from samesplit.benchmarks.fetching import data_root, fetch
from samesplit.benchmarks.studies import write_composed
from samesplit.benchmarks.studies.study import variants_of
from samesplit.errors import DataMissingError, DeclarationError
from samesplit.workflows.split import freeze_split
from samesplit.workspace import find_benchmark

__all__ = ["MAIN", "compose_benchmarks", "make_ready", "models_among"]

MAIN = "main"
"""What the design itself is called among its variants."""


def compose_benchmarks(
    benchmark: str | Path,
    *,
    synthetic: bool,
    size: str | None = None,
    variants: Sequence[str] = (),
    start: Path | None = None,
) -> list[Path]:
    """Write the benchmarks that a study's run consists of.

    Args:
        benchmark: Folder or name: a design, or a study of one's own.
        synthetic: Whether on synthetic patients.
        size: The size of the synthetic cohort; None: reduced.
        variants: Names of variants, and `main` for the design itself. None of them: of a synthetic run the design
            and every variant, else the design.
        start: Where to look for the benchmark.

    Returns:
        Their folders, in the order in which they are run.

    Raises:
        WorkspaceError: There is no such benchmark, or it is a design and `synthetic` is not asked.
        DeclarationError: There is no such variant or size, or what comes of it is no benchmark.
    """
    if size is not None and not synthetic:
        raise DeclarationError(
            f"the size '{size}' is that of a synthetic cohort",
            where="--size",
            remedy=f"add --synthetic: samesplit run {benchmark} --synthetic --size {size}",
        )
    workspace, folder = find_benchmark(benchmark, start=start, design=synthetic)
    names = list(variants) or [MAIN, *(variants_of(folder) if synthetic else ())]
    of_size = (size or "reduced") if synthetic else None
    asked = [None if name == MAIN else name for name in dict.fromkeys(names)]
    return [write_composed(folder, workspace, variant=name, size=of_size) for name in asked]


def make_ready(folder: Path, *, progress: Progress | None = None, jobs: int = 1) -> None:
    """Fetch the data of a composed benchmark and freeze its split, unless they are there.

    Args:
        folder: From `compose_benchmarks`.
        progress: Told what is being fetched; see `fetch`.
        jobs: Processes for a synthetic cohort.

    Raises:
        SamesplitError: (one of its kinds) The cohort cannot be made, or not be split.
    """
    definition = read_benchmark(folder)
    try:
        data_root(definition, folder)
    except DataMissingError:
        if definition.data.synthetic is None:
            raise
        fetch(definition, folder, progress=progress, jobs=jobs)
    if not ((folder / "splits.csv").exists() and (folder / "splits.json").exists()):
        freeze_split(folder, changes={})


def models_among(folder: Path, only: Sequence[str]) -> tuple[str, ...]:
    """Return those of some models that a benchmark uses: variants have models of their own."""
    definition = read_benchmark(folder)
    used = {use.name for use in definition.model_uses()} | {definition.simple_arm}
    return tuple(name for name in only if name in used)
