"""Command: features of one image and mask, or of a table of them, as CSV or parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from samesplit.cli.console import Jobs, Scheduler, display_path, echo, out, reporter, table_of
from samesplit.cli.maps import check_folder, neighbourhood_of, notes_of_maps, write_maps

if TYPE_CHECKING:
    import pandas as pd

    from samesplit.features.engines.profile import Profile
    from samesplit.features.pyradiomics_params import PyradiomicsParameters
    from samesplit.imaging.repairs import RepairName
    from samesplit.workflows.extraction_output import TableExtraction, TableFormat

__all__ = ["extract"]


def extract(
    image: Annotated[
        str,
        typer.Argument(
            help="An image; a CSV with the columns image and mask (and lesion_id, ...); or a folder of both."
        ),
    ],
    mask: Annotated[str | None, typer.Argument(help="The image's mask; none with a CSV or a folder.")] = None,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="Name of a profile, or path of a YAML file.")
    ] = "",
    params: Annotated[
        Path | None,
        typer.Option(help="A parameter file of pyradiomics, instead of a profile: the same numbers."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="With --params: ibsi (default), or pyradiomics to run pyradiomics itself (extra)."),
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(
            help="Whose names features have: ibsi, or pyradiomics (default with --params) where it has one."
        ),
    ] = None,
    image_pattern: Annotated[
        str | None,
        typer.Option(
            help='How images are named in a folder: "{case}/{sequence}.nii.gz"; * stands for anything.'
        ),
    ] = None,
    mask_pattern: Annotated[
        str | None, typer.Option(help='How masks are named in it: "{case}/mask_{rater}.nii.gz".')
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "--out", "-o", help="x.csv or x.parquet (one image: default is the terminal)."
        ),
    ] = None,
    table_format: Annotated[
        str, typer.Option("--format", help="One row an image (wide), or one row a value (long).")
    ] = "wide",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which mask belongs to which image, and extract nothing.")
    ] = False,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    mask_label: Annotated[
        str | None, typer.Option(help="Value of the mask that marks the lesion, or 'any' (default: 1).")
    ] = None,
    spacing: Annotated[float | None, typer.Option(help="Voxel size in mm of arrays in numpy files.")] = None,
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
    maps: Annotated[
        Path | None,
        typer.Option(
            help="Write feature maps into this folder instead: each feature in the neighbourhood of each voxel."
        ),
    ] = None,
    maps_features: Annotated[
        str | None,
        typer.Option(
            help="Which: cm_contrast_3D_avg,stat_mean,glcm (default: all of the profile but morphology)."
        ),
    ] = None,
    neighbourhood: Annotated[
        int | None,
        typer.Option(
            help="Voxels to either side of a neighbourhood's centre: 1 is 3 x 3 x 3 (default: 1, or kernelRadius "
            "of --params)."
        ),
    ] = None,
    maps_format: Annotated[str, typer.Option(help="nii.gz, nii, nrrd or mha.")] = "nii.gz",
    maps_whole: Annotated[
        bool, typer.Option("--maps-whole", help="Maps on the whole grid, not on the lesion's box alone.")
    ] = False,
) -> None:
    """Extract features without a benchmark: of one image and mask, a table of them, or a folder of them.

    A call that was killed goes on where it was.
    """
    from samesplit.features.pyradiomics_names import check_names
    from samesplit.workflows.extract import extract_table

    images, many = _images(image, mask, patterns=(image_pattern, mask_pattern))
    if dry_run:
        _show_pairs(images, image_pattern, mask_pattern, mask_label)
        return
    how = _how(profile, params, engine)
    called = check_names(names or ("ibsi" if params is None else "pyradiomics"))
    if maps is not None or maps_features is not None or neighbourhood is not None:
        radius = neighbourhood_of(neighbourhood, how.parameters)
        for note in (*how.notes, *notes_of_maps(how.parameters, maps_features)):
            echo(f"{params}: {note}")
        write_maps(
            images,
            check_folder(maps, output),
            profile=how.profile,
            features=maps_features,
            radius=radius,
            file_format=maps_format,
            whole=maps_whole,
            patterns=(image_pattern, mask_pattern),
            mask_label=mask_label or how.mask_label,
            spacing_mm=spacing,
            jobs=jobs,
            scheduler=scheduler,
            geometry_repair=_repairs(geometry_repair) or how.geometry_repair,
            minimum_voxels=minimum_voxels,
        )
        return
    shape = _checked_output(output, table_format, image, many=many)
    found = extract_table(
        images,
        profile=how.profile,
        image_pattern=image_pattern,
        mask_pattern=mask_pattern,
        jobs=jobs,
        cache=cache,
        mask_label=mask_label or how.mask_label,
        spacing_mm=spacing,
        geometry_repair=_repairs(geometry_repair) or how.geometry_repair,
        minimum_voxels=minimum_voxels,
        scheduler=scheduler,
        reporter=reporter(),
    )
    _show(found.named(called), output, shape)
    for note in how.notes:
        echo(f"{params}: {note}")
    if found.failed:
        raise typer.Exit(1)


class _How(NamedTuple):
    """How features are extracted, and what a parameter file says of masks."""

    profile: str | Profile
    mask_label: int | None = None
    geometry_repair: tuple[RepairName, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: PyradiomicsParameters | None = None


def _how(profile: str, params: Path | None, engine: str | None) -> _How:
    """Return what a profile or a parameter file of pyradiomics says."""
    from samesplit.errors import CohortError

    if params is None:
        if engine is not None:
            raise CohortError(
                "--engine is named without --params", remedy="a profile names its engine itself: leave it out"
            )
        if not profile:
            raise CohortError(
                "no profile is named",
                remedy="say how: --profile ct-default, mr-default, pet-default, or the path of a YAML file; or "
                "--params with a parameter file of pyradiomics",
            )
        return _How(profile)
    if profile:
        raise CohortError("--profile and --params are both given", remedy="leave one of them out")
    from samesplit.features.pyradiomics_params import read_parameters

    found = read_parameters(params, engine=engine or "ibsi")
    return _How(found.profile, found.mask_label, found.geometry_repair, found.notes, found)


def _images(
    image: str, mask: str | None, patterns: tuple[str | None, str | None]
) -> tuple[pd.DataFrame | Path, bool]:
    """Return the table of images: a file or folder with many, or a table with one."""
    import pandas as pd

    from samesplit.errors import CohortError

    if mask is None:
        if not image.lower().endswith((".csv", ".tsv", ".txt")) and not Path(image).is_dir():
            raise CohortError(
                "has no mask",
                where=image,
                remedy="name it: samesplit extract image.nii.gz mask.nii.gz; or give a CSV with the columns image "
                "and mask, or a folder with --image-pattern and --mask-pattern",
            )
        return Path(image), True
    if any(patterns):
        raise CohortError(
            "an image and a mask are named, and patterns too",
            where=f"{image} {mask}",
            remedy="name a folder alone with --image-pattern and --mask-pattern, or leave the patterns out",
        )
    row = {"lesion_id": Path(image).name.split(".")[0] or "image", "image": image, "mask": mask}
    return pd.DataFrame([row]), False


def _checked_output(output: Path | None, table_format: str, image: str, *, many: bool) -> TableFormat:
    """Refuse an output that cannot be meant, before anything runs, and return its format."""
    from samesplit.errors import CohortError
    from samesplit.workflows.extraction_output import check_format, check_output

    shape = check_format(table_format)
    if output is None and many:
        raise CohortError("no output is named", remedy="say where: --output features.csv or features.parquet")
    if output is not None:
        check_output(output)
        if many and output.resolve() == Path(image).resolve():
            raise CohortError("is the table of images itself", where=output, remedy="choose another output")
    return shape


def _show_pairs(
    images: pd.DataFrame | Path, image_pattern: str | None, mask_pattern: str | None, mask_label: str | None
) -> None:
    """Print which mask belongs to which image, and what has none."""
    from samesplit.workflows.extraction_images import images_to_extract

    asked = images_to_extract(
        images, image_pattern=image_pattern, mask_pattern=mask_pattern, mask_label=mask_label
    )
    for row in asked.images.itertuples(index=False):
        echo(f"{row.lesion_id} {row.sequence} {row.rater}: {_near(row.image)} with {_near(row.mask)}")
    for row in asked.ledger.itertuples(index=False):
        echo(f"{row.lesion_id} {row.sequence} {row.rater}".rstrip() + f": {row.reason}")
    count, lacking = len(asked.images), asked.lacking
    echo(f"{count} image{'s' * (count != 1)} with a mask, {lacking} in trouble; nothing was extracted.")


def _near(reference: object) -> str:
    return display_path(Path(str(reference)))


def _repairs(names: list[str] | None) -> tuple[RepairName, ...]:
    from samesplit.errors import CohortError
    from samesplit.imaging.repairs import repairs_of

    try:
        return repairs_of(names)
    except ValueError as error:
        raise CohortError(str(error), where="--repair") from None


def _show(found: TableExtraction, output: Path | None, shape: TableFormat) -> None:
    from samesplit.workflows.extraction_output import ledger_path

    if output is not None:
        written = display_path(found.write(output, shape=shape))
        rows = len(found.features) * (len(found.feature_names) if shape == "long" else 1)
        echo(f"Wrote {written}: {rows:,} row{'s' * (rows != 1)}, profile {found.profile.name}")
        if found.n_cached:
            echo(f"{found.n_cached} image{'s' * (found.n_cached > 1)} had been done before.")
        if len(found.ledger):
            lines = f"line{'s' * (len(found.ledger) > 1)}"
            echo(f"{len(found.ledger)} {lines} in the case ledger: {display_path(ledger_path(output))}")
    elif len(found.features):
        values = found.features[list(found.feature_names)]
        listed = values.iloc[0].map("{:.6g}".format).rename_axis("feature").reset_index(name="value")
        out.print(table_of(listed, title=f"{found.profile.name} ({len(listed)} features)"))
    for row in found.ledger.itertuples(index=False):
        echo(f"{row.lesion_id} {row.sequence}".rstrip() + f": {row.status}: {row.reason}")
    if found.failed:
        echo(f"{found.failed} image{'s' * (found.failed > 1)} failed; nothing else is affected.")
