"""A raw dataset of nnU-Net (version 2, or 1 and the Decathlon) as a segmentation benchmark."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.importing.writing import Imported, benchmark_folder, read_json, write_benchmark
from samesplit.errors import CohortError
from samesplit.tables import read_csv
from samesplit.workspace import benchmark_name

__all__ = ["import_nnunet"]

TASK = "outline"


def import_nnunet(
    source: Path,
    out: Path,
    *,
    label: str | None = None,
    organ: bool = False,
    splits: Path | None = None,
    outcomes: Path | None = None,
    title: str | None = None,
) -> Imported:
    """Make a benchmark of `nnUNet_raw/DatasetXXX_Name`.

    Each training case is a patient with one lesion: the voxels of one label. The images stay where they are; each
    channel is a sequence. Cases in imagesTs have no labels and are left out.

    Args:
        source: The folder with dataset.json, imagesTr and labelsTr.
        out: Name of the benchmark, or folder of a new workspace.
        label: Name of the label that is the lesion; needed where there are several.
        organ: Take all labels together as the organ that the lesion lies in (column organ_mask).
        splits: nnU-Net's splits_final.json, which then is the frozen split; else five folds by patient.
        outcomes: A CSV with lesion_id (the case) and further columns, such as label, for tasks that classify.
        title: Title of the benchmark.

    Returns:
        The benchmark and what is to be known about it.

    Raises:
        CohortError: The folder is no such dataset, the label is not known, or a file is missing.
    """
    declared = read_json(source / "dataset.json", "dataset.json")
    if not isinstance(declared, dict):
        raise CohortError(
            "holds no keys", where=source / "dataset.json", remedy="name a folder of nnUNet_raw"
        )
    channels = _channels(declared, source)
    name, values = _lesion(declared, label, source)
    ending = str(declared.get("file_ending", ".nii.gz"))
    cases = sorted(
        path.name.removesuffix(ending)
        for path in (source / "labelsTr").glob(f"*{ending}")
        if not path.name.startswith(".")
    )
    if not cases:
        raise CohortError(
            f"there are no labels labelsTr/*{ending}", where=source, remedy="name a folder of nnUNet_raw"
        )
    rows, notes = _images(source, cases, channels, ending, values, organ)
    lesions = pd.DataFrame({"lesion_id": cases, "patient_id": cases})
    if outcomes is not None:
        lesions = _with_outcomes(lesions, outcomes)
    folder = benchmark_folder(out)
    split: dict[str, Any] = {"scheme": "kfold", "folds": 5, "validation": 0.2, "seed": 0}
    if splits is not None:
        read_json(splits, "splits_final.json")
        shutil.copyfile(splits, folder / "splits_final.json")
        split = {"scheme": "fixed", "file": "splits_final.json"}
    definition = {
        "title": title or f"{source.name}: where is the {name}?",
        "description": str(declared.get("description", "")),
        "tasks": {TASK: {"kind": "segmentation", "question": f"Where is the {name}?"}},
        "cohort": {"sequences": list(channels.values())},
        "data": {
            "licence": str(declared.get("licence", declared.get("license", ""))),
            "source": str(declared.get("reference", "")),
        },
        "split": split,
        "models": [
            {
                "name": "cascade",
                "use": "unet3d-cascade",
                "settings": {"title": "3D U-Nets, two stages", "localise": "organ" if organ else "lesion"},
            },
            {"name": "one-stage", "use": "unet3d-one-stage", "settings": {"title": "3D U-Net, one stage"}},
        ],
        "statistics": {"reference": "one-stage"},
    }
    comment = (
        f"nnU-Net dataset {source.name}, label {name!r}.\n"
        "Masks of a trained nnU-Net join it with: samesplit nnunet import\n"
        "Tasks that classify need their columns in lesions.csv, and models that do (benchmarks/README.md)."
    )
    return write_benchmark(
        folder, definition, lesions, pd.DataFrame(rows), comment=comment, notes=tuple(notes)
    )


def _channels(declared: Mapping[str, Any], source: Path) -> dict[int, str]:
    """Return the channels by number, with names that sequences may have."""
    told = declared.get("channel_names", declared.get("modality"))
    if not isinstance(told, dict) or not told:
        raise CohortError(
            "names no channels (channel_names, or modality in version 1)",
            where=source / "dataset.json",
            remedy="name the folder of one dataset, DatasetXXX_Name",
        )
    names = {_whole(number, "a channel", source): benchmark_name(str(name)) for number, name in told.items()}
    twice = len(set(names.values())) < len(names)
    return {number: f"{name}-{number}" if twice else name for number, name in sorted(names.items())}


def _whole(value: Any, what: str, source: Path) -> int:
    """Return the number of a channel, or the value of a label."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise CohortError(
            f"the number of {what} is {value!r}, which is no whole number",
            where=source / "dataset.json",
            remedy="correct it; nnU-Net numbers channels from 0, and labels with the values of the label files",
        ) from None


