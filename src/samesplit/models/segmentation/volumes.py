"""Parts of images on the grid of a network, with what is to be found in them; kept on disk by their content."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import SimpleITK as sitk

from samesplit.errors import LesionError, ModelError
from samesplit.imaging.image_references import content_hash
from samesplit.kept import note_damage
from samesplit.models.segmentation.grids import (
    Region,
    onto_grid,
    regions_of,
    scaled,
    stage_grid,
    whole_region,
)
from samesplit.models.segmentation.scenes import Scene, read_lesions, read_organ, read_whole_image
from samesplit.models.segmentation.settings import SegmentationNetworkSettings
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest, write_bytes
from samesplit.tables import LEDGER, empty_table

__all__ = ["ReadScene", "Volume", "ledger_row", "open_scene", "training_volumes"]

Image = npt.NDArray[np.float32]
_HASH = hashlib.sha256().digest_size
_LIBRARIES = ("SimpleITK", "highdicom", "numpy", "pydicom", "scipy")


@dataclass(frozen=True)
class Volume:
    """One training volume.

    Attributes:
        where: The lesions that lie in its image, for messages.
        key: The hash of all that it was made from.
        part: The file that holds it, or the array: the sequences, then the mask; shape (channels + 1, z, y, x).
    """

    where: str
    key: str
    part: Path | npt.NDArray[np.float16]

    def load(self) -> tuple[Image, Image]:
        """Return the image, shape (channels, z, y, x), and the mask of 0 and 1, shape (1, z, y, x)."""
        array = self.part if isinstance(self.part, np.ndarray) else np.load(self.part, allow_pickle=False)
        return array[:-1].astype(np.float32), array[-1:].astype(np.float32)


@dataclass(frozen=True)
class ReadScene:
    """The images of a scene, scaled and in memory.

    Attributes:
        scene: Which.
        images: By sequence, scaled grey values on the image's own grid.
        reference: The sequence whose grid and masks count: the first that there is.
    """

    scene: Scene
    images: dict[str, sitk.Image]
    reference: str

    def on(self, grid: sitk.Image, sequences: tuple[str, ...]) -> Image:
        """Return all sequences on one grid, shape (channels, z, y, x); one that the scene lacks is 0."""
        shape = grid.GetSize()[::-1]
        nothing = np.zeros(shape, dtype=np.float32)
        return np.stack(
            [onto_grid(self.images[name], grid) if name in self.images else nothing for name in sequences]
        )

    @property
    def whole(self) -> Region:
        """The box of the image that counts."""
        return whole_region(self.images[self.reference])


def open_scene(
    scene: Scene, settings: SegmentationNetworkSettings, skipped: list[dict[str, str]] | None = None
) -> ReadScene:
    """Read and scale the images of a scene.

    Args:
        scene: Which.
        settings: The windows.
        skipped: Gets a row for the case ledger for each image that cannot be read.

    Raises:
        LesionError: None can be read.
    """
    images: dict[str, sitk.Image] = {}
    failed: list[LesionError] = []
    for sequence in scene.sequences:
        try:
            images[sequence] = scaled(read_whole_image(scene, sequence), settings.windows.get(sequence))
        except LesionError as error:
            failed.append(error)
            if skipped is not None:
                skipped += [
                    ledger_row(lesion, sequence, scene, error) for lesion in scene.lesions_in(sequence)
                ]
    if not images:
        raise failed[0]
    return ReadScene(scene, images, next(iter(images)))


def training_volumes(
    scenes: list[Scene],
    settings: SegmentationNetworkSettings,
    *,
    sequences: tuple[str, ...],
    stage: str,
    cache: Path | None,
) -> tuple[list[Volume], pd.DataFrame]:
    """Prepare what a network is trained or validated on.

    Args:
        scenes: Where the lesions lie.
        settings: Of the model.
        sequences: Their order is the order of the channels.
        stage: `coarse`: whole images, in which the organ or the lesion is to be found; `fine`: whole images of a
            model of one stage, else the boxes round the outlined organ or lesions, widened by `margin_mm`.
        cache: A folder for prepared volumes; None: they are held in memory.

    Returns:
        The volumes, and rows for the case ledger: images and masks that cannot be used.

    Raises:
        ModelError: The organ is to be found first, and a training image has no organ mask.
    """
    volumes: list[Volume] = []
    skipped: list[dict[str, str]] = []
    for scene in scenes:
        try:
            key = _key(scene, settings, sequences, stage)
            volumes += _kept(scene, key, cache) or _made(
                scene, settings, sequences, stage, key, cache, skipped
            )
        except LesionError as error:
            skipped += [ledger_row(lesion, "", scene, error) for lesion in scene.lesion_ids]
    ledger = pd.DataFrame(skipped) if skipped else empty_table(LEDGER)
    return volumes, ledger.drop_duplicates(ignore_index=True)


def _made(
    scene: Scene,
    settings: SegmentationNetworkSettings,
    sequences: tuple[str, ...],
    stage: str,
    key: str,
    cache: Path | None,
    skipped: list[dict[str, str]],
) -> list[Volume]:
    opened = open_scene(scene, settings, skipped)
    name, image = opened.reference, opened.images[opened.reference]
    lesions, lost = read_lesions(scene, name)
    skipped += [ledger_row(lesion, name, scene, error) for lesion, error in lost]
    organ = _organ(scene, name, image) if settings.localise == "organ" else None
    wanted = organ if stage == "coarse" and organ is not None else lesions
    regions = [opened.whole]
    if stage == "fine" and settings.localise != "no":
        parts = regions_of(lesions, smallest_share=0.0) if organ is None else regions_of(organ)
        regions = [part.widened(settings.fine.margin_mm, opened.whole) for part in parts]
    volumes = []
    for number, region in enumerate(regions):
        grid = stage_grid(region, settings.coarse if stage == "coarse" else settings.fine)
        mask = _outlined(wanted, grid)
        array = np.concatenate([opened.on(grid, sequences).astype(np.float16), mask[None]])
        volumes.append(_keep(array, scene, key, number, cache, last=number == len(regions) - 1))
    return volumes


def _outlined(mask: sitk.Image, grid: sitk.Image) -> npt.NDArray[np.float16]:
    """Return a mask on a grid; one that is smaller than its voxels keeps those that it fills most."""
    share = onto_grid(sitk.Cast(mask > 0, sitk.sitkFloat32), grid)
    highest = float(share.max())
    inside = share >= min(0.5, highest / 2) if highest > 0 else np.zeros_like(share)
    return np.asarray(inside, dtype=np.float16)


def _organ(scene: Scene, sequence: str, image: sitk.Image) -> sitk.Image:
    try:
        return read_organ(scene, sequence, image)
    except LesionError as error:
        if error.problem.startswith("there is no organ mask"):
            raise ModelError(error.problem, where=error.where, remedy=error.remedy) from error
        raise


def _key(scene: Scene, settings: SegmentationNetworkSettings, sequences: tuple[str, ...], stage: str) -> str:
    references = {
        str(row[column])
        for rows in scene.rows.values()
        for row in rows
        for column in ("image", "mask", "organ_mask")
        if column in row and not pd.isna(row[column]) and row[column]
    }
    rows = [
        (name, content_hash(str(row["image"])), content_hash(str(row["mask"])), str(row["mask_label"]))
        for name, of_sequence in scene.rows.items()
        for row in of_sequence
    ]
    return hash_object(
        [
            source_digest(__name__),
            library_digest(*_LIBRARIES),
            rows,
            sorted(content_hash(reference) for reference in references),
            [scene.cases.geometry_repair, scene.cases.minimum_voxels],
            (settings.coarse if stage == "coarse" else settings.fine).model_dump(
                mode="json", include={"voxel_mm", "patch", "margin_mm"}
            ),
            [stage, settings.localise, sequences, {name: settings.windows.get(name) for name in sequences}],
        ]
    )


def _keep(
    array: npt.NDArray[np.float16], scene: Scene, key: str, number: int, cache: Path | None, *, last: bool
) -> Volume:
    """Keep a volume; the last of a scene is written under a name that says so, after all others."""
    name = hash_object([key, number, last])
    if cache is None:
        return Volume(scene.where, name, array)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    content = buffer.getvalue()
    path = write_bytes(cache / name[:2] / f"{name}.npy", content + hashlib.sha256(content).digest())
    return Volume(scene.where, name, path)


def _kept(scene: Scene, key: str, cache: Path | None) -> list[Volume]:
    """Return the volumes of a scene that are kept already, whole; none where any lacks."""
    found: list[Volume] = []
    while cache is not None:
        for last in (True, False):
            name = hash_object([key, len(found), last])
            path = cache / name[:2] / f"{name}.npy"
            if path.is_file() and _whole(path):
                found.append(Volume(scene.where, name, path))
                break
        else:
            return []
        if last:
            return found
    return []


def _whole(path: Path) -> bool:
    """Whether a kept volume is as it was written: its own hash stands behind it, where numpy does not look."""
    content = path.read_bytes()
    fine = content[-_HASH:] == hashlib.sha256(content[:-_HASH]).digest()
    if not fine:
        note_damage(path.parent, f"{path.name} is damaged")
    return fine


def ledger_row(lesion_id: str, sequence: str, scene: Scene, error: LesionError) -> dict[str, str]:
    """Return the line of the case ledger on a lesion that cannot be used."""
    return {
        "lesion_id": lesion_id,
        "sequence": sequence,
        "rater": scene.cases.rater,
        "stage": "segmentation networks",
        "status": "failed",
        "reason": error.problem,
    }
