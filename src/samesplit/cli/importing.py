"""Verbs that turn public cohorts into benchmarks."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from samesplit.cli.console import display_path, echo

if TYPE_CHECKING:
    from samesplit.benchmarks.importing import Imported

__all__ = ["kits", "medmnist", "nnunet"]

Out = Annotated[Path, typer.Option("--out", help="Name of the benchmark, or folder of a new workspace.")]
Title = Annotated[str | None, typer.Option(help="Title of the benchmark.")]


def kits(
    source: Annotated[
        Path, typer.Argument(help="Folder of KiTS19, KiTS21 or KiTS23 that holds case_00000, ...")
    ],
    out: Out = Path("kits"),
    lesions: Annotated[
        Literal["patient", "tumour"],
        typer.Option(help="All tumours of a patient as one lesion, or each as its own."),
    ] = "patient",
    cysts: Annotated[
        bool, typer.Option("--cysts", help="Cysts as lesions, too (with --lesions tumour).")
    ] = False,
    title: Title = None,
) -> None:
    """Make a benchmark of a KiTS download: images, masks, grade, stage, subtype, survival."""
    from samesplit.benchmarks.importing import import_kits

    _tell(import_kits(source, out, lesions=lesions, cysts=cysts, title=title))


def medmnist(
    source: Annotated[Path, typer.Argument(help="A MedMNIST file, such as nodulemnist3d.npz.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Name of the benchmark (default: that of the file).")
    ] = None,
    classes: Annotated[str, typer.Option(help="Names of the classes, in the order of their numbers.")] = "",
    cube_mm: Annotated[
        float, typer.Option(min=0, help="Side of the cube in mm (default: 64 in 3D, 1 mm a pixel in 2D).")
    ] = 0.0,
    title: Title = None,
) -> None:
    """Make a benchmark of one MedMNIST file, in its official split."""
    from samesplit.benchmarks.importing import import_medmnist

    names = [name.strip() for name in classes.split(",") if name.strip()]
    _tell(import_medmnist(source, out or Path(source.stem), classes=names, cube_mm=cube_mm, title=title))


def nnunet(
    source: Annotated[Path, typer.Argument(help="nnUNet_raw/DatasetXXX_Name.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Name of the benchmark (default: that of the dataset).")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="The label that is the lesion, where there are several.")
    ] = None,
    organ: Annotated[bool, typer.Option("--organ", help="All labels together are the organ.")] = False,
    splits: Annotated[Path | None, typer.Option(help="nnU-Net's splits_final.json, to be the split.")] = None,
    outcomes: Annotated[
        Path | None, typer.Option(help="CSV with lesion_id and columns such as label.")
    ] = None,
    title: Title = None,
) -> None:
    """Make a segmentation benchmark of a raw nnU-Net dataset (version 2 or 1)."""
    from samesplit.benchmarks.importing import import_nnunet

    _tell(
        import_nnunet(
            source,
            out or Path(source.resolve().name),
            label=label,
            organ=organ,
            splits=splits,
            outcomes=outcomes,
            title=title,
        )
    )


def _tell(imported: Imported) -> None:
    counts = (
        (imported.n_patients, "patient"),
        (imported.n_lesions, "lesion"),
        (imported.n_images, "image"),
    )
    echo(", ".join(f"{count:,} {what}{'s' * (count != 1)}" for count, what in counts))
    for note in imported.notes:
        echo(f"Note: {note}.")
    name = shlex.quote(str(display_path(imported.folder)))
    echo(
        f"Wrote {display_path(imported.folder)}\n"
        f"Next: samesplit validate {name}, samesplit split {name}, samesplit run {name}"
    )
