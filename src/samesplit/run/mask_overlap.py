"""The overlap of masks predicted elsewhere with those of the benchmark's rater."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import SimpleITK as sitk

from samesplit.errors import LesionError, PredictionsError
from samesplit.imaging.case import read_case, read_image
from samesplit.imaging.geometry import same_grid
from samesplit.statistics.overlap import dice

__all__ = ["check_masks", "measure_overlap"]


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


def measure_overlap(predictions: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Measure the Dice coefficient of each predicted mask with the mask of the benchmark's rater.

    A mask on another grid is resampled to that of the image (nearest neighbour); an empty one has a Dice of 0.

    Args:
        predictions: Predictions of masks, with absolute paths.
        images: The rows of the images table of the benchmark's own rater.

    Returns:
        The predictions with the column `dice` in the place of `mask`.

    Raises:
        LesionError: An image or mask cannot be read.
    """
    known = images.set_index(["lesion_id", "sequence"])
    values = []
    for lesion, sequence, mask in predictions[["lesion_id", "sequence", "mask"]].itertuples(index=False):
        row = known.loc[(lesion, sequence)]
        case = read_case(
            str(row["image"]),
            str(row["mask"]),
            lesion_id=str(lesion),
            mask_label=str(row["mask_label"]),
            spacing_mm=float(row["spacing_mm"]),
        )
        predicted = read_image(str(mask), "mask", of=case.image)
        if not same_grid(case.mask, predicted):
            predicted = sitk.Resample(predicted, case.mask, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        values.append(dice(sitk.GetArrayFromImage(case.mask), sitk.GetArrayFromImage(predicted)))
    return predictions.drop(columns="mask").assign(
        dice=pd.Series(values, index=predictions.index, dtype="float64")
    )
