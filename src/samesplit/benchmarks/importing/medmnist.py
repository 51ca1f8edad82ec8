"""One file of MedMNIST (2D or 3D) as a benchmark, in its official split."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.benchmarks.importing.writing import Imported, benchmark_folder, write_benchmark
from samesplit.errors import CohortError

__all__ = ["import_medmnist"]

SEQUENCE = "IMAGE"
_SUBSETS = {"train": "train", "val": "validation", "test": "test"}
_CLASSES = {
    "adrenalmnist3d": ("normal", "hyperplasia"),
    "nodulemnist3d": ("benign", "malignant"),
    "vesselmnist3d": ("vessel", "aneurysm"),
    "synapsemnist3d": ("inhibitory synapse", "excitatory synapse"),
    "fracturemnist3d": ("buckle rib fracture", "nondisplaced rib fracture", "displaced rib fracture"),
    "breastmnist": ("malignant", "normal or benign"),
    "pneumoniamnist": ("normal", "pneumonia"),
    "octmnist": ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    "tissuemnist": (
        "collecting duct or connecting tubule",
        "distal convoluted tubule",
        "glomerular endothelial cells",
        "interstitial endothelial cells",
        "leukocytes",
        "podocytes",
        "proximal tubule segments",
        "thick ascending limb",
    ),
}
"""Names of the classes by their number (Yang et al. 2023, doi 10.1038/s41597-022-01721-8)."""
_MOST = 10


def import_medmnist(
    source: Path, out: Path, *, classes: Sequence[str] = (), cube_mm: float = 0.0, title: str | None = None
) -> Imported:
    """Make a benchmark of one MedMNIST file (`adrenalmnist3d.npz`, `breastmnist_224.npz`, ...).

    Every case is a lesion and, since the files do not say whose cases belong together, a patient of its own. The
    official split is kept (train, validation, test). Arrays stay in the file that was given where they can: 3D
    volumes of 0 and one other value are masks of themselves; other 3D volumes get a mask of the whole cube, and
    grey 2D images become volumes of one slice, both in `arrays.npz` in the benchmark's folder.

    Args:
        source: The `.npz` file with `train_images`, `train_labels` and so on.
        out: Name of the benchmark, or folder of a new workspace.
        classes: Names of the classes by their number, where the file is none that is known by name.
        cube_mm: The side of the cube or image in mm; 0: 64 for 3D, and one mm a pixel in 2D (sizes then mean
            nothing).
        title: Title of the benchmark.

    Returns:
        The benchmark and what is to be known about it.

    Raises:
        CohortError: The file is none of MedMNIST, or its images or labels are of a kind that no task here can have
            (colour, several labels a case, more than 10 classes).
    """
    arrays = _read(source)
    labels = {part: arrays[f"{part}_labels"].reshape(len(arrays[f"{part}_images"]), -1) for part in _SUBSETS}
    if any(one.shape[1] != 1 for one in labels.values()):
        raise CohortError(
            f"each case has {labels['train'].shape[1]} labels",
            where=source,
            remedy="import files with one label a case; for one of several labels, write lesions.csv by hand",
        )
    numbers = np.unique(np.concatenate([one.ravel() for one in labels.values()])).astype(int)
    names = _names(source, numbers, classes)
    stacked = arrays["train_images"].ndim
    if stacked not in (3, 4) or (stacked == 4 and arrays["train_images"].shape[-1] == 3):
        raise CohortError(
            f"the images have the shape {arrays['train_images'].shape}: colour is not read",
            where=source,
            remedy="import grey 2D or 3D files; for colour images, train elsewhere and use samesplit compare",
        )
    volumetric = stacked == 4
    own_masks = volumetric and _shapes(arrays)
    folder = benchmark_folder(out)
    file, kept, notes = source.absolute(), folder / "arrays.npz", []
    if not volumetric:
        notes.append(
            "2D images stand as volumes of one slice; shape and texture features are those of the whole image"
        )
    elif not own_masks:
        notes.append(
            "the file has no masks: every voxel of the cube counts as the lesion, and its size means nothing"
        )
    if not cube_mm:
        notes.append(
            "the file has no voxel size: "
            + ("a cube of 64 mm" if volumetric else "1 mm a pixel")
            + " is assumed"
        )
    side = arrays["train_images"].shape[-1]
    spacing = (cube_mm or (64.0 if volumetric else float(side))) / side
    if not own_masks:
        made: dict[str, Any] = _made(arrays, volumetric)
        np.savez_compressed(kept, **made)
    lesions, images, official = [], [], []
    for part, subset in _SUBSETS.items():
        for row, label in enumerate(labels[part].ravel()):
            lesion = f"{part}-{row:05d}"
            image = f"{file if volumetric else kept}::{part}_images[{row}]"
            mask = image if own_masks else f"{kept}::whole[0]"
            lesions.append((lesion, lesion, names[int(label)]))
            official.append((lesion, subset))
            images.append((lesion, SEQUENCE, "R1", image, mask, "any", round(spacing, 6)))
    table = pd.DataFrame(lesions, columns=["lesion_id", "patient_id", "label"])
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "spacing_mm"]
    return write_benchmark(
        folder,
        _definition(
            title or f"{source.stem}, official split", names, table, volumetric=volumetric, shapes=own_masks
        ),
        table,
        pd.DataFrame(images, columns=columns),
        comment=f"MedMNIST, from {source.name}. Yang J et al. 2023, doi 10.1038/s41597-022-01721-8",
        others={"official.csv": pd.DataFrame(official, columns=["patient_id", "subset"])},
        notes=tuple(notes),
    )


def _read(source: Path) -> dict[str, npt.NDArray[Any]]:
    wanted = [f"{part}_{what}" for part in _SUBSETS for what in ("images", "labels")]
    try:
        with np.load(source) as file:
            missing = [name for name in wanted if name not in file.files]
            if not missing:
                return {name: file[name] for name in wanted}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CohortError(f"is no .npz file ({error})", where=source, remedy="download it again") from None
    raise CohortError(
        f"is no file of MedMNIST: it lacks {', '.join(missing)}",
        where=source,
        remedy="name a file such as nodulemnist3d.npz from https://medmnist.com",
    )


def _names(source: Path, numbers: npt.NDArray[np.int_], classes: Sequence[str]) -> dict[int, str]:
    known = tuple(classes) or _CLASSES.get(re.sub(r"_\d+$", "", source.stem), ())
    known = known or tuple(f"class-{number}" for number in range(int(numbers.max()) + 1))
    if numbers.min() < 0 or numbers.max() >= len(known) or len(set(known)) < len(known):
        raise CohortError(
            f"there are classes {numbers.min()} to {numbers.max()}, and {len(set(known))} names for them",
            where=source,
            remedy="give one name a class, in the order of their numbers: --classes benign,malignant",
        )
    if len(known) > _MOST:
        raise CohortError(
            f"there are {len(known)} classes; a task here has up to {_MOST}",
            where=source,
            remedy="join classes in a lesions.csv of your own",
        )
    return dict(enumerate(known))


def _shapes(arrays: dict[str, npt.NDArray[Any]]) -> bool:
    """Whether the volumes are masks: 0 and one other value."""
    return all(len(np.unique(arrays[f"{part}_images"])) <= 2 for part in _SUBSETS)


def _made(arrays: dict[str, npt.NDArray[Any]], volumetric: bool) -> dict[str, npt.NDArray[Any]]:
    """Return what the file itself does not hold: a mask of all voxels, and 2D images as volumes of one slice."""
    shape = arrays["train_images"].shape[1:]
    whole = {"whole": np.ones((1, *(shape if volumetric else (1, *shape))), dtype=np.uint8)}
    if volumetric:
        return whole
    return whole | {f"{part}_images": arrays[f"{part}_images"][:, np.newaxis] for part in _SUBSETS}


def _definition(
    title: str, names: dict[int, str], lesions: pd.DataFrame, *, volumetric: bool, shapes: bool
) -> dict[str, Any]:
    classes = [name for name in names.values() if lesions["label"].eq(name).any()]
    asked: dict[str, Any]
    if len(classes) == 2:
        positive = next((name for name in classes if name == "malignant"), classes[1])
        negative = next(name for name in classes if name != positive)
        asked = {
            "task": {"question": f"Which cases are {positive}?", "positive": positive, "negative": negative}
        }
    else:
        task = {"kind": "multiclass", "question": "Which class is it?", "column": "label", "classes": classes}
        asked = {"tasks": {"class": task}}
    profile = "shape" if shapes else "ct-default"
    network = {
        "name": "network",
        "use": "resnet10-3d" if volumetric else "resnet10-25d-minutes",
        "settings": {"title": "ResNet-10", "sequences": [SEQUENCE]},
    }
    return {
        "title": title,
        "description": "Cases of MedMNIST in its official split. Which cases are of one patient is not published, "
        "so each stands as a patient of its own, and intervals may be too narrow.",
        **asked,
        "cohort": {"sequences": [SEQUENCE], "minimum_voxels": 1},
        "data": {
            "licence": "CC BY 4.0",
            "source": "Yang J et al. Scientific Data 2023, doi 10.1038/s41597-022-01721-8",
        },
        "split": {"scheme": "fixed", "file": "official.csv"},
        "profiles": {profile: [SEQUENCE]},
        "models": ["zero-rule", "radiomics-small", *([network] if volumetric else [])],
        "statistics": {"reference": "radiomics-small"},
    }
