"""What `samesplit extract --maps` does: feature maps as image files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from samesplit.cli.console import display_path, echo, reporter

if TYPE_CHECKING:
    import pandas as pd

    from samesplit.features.profiles import Profile
    from samesplit.features.pyradiomics_params import PyradiomicsParameters
    from samesplit.imaging.repairs import RepairName

__all__ = ["check_folder", "neighbourhood_of", "notes_of_maps", "write_maps"]


def check_folder(maps: Path | None, output: Path | None) -> Path:
    """Return the folder for maps.

    Raises:
        CohortError: None is named, or a table is asked for as well.
    """
    from samesplit.errors import CohortError

    if maps is None:
        raise CohortError("maps are asked for, and no folder is named", remedy="say where: --maps FOLDER")
    if output is not None:
        raise CohortError(
            "maps and a table are asked for at once",
            where=f"--maps {maps} --output {output}",
            remedy="call samesplit extract twice, once with --maps and once with --output",
        )
    return maps


def neighbourhood_of(given: int | None, parameters: PyradiomicsParameters | None) -> int:
    """Return the radius of neighbourhoods: as given, as a parameter file of pyradiomics says, or 1.

    Raises:
        DeclarationError: The parameter file asks for neighbourhoods that maps do not have.
    """
    said = 1 if parameters is None else parameters.radius_of_maps()
    return said if given is None else given


def notes_of_maps(parameters: PyradiomicsParameters | None, features: str | None) -> list[str]:
    """Say which features of a parameter file have no map, where no others are named."""
    lacking = () if parameters is None or features is not None else parameters.without_map()
    return [f"no maps of {', '.join(lacking)}: maps follow the definitions of the IBSI."] if lacking else []


def write_maps(
    images: pd.DataFrame | Path,
    folder: Path,
    *,
    profile: str | Profile,
    features: str | None,
    radius: int,
    file_format: str,
    whole: bool,
    patterns: tuple[str | None, str | None],
    mask_label: str | int | None,
    spacing_mm: float | None,
    jobs: int | None,
    scheduler: str | None,
    geometry_repair: tuple[RepairName, ...],
    minimum_voxels: int,
) -> None:
    """Write the maps of one image, a table or a folder, and say where they are."""
    from samesplit.workflows.extraction_images import images_to_extract
    from samesplit.workflows.feature_maps import write_feature_maps

    names = None if features is None else [name for name in (n.strip() for n in features.split(",")) if name]
    asked = images_to_extract(
        images,
        image_pattern=patterns[0],
        mask_pattern=patterns[1],
        mask_label=mask_label,
        spacing_mm=spacing_mm,
    )
    found = write_feature_maps(
        asked,
        folder,
        profile=profile,
        features=names,
        radius=radius,
        suffix=f".{file_format.removeprefix('.')}",
        whole=whole,
        jobs=jobs,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        scheduler=scheduler,
        reporter=reporter(),
    )
    if len(found.table):
        side = 2 * radius + 1
        n_images = len(found.table.drop_duplicates(["lesion_id", "sequence", "rater"]))
        echo(
            f"Wrote {len(found.table)} map{'s' * (len(found.table) > 1)} "
            f"of {n_images} image{'s' * (n_images > 1)} (boxes {side} voxels wide): "
            f"{display_path(folder)}, listed in maps.csv"
        )
    if found.n_cached:
        echo(f"{found.n_cached} image{'s' * (found.n_cached > 1)} had been done before.")
    for row in found.ledger.itertuples(index=False):
        echo(f"{row.lesion_id} {row.sequence}: {row.status}: {row.reason}")
    if found.failed:
        echo(f"{found.failed} image{'s' * (found.failed > 1)} failed; nothing else is affected.")
        raise typer.Exit(1)
