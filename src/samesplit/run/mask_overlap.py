"""Predicted masks beside those of the benchmark's rater: checked, then measured image by image."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import SimpleITK as sitk

from samesplit.errors import LesionError, PredictionsError
from samesplit.execution.calls import HERE, Asked, Calls, Workers
from samesplit.imaging.case import read_case, read_image
from samesplit.imaging.geometry import same_grid
from samesplit.imaging.repairs import GeometryRepair
from samesplit.run.mask_measures import COMPONENT_COLUMNS, LESION_COLUMNS, measure_image
from samesplit.tasks import SegmentationTask

__all__ = ["MeasuredMasks", "check_masks", "measure_overlap"]

_FIT = ["model", "seed", "repeat", "fold", "subset", "rater"]
_VOXELS_ELSEWHERE = (".nhdr", ".mhd")
"""Headers whose voxels lie in other files: alone they would be of no use."""
_FEWEST_IMAGES = 8
"""From which on it pays to start other processes."""
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
    workers: Workers = HERE,
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
        workers: Who does the work, an image at a time. Those of a cluster need to see the images, and are sent
            the predicted masks.
    """
    asked = predictions.reset_index(drop=True).merge(images[["lesion_id", "sequence", "image"]], how="left")
    calls = Calls()
    by_image: list[tuple[pd.DataFrame, Asked[_OfImage]]] = []
    for (sequence, path), of_image in asked.groupby(["sequence", "image"], sort=False):
        there = images[(images["sequence"] == sequence) & (images["image"] == path)]
        masks = [_SentMask(str(mask), workers.scheduler is not None) for mask in of_image["mask"].unique()]
        what = f"masks of {there['lesion_id'].iloc[0]} {sequence}"
        by_image.append(
            (of_image, calls.ask(what, _measure, there, masks, task, geometry_repair, minimum_voxels))
        )
    calls.do(workers.unless_small(len(by_image) < _FEWEST_IMAGES))
    rows: dict[int, Measured] = {}
    components: list[Measured] = []
    notes: list[str] = []
    for of_image, one in by_image:
        notes += one.result.notes
        for mask, (measured, parts) in one.result.masks.items():
            of_mask = of_image[of_image["mask"] == mask]
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


@dataclass(frozen=True)
class _SentMask:
    """A predicted mask; where it goes to a machine that may not see it, the content of its file goes with it.

    The file is read when it is sent, not before: the masks of all models together may be more than memory holds.
    """

    path: str
    travels: bool = False
    content: bytes | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        content, file = self.content, Path(self.path)
        if self.travels and content is None and not file.name.lower().endswith(_VOXELS_ELSEWHERE):
            with suppress(OSError):  # it is missing, or a folder: who reads it says so
                content = file.read_bytes()
        return _SentMask, (self.path, self.travels, content)

    @contextmanager
    def here(self) -> Iterator[str]:
        """Yield a path at which it can be read."""
        if self.content is None:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="samesplit-mask-") as folder:
            path = Path(folder) / Path(self.path).name
            path.write_bytes(self.content)
            yield str(path)


@dataclass(frozen=True)
class _OfImage:
    """What was measured in an image: lesions and components by the predicted mask, and what could not be read."""

    masks: dict[str, tuple[dict[str, Measured], list[Measured]]]
    notes: list[str]


def _measure(
    images: pd.DataFrame,
    masks: Sequence[_SentMask],
    task: SegmentationTask,
    geometry_repair: GeometryRepair | None,
    minimum_voxels: int,
) -> _OfImage:
    """Measure all predicted masks of one image, which has a row a lesion."""
    found = _OfImage({}, [])
    lesions = _lesions(images, geometry_repair, minimum_voxels, found.notes)
    for mask in masks:
        try:
            with mask.here() as path:
                predicted = _predicted(path, lesions)
        except LesionError as error:
            told = str(error) if mask.content is None else str(error).replace(path, mask.path)
            found.notes.append(f"a predicted mask could not be read and is left out: {told}")
            continue
        found.masks[mask.path] = measure_image(
            lesions, predicted, tolerance_mm=task.tolerance_mm, least_overlap=task.least_overlap
        ) if lesions else ({}, [])  # fmt: skip
    return found


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
