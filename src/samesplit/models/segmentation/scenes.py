"""Which lesions lie in one image: what a segmentation network looks at, and what it is to find there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.array_images import image_of_array
from samesplit.imaging.case import read_case, read_image
from samesplit.imaging.geometry import align_mask, same_grid
from samesplit.imaging.image_references import parse_reference, read_array
from samesplit.imaging.mask_label import parse_mask_label, select_label
from samesplit.models.protocol import Cases

__all__ = ["Scene", "read_lesions", "read_organ", "read_whole_image", "scenes_of"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """The images of one patient that show the same lesions.

    Attributes:
        lesion_ids: The lesions that lie in them.
        rows: By sequence, the rows of the images table, one a lesion that is outlined in it; all name the same
            image.
        cases: How they are read.
    """

    lesion_ids: tuple[str, ...]
    rows: dict[str, tuple[Row, ...]]
    cases: Cases

    @property
    def where(self) -> str:
        """The scene in words, for messages."""
        return f"lesion{'s' * (len(self.lesion_ids) > 1)} {', '.join(self.lesion_ids)}"

    @property
    def sequences(self) -> tuple[str, ...]:
        """The sequences that there is an image of, in the order of the cases."""
        return tuple(self.rows)

    def lesions_in(self, sequence: str) -> tuple[str, ...]:
        """Return the lesions that are outlined in a sequence."""
        return tuple(str(row["lesion_id"]) for row in self.rows[sequence])

    def only(self, sequences: Sequence[str]) -> Scene:
        """Return the same scene with some of its sequences."""
        rows = {name: self.rows[name] for name in sequences if name in self.rows}
        there = {str(row["lesion_id"]) for of_sequence in rows.values() for row in of_sequence}
        lesions = tuple(lesion for lesion in self.lesion_ids if lesion in there)
        return replace(self, lesion_ids=lesions, rows=rows)


def scenes_of(cases: Cases) -> list[Scene]:
    """Group lesions by the images that they lie in.

    Lesions that share any image are one scene, also where one of them is not outlined in every sequence. Where
    such lesions name several images of a sequence, only those that name the same images throughout are together.

    Args:
        cases: The lesions, with the rows of their images.

    Returns:
        In the order of the cases; a lesion without an image is in none.
    """
    given: dict[str, dict[str, Row]] = {lesion: {} for lesion in cases.lesion_ids}
    for row in cases.images.to_dict("records"):
        if str(row["sequence"]) in cases.sequences:
            given[str(row["lesion_id"])][str(row["sequence"])] = {
                str(key): value for key, value in row.items()
            }
    of_lesion = {
        lesion: frozenset((name, str(row["image"])) for name, row in rows.items())
        for lesion, rows in given.items()
        if rows
    }
    scenes = []
    for lesions in _sharing(of_lesion):
        images = frozenset[tuple[str, str]]().union(*(of_lesion[lesion] for lesion in lesions))
        if len({name for name, _ in images}) == len(images):
            scenes.append(lesions)
        else:
            alike: dict[frozenset[tuple[str, str]], list[str]] = {}
            for lesion in lesions:
                alike.setdefault(of_lesion[lesion], []).append(lesion)
            scenes += alike.values()
    place = {lesion: number for number, lesion in enumerate(given)}
    return [_scene(lesions, given, cases) for lesions in sorted(scenes, key=lambda those: place[those[0]])]


def _sharing(of_lesion: Mapping[str, frozenset[tuple[str, str]]]) -> list[list[str]]:
    """Put lesions together that share any image, be it by way of others; in the order that they are given."""
    groups: list[tuple[list[str], set[tuple[str, str]]]] = []
    place = {lesion: number for number, lesion in enumerate(of_lesion)}
    for lesion, images in of_lesion.items():
        joined, seen = [lesion], set(images)
        for other, theirs in [group for group in groups if group[1] & images]:
            joined, seen = other + joined, seen | theirs
        groups = [group for group in groups if not group[1] & images]
        groups.append((sorted(joined, key=place.__getitem__), seen))
    return [lesions for lesions, _ in groups]


def _scene(lesions: list[str], given: Mapping[str, Mapping[str, Row]], cases: Cases) -> Scene:
    rows = {
        name: tuple(given[lesion][name] for lesion in lesions if name in given[lesion])
        for name in cases.sequences
    }
    return Scene(tuple(lesions), {name: those for name, those in rows.items() if those}, cases)


def read_whole_image(scene: Scene, sequence: str) -> sitk.Image:
    """Read one image of a scene, without any mask; voxels that are no numbers get the lowest value.

    Raises:
        LesionError: It cannot be read, or holds no number.
    """
    row = scene.rows[sequence][0]
    reference = parse_reference(str(row["image"]))
    if reference.is_array:
        image = image_of_array(
            read_array(reference),
            "image",
            (float(row["spacing_mm"]),) * 3,
            where=reference.path,
            spacing_remedy="give spacing_mm in images.csv",
            item_remedy="name one item of the array, for example [17]",
        )
    else:
        image = read_image(str(row["image"]), "image")
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    bad = ~np.isfinite(values)
    if bad.all():
        raise LesionError("the image holds no number", where=scene.where, remedy="export it again")
    if bad.any():
        values[bad] = values[~bad].min()
    whole = sitk.GetImageFromArray(values)
    whole.CopyInformation(image)
    return whole


def read_lesions(scene: Scene, sequence: str) -> tuple[sitk.Image, list[tuple[str, LesionError]]]:
    """Read where the lesions of a scene lie in one of its images.

    The mask of a lesion that is outlined in other sequences alone is that of the first of these, resampled.

    Returns:
        The union of their masks, on the image's grid, and the lesions whose mask cannot be used with the reason.

    Raises:
        LesionError: No lesion has a mask that can be used.
    """
    masks: list[sitk.Image] = []
    lost: list[tuple[str, LesionError]] = []
    outlined = set(scene.lesions_in(sequence))
    for lesion in sorted(scene.lesion_ids, key=lambda one: one not in outlined):
        names = (sequence, *scene.sequences) if lesion in outlined else scene.sequences
        name = next(one for one in names if lesion in scene.lesions_in(one))
        row = scene.rows[name][scene.lesions_in(name).index(lesion)]
        spacing = row.get("spacing_mm")
        try:
            case = read_case(
                str(row["image"]),
                str(row["mask"]),
                lesion_id=lesion,
                mask_label=parse_mask_label(str(row["mask_label"])),
                spacing_mm=None if spacing is None or pd.isna(spacing) else float(spacing),
                geometry_repair=scene.cases.geometry_repair,
                minimum_voxels=scene.cases.minimum_voxels,
            )
        except LesionError as error:
            lost.append((lesion, error))
            continue
        masks.append(case.mask)
    if not masks:
        raise lost[0][1]
    union = sitk.GetArrayFromImage(masks[0])
    for mask in masks[1:]:
        if not same_grid(masks[0], mask):
            mask = sitk.Resample(mask, masks[0], sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        union = np.maximum(union, sitk.GetArrayFromImage(mask))
    found = sitk.GetImageFromArray(union)
    found.CopyInformation(masks[0])
    return found, lost


def read_organ(scene: Scene, sequence: str, image: sitk.Image) -> sitk.Image:
    """Read where the organ lies in one image of a scene: its parts have numbers, 0 is outside.

    Raises:
        LesionError: There is no organ mask, or it is empty.
    """
    text = scene.rows[sequence][0].get("organ_mask")
    if text is None or pd.isna(text) or not str(text):
        raise LesionError(
            f"there is no organ mask of {sequence}",
            where=scene.where,
            remedy="name it in the column organ_mask of images.csv, or set 'localise: lesion' in the model file",
        )
    labels = read_image(str(text), "mask", of=image)
    anywhere, _ = select_label(labels, "any")  # an empty one is refused here
    aligned, _ = align_mask(image, anywhere, scene.cases.geometry_repair, where=scene.where)
    if aligned.GetSize() != labels.GetSize():
        labels = sitk.Resample(labels, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    parts = sitk.GetImageFromArray(sitk.GetArrayFromImage(labels).astype(np.uint8))
    parts.CopyInformation(image)
    return parts