def _lesion(declared: Mapping[str, Any], label: str | None, source: Path) -> tuple[str, tuple[int, ...]]:
    """Return the name of the label that is the lesion, and its values in the label files."""
    told = declared.get("labels")
    if not isinstance(told, dict):
        raise CohortError(
            "names no labels",
            where=source / "dataset.json",
            remedy="name the folder of one dataset, DatasetXXX_Name",
        )
    pairs = list(told.items())
    if all(str(key).isdigit() for key in told):  # version 1 has them the other way round
        pairs = [(value, key) for key, value in told.items()]
    labels = {
        str(name): tuple(
            _whole(one, f"the label {name!r}", source)
            for one in (value if isinstance(value, list) else [value])
        )
        for name, value in pairs
        if str(name) not in ("background", "ignore")
    }
    names = ", ".join(labels)
    if label is None and len(labels) == 1:
        label = next(iter(labels))
    if label is None or label not in labels:
        problem = f"there is no label {label!r}" if label else f"there are several labels: {names}"
        raise CohortError(
            problem,
            where=source / "dataset.json",
            remedy=f"say which is the lesion: --label; there are: {names}",
        )
    if len(labels[label]) > 1 and set(labels[label]) != {v for values in labels.values() for v in values}:
        raise CohortError(
            f"the label {label!r} is a region of several values {labels[label]}",
            where=source / "dataset.json",
            remedy=f"choose a label of one value, or the region of all of them; there are: {names}",
        )
    return label, labels[label]


def _images(
    source: Path,
    cases: list[str],
    channels: Mapping[int, str],
    ending: str,
    values: tuple[int, ...],
    organ: bool,
) -> tuple[list[dict[str, Any]], list[str]]:
    rows: list[dict[str, Any]] = []
    missing: list[str] = []
    for case in cases:
        mask = str((source / "labelsTr" / f"{case}{ending}").absolute())
        for number, sequence in channels.items():
            image = source / "imagesTr" / f"{case}_{number:04d}{ending}"
            if not image.is_file() and len(channels) == 1:
                image = source / "imagesTr" / f"{case}{ending}"  # as the Decathlon distributes them
            if not image.is_file():
                missing.append(image.name)
                continue
            row = {
                "lesion_id": case,
                "sequence": sequence,
                "rater": "R1",
                "image": str(image.absolute()),
                "mask": mask,
                "mask_label": str(values[0]) if len(values) == 1 else "any",
            }
            rows.append(row | {"organ_mask": mask} if organ else row)
    if not rows:
        in_one_file = len(channels) > 1 and (source / "imagesTr" / f"{cases[0]}{ending}").is_file()
        raise CohortError(
            f"no image of a labelled case is there, such as imagesTr/{missing[0]}",
            where=source,
            remedy="the Decathlon keeps all channels of a case in one file: split them with nnU-Net's "
            "nnUNetv2_convert_MSD_dataset, and name the folder that it writes"
            if in_one_file
            else "name a folder of nnUNet_raw; what nnU-Net preprocessed is not read",
        )
    told = f"{len(missing)} image{'s are' if len(missing) > 1 else ' is'} missing: {', '.join(missing[:3])}"
    return rows, [told] if missing else []


def _with_outcomes(lesions: pd.DataFrame, path: Path) -> pd.DataFrame:
    table = read_csv(path, error=CohortError)
    if "lesion_id" not in table:
        raise CohortError("lacks the column lesion_id", where=path, remedy="name the cases as labelsTr does")
    unknown = sorted(set(table["lesion_id"].dropna()) - set(lesions["lesion_id"]))
    if unknown:
        raise CohortError(
            f"names a case that labelsTr lacks: {unknown[0]}",
            where=path,
            remedy="name the cases as labelsTr does",
        )
    if "patient_id" in table:
        lesions = lesions.drop(columns="patient_id")
    joined = lesions.merge(table, on="lesion_id", how="left", validate="one_to_one")
    first = ["lesion_id", "patient_id"]
    return joined[first + [column for column in joined if column not in first]]
