"""Predicted masks beside those of the benchmark's rater: checked, then measured image by image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import SimpleITK as sitk

from samesplit.errors import LesionError, PredictionsError
from samesplit.imaging.case import read_case, read_image
from samesplit.imaging.geometry import same_grid
from samesplit.imaging.repairs import GeometryRepair
from samesplit.run.mask_measures import COMPONENT_COLUMNS, LESION_COLUMNS, measure_image
from samesplit.tasks import SegmentationTask

__all__ = ["MeasuredMasks", "check_masks", "measure_overlap"]

_FIT = ["model", "seed", "repeat", "fold", "subset", "rater"]
Measured = dict[str, Any]


def check_masks(
    predictions: pd.DataFrame, images: pd.DataFrame, path: Path, notes: list[str]
) -> pd.DataFrame:
    """Check that the file of each predicted mask is there, and of an image of the benchmark.

    Args:
        predictions: Predictions of masks as the file has them; a relative path starts where the file lies.
        images: The rows of the images table of the benchmark's own rater.
        path: The file, for messages.
        notes: Gets how many masks lie on another grid than their image: they are resampled (nearest neighbour).

    Returns:
        The predictions with absolute paths.

    Raises:
        PredictionsError: A mask does not exist or cannot be read, or the lesion has no image of the sequence.
    """
    known = images.set_index(["lesion_id", "sequence"])
    found, elsewhere = [], 0
    for lesion, sequence, mask in predictions[["lesion_id", "sequence", "mask"]].itertuples(index=False):
        where = f"{path}, lesion {lesion}"
        if (lesion, sequence) not in known.index:
            there = ", ".join(map(str, images.loc[images["lesion_id"] == lesion, "sequence"])) or "none"
            raise PredictionsError(
                f"the lesion has no image of the sequence '{sequence}'",
                where=where,
                remedy=f"its sequences are: {there}",
            )
        file = path.parent / mask
        if not file.exists():
            raise PredictionsError(f"the mask {mask} does not exist", where=where, remedy="correct the path")
        row = known.loc[(lesion, sequence)]
        try:
            image = read_image(str(row["image"]), "image")
            elsewhere += not same_grid(image, read_image(str(file.resolve()), "mask", of=image))
        except LesionError as error:
            raise PredictionsError(error.problem, where=where, remedy=error.remedy) from error
        found.append(str(file.resolve()))
    if elsewhere:
        notes.append(
            f"{path.name}: {elsewhere} masks lie on another grid than their image and are resampled to it "
            "(nearest neighbour)"
        )
    return predictions.assign(mask=found)


@dataclass(frozen=True)
class MeasuredMasks:
    """What predicted masks say of the lesions of their images.

    Attributes:
        overlap: The predictions with the columns of `mask_measures.LESION_COLUMNS` in the place of `mask`.
        components: A row a predicted component: which fit of which model, `subset`, `rater`, `sequence`,
            `image_of` (the first lesion of the image) and the columns of `mask_measures.COMPONENT_COLUMNS`.
        notes: Lesions that could not be measured, and why.
    """

    overlap: pd.DataFrame
    components: pd.DataFrame
    notes: tuple[str, ...] = ()


def measure_overlap(
    predictions: pd.DataFrame,
    images: pd.DataFrame,
    task: SegmentationTask,
    *,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
) -> MeasuredMasks:
    """Measure each predicted mask against the lesions that the benchmark's rater drew in its image.

    A mask on another grid is resampled to that of the image (nearest neighbour). Lesions that cannot be read are
    left out, with a note.

    Args:
        predictions: Predictions of masks, with absolute paths.
        images: The rows of the images table of the benchmark's own rater; lesions with the same image and
            sequence lie in one image.
        task: From which overlap on a lesion is found, and up to which distance surfaces are the same.
        geometry_repair: See `samesplit.imaging.case.read_case`.
        minimum_voxels: As for `read_case`.
    """
    asked = predictions.reset_index(drop=True).merge(images[["lesion_id", "sequence", "image"]], how="left")
    rows: dict[int, Measured] = {}
    components: list[Measured] = []
    notes: list[str] = []
    for (sequence, path), of_image in asked.groupby(["sequence", "image"], sort=False):
        there = images[(images["sequence"] == sequence) & (images["image"] == path)]
        lesions = _lesions(there, geometry_repair, minimum_voxels, notes)
        for mask, of_mask in of_image.groupby("mask", sort=False):
            try:
                predicted = _predicted(str(mask), lesions)
            except LesionError as error:
                notes.append(f"a predicted mask could not be read and is left out: {error}")
                continue
            measured, parts = measure_image(
                lesions, predicted, tolerance_mm=task.tolerance_mm, least_overlap=task.least_overlap
            ) if lesions else ({}, [])  # fmt: skip
            named = of_mask[of_mask["lesion_id"].isin(list(measured))]
            for place, lesion in zip(named.index, named["lesion_id"], strict=True):
                rows[int(place)] = measured[str(lesion)]
            fits = named[[*_FIT, "sequence"]].drop_duplicates().assign(image_of=min(measured, default=""))
            components += [
                {str(key): value for key, value in fit.items()} | part
                for fit in fits.to_dict("records")
                for part in parts
            ]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(LESION_COLUMNS)).sort_index()
    kept = asked.drop(columns=["mask", "image"]).loc[table.index].join(table)
    return MeasuredMasks(
        kept.reset_index(drop=True),
        pd.DataFrame(components, columns=[*_FIT, "sequence", "image_of", *COMPONENT_COLUMNS]),
        tuple(dict.fromkeys(notes)),
    )


def _lesions(
    images: pd.DataFrame, geometry_repair: GeometryRepair | None, minimum_voxels: int, notes: list[str]
) -> dict[str, sitk.Image]:
    """Return the reference masks of the lesions of an image by lesion_id, without those that cannot be read."""
    found = {}
    for row in images.sort_values("lesion_id", kind="stable").to_dict("records"):
        try:
            case = read_case(
                str(row["image"]),
                str(row["mask"]),
                lesion_id=str(row["lesion_id"]),
                mask_label=str(row["mask_label"]),
                spacing_mm=float(row["spacing_mm"]),
                geometry_repair=geometry_repair,
                minimum_voxels=minimum_voxels,
            )
        except LesionError as error:
            notes.append(f"a lesion could not be measured and is left out: {error}")
        else:
            found[str(row["lesion_id"])] = case.mask
    return found


def _predicted(path: str, lesions: Mapping[str, sitk.Image]) -> sitk.Image:
    """Read a predicted mask, on the grid of the lesions where there are any."""
    grid = next(iter(lesions.values()), None)
    predicted = read_image(path, "mask", of=grid)
    if grid is None or same_grid(grid, predicted):
        return predicted
    return sitk.Resample(predicted, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
