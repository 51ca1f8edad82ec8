"""Command: features of one image and mask, or of a table of them, as CSV or parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import Jobs, display_path, echo, out, reporter, table_of

if TYPE_CHECKING:
    import pandas as pd

    from samesplit.imaging.repairs import RepairName
    from samesplit.workflows.extract import TableExtraction

__all__ = ["extract"]


def extract(
    image: Annotated[
        str, typer.Argument(help="An image, or a CSV with the columns image and mask (and lesion_id, ...).")
    ],
    mask: Annotated[str | None, typer.Argument(help="The image's mask; none with a CSV.")] = None,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="Name of a profile, or path of a YAML file.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="x.csv or x.parquet (one image: default is the terminal)."),
    ] = None,
    jobs: Jobs = None,
    mask_label: Annotated[
        str | None, typer.Option(help="Value of the mask that marks the lesion, or 'any' (default: 1).")
    ] = None,
    spacing: Annotated[
        float | None, typer.Option(help="Voxel size in mm of arrays in numpy files (one image).")
    ] = None,
    geometry_repair: Annotated[
        list[str] | None,
        typer.Option(
            "--repair", help="A repair that may be made: resample_mask, copy_header, ... (repeatable)."
        ),
    ] = None,
    minimum_voxels: Annotated[int, typer.Option(min=1, help="The smallest mask that counts.")] = 8,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of finished images (default: the user's cache folder).")
    ] = None,
) -> None:
    """Extract features without a benchmark: one image and mask, or a table of them. A killed call goes on."""
    from samesplit.errors import CohortError
    from samesplit.workflows.extract import check_output, extract_table

    images, many = _images(image, mask, spacing)
    if not profile:
        raise CohortError(
            "no profile is named",
            remedy="say how: --profile ct-default, mr-default, pet-default, or the path of a YAML file",
        )
    if output is None and many:
        raise CohortError("no output is named", remedy="say where: --output features.csv or features.parquet")
    if output is not None:
        check_output(output)
        if many and output.resolve() == Path(image).resolve():
            raise CohortError("is the table of images itself", where=output, remedy="choose another output")
    found = extract_table(
        images,
        profile=profile,
        jobs=jobs,
        cache=cache,
        mask_label=mask_label,
        geometry_repair=_repairs(geometry_repair),
        minimum_voxels=minimum_voxels,
        reporter=reporter(),
    )
    _show(found, output)
    if found.failed:
        raise typer.Exit(1)


def _images(image: str, mask: str | None, spacing: float | None) -> tuple[pd.DataFrame | Path, bool]:
    """Return the table of images: a file with many, or a table with one."""
    import pandas as pd

    from samesplit.errors import CohortError

    if mask is None:
        if not image.lower().endswith((".csv", ".tsv", ".txt")):
            raise CohortError(
                "has no mask",
                where=image,
                remedy="name it: samesplit extract image.nii.gz mask.nii.gz; or give a CSV with the columns image "
                "and mask",
            )
        return Path(image), True
    row = {"lesion_id": Path(image).name.split(".")[0] or "image", "image": image, "mask": mask}
    if spacing is not None:
        row["spacing_mm"] = str(spacing)
    return pd.DataFrame([row]), False


def _repairs(names: list[str] | None) -> tuple[RepairName, ...]:
    from samesplit.errors import CohortError
    from samesplit.imaging.repairs import repairs_of

    try:
        return repairs_of(names)
    except ValueError as error:
        raise CohortError(str(error), where="--repair") from None


def _show(found: TableExtraction, output: Path | None) -> None:
    from samesplit.workflows.extract import ledger_path

    if output is not None:
        echo(
            f"Wrote {display_path(found.write(output))}: {len(found.features)} rows, profile {found.profile.name}"
        )
        if found.n_cached:
            echo(f"{found.n_cached} images had been done before.")
        if len(found.ledger):
            echo(f"{len(found.ledger)} lines in the case ledger: {display_path(ledger_path(output))}")
    elif len(found.features):
        values = found.features.drop(columns=["lesion_id", "image", "mask", "spacing_mm"], errors="ignore")
        listed = values.iloc[0].map("{:.6g}".format).rename_axis("feature").reset_index(name="value")
        out.print(table_of(listed, title=f"{found.profile.name} ({len(listed)} features)"))
    for row in found.ledger.itertuples(index=False):
        echo(f"{row.lesion_id} {row.sequence}: {row.status}: {row.reason}")
    if found.failed:
        echo(f"{found.failed} image{'s' * (found.failed > 1)} failed; nothing else is affected.")
