"""Verbs of the exchange with nnU-Net v2."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samesplit.cli.console import Benchmark, Jobs, Track, display_path, echo
from samesplit.cli.runs import carry_out

__all__ = ["export", "import_masks"]

Sequences = Annotated[
    list[str] | None,
    typer.Option(
        "--sequence", help="A channel (repeatable, in order; the first has the masks). Default: all."
    ),
]


def export(
    benchmark: Benchmark,
    folder: Annotated[Path, typer.Argument(help="The dataset to write: nnUNet_raw/Dataset501_Name.")],
    sequence: Sequences = None,
    ct: Annotated[list[str] | None, typer.Option(help="A sequence in Hounsfield units (repeatable).")] = None,
) -> None:
    """Write a benchmark as a dataset of nnU-Net v2, with the frozen split as its splits_final.json."""
    from samesplit.workflows.nnunet import export_dataset

    written = export_dataset(benchmark, folder, sequences=sequence or (), hounsfield=ct or ())
    for note in written.notes:
        echo(f"Note: {note}")
    name = written.folder.name
    echo(
        f"Wrote {display_path(written.folder)}: {written.n_cases} cases, {written.n_folds} folds. Next:\n"
        f"  nnUNetv2_plan_and_preprocess -d {int(name[7:10])} --verify_dataset_integrity\n"
        f"  cp {display_path(written.folder)}/splits_final.json nnUNet_preprocessed/{name}/\n"
        f"  nnUNetv2_train {int(name[7:10])} 3d_fullres FOLD   (FOLD: 0 to {written.n_folds - 1})"
    )


def import_masks(
    benchmark: Benchmark,
    results: Annotated[
        Path, typer.Argument(help="nnUNet_results/Dataset501_Name/<trainer>__<plans>__<configuration>.")
    ],
    name: Annotated[str, typer.Option(help="What to call the model in the report.")],
    task: Annotated[
        str | None, typer.Option(help="The segmentation task; needed where the benchmark has several.")
    ] = None,
    sequence: Sequences = None,
    splits: Annotated[
        Path | None,
        typer.Option(help="The splits_final.json trained with, where it is not beside the results."),
    ] = None,
    jobs: Jobs = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put them in the place of others of the same name.")
    ] = False,
    track: Track = True,
) -> None:
    """Join the masks that nnU-Net predicted of its validation cases; another split is refused."""
    from samesplit.workflows.nnunet import import_results

    plan, notes = import_results(
        benchmark, results, title=name, task=task, sequences=sequence or (), splits=splits, replace=replace,
        jobs=jobs,
    )  # fmt: skip
    for note in notes:
        echo(f"Note: {note}")
    carry_out(plan, track=track)
