"""Lesions as the items that deep-learning libraries take: dictionaries of paths, and a PyTorch dataset."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from samesplit.api.study_data import StudyData
from samesplit.errors import CohortError, LesionError
from samesplit.extras import require_extra
from samesplit.imaging.image_references import parse_reference

if TYPE_CHECKING:
    from samesplit.api.torch_dataset import LesionDataset

__all__ = ["case_dataset", "case_dicts"]


def case_dicts(
    data: StudyData,
    lesions: Sequence[str],
    targets: pd.DataFrame | None,
    *,
    sequences: Sequence[str] | None,
    rater: str | None,
) -> list[dict[str, Any]]:
    """List lesions as dictionaries of paths; see `samesplit.api.folds`.

    Args:
        data: The study.
        lesions: Which lesions.
        targets: What each dictionary tells of the outcome, indexed by lesion_id; None for nothing.
        sequences: Which images; all when None.
        rater: Whose masks; the benchmark's rater when None.

    Raises:
        CohortError: There is no such sequence or rater, or an image is no image file.
    """
    wanted, whose = data.check_sequences(sequences), data.check_rater(rater)
    rows = data.image_rows(lesions, wanted, whose).set_index(["lesion_id", "sequence"])
    found, lacking = [], []
    for lesion in lesions:
        if any((lesion, sequence) not in rows.index for sequence in wanted):
            lacking.append(lesion)
            continue
        here = rows.loc[[(lesion, sequence) for sequence in wanted]]
        for column in ("image", "mask"):
            for text in here[column]:
                _check_file(text, lesion)
        item: dict[str, Any] = {"lesion_id": lesion}
        for column in ("image", "mask", "mask_label"):
            values = [_number(value) if column == "mask_label" else str(value) for value in here[column]]
            item[column] = values[0] if len(wanted) == 1 else values
        found.append(item | _target(targets, lesion))
    _warn_of(lacking, f"lack an image of {', '.join(wanted)}")
    return found


def case_dataset(
    data: StudyData,
    lesions: Sequence[str],
    targets: pd.DataFrame | None,
    *,
    sequences: Sequence[str] | None,
    inputs: Mapping[str, Any] | None,
    transform: Callable[[dict[str, Any]], Any] | None,
    rater: str | None,
) -> LesionDataset:
    """Make a PyTorch dataset; see `samesplit.api.folds`.

    Raises:
        MissingExtraError: PyTorch is not installed.
        DeclarationError: `inputs` says something that cannot be.
        CohortError: There is no such sequence or rater.
    """
    require_extra("networks", "torch", needed_by="a PyTorch dataset")
    from samesplit.api.torch_dataset import LesionDataset

    wanted, whose = data.check_sequences(sequences), data.check_rater(rater)
    read: Callable[[int], dict[str, Any]]
    if inputs is None:
        rows = data.image_rows(lesions, wanted, whose).groupby("lesion_id")["sequence"].agg(set)
        there = [lesion for lesion in lesions if rows.get(lesion, set()) >= set(wanted)]
        _warn_of([x for x in lesions if x not in set(there)], f"lack an image of {', '.join(wanted)}")
        read = _WholeImages(data, tuple(there), wanted, whose)
    else:
        read = _prepared(data, lesions, wanted, whose, inputs)
        there = read.lesions
        _warn_of([x for x in lesions if x not in set(there)], "have no readable image")
    told = [_target(targets, lesion) for lesion in there]
    return LesionDataset(there, read, told, transform)


class _WholeImages:
    """Reads whole images and masks, one channel a sequence."""

    def __init__(
        self, data: StudyData, lesions: tuple[str, ...], sequences: tuple[str, ...], rater: str
    ) -> None:
        self.data, self.lesions, self.sequences, self.rater = data, lesions, sequences, rater

    def __call__(self, index: int) -> dict[str, Any]:
        lesion = self.lesions[index]
        cases = [self.data.read(lesion, sequence, self.rater) for sequence in self.sequences]
        images = [case.image.astype(np.float32) for case in cases]
        if len({image.shape for image in images}) > 1:
            sizes = "; ".join(
                f"{case.sequence} {' x '.join(map(str, image.shape))}"
                for case, image in zip(cases, images, strict=True)
            )
            raise LesionError(
                f"the images are not on one grid ({sizes} voxels)",
                where=f"lesion {lesion}",
                remedy="say how they are to be brought to one size, for example "
                'dataset(inputs={"view": "3d", "size": 32}), or take one sequence',
            )
        return {"image": np.stack(images), "mask": np.stack([case.mask for case in cases])}


class _PreparedImages:
    """Opens inputs that were prepared beforehand."""

    def __init__(self, prepared: Any) -> None:
        self.prepared = prepared

    @property
    def lesions(self) -> list[str]:
        return list(self.prepared.lesion_ids)

    def __call__(self, index: int) -> dict[str, Any]:
        return {"image": self.prepared[index]}


def _prepared(
    data: StudyData, lesions: Sequence[str], sequences: tuple[str, ...], rater: str, inputs: Mapping[str, Any]
) -> _PreparedImages:
    from samesplit.declarations import parse_declaration
    from samesplit.imaging.views.settings import InputSettings
    from samesplit.models.networks.preparation import prepare_inputs
    from samesplit.models.protocol import Cases
    from samesplit.uses import using

    settings = parse_declaration(dict(inputs), InputSettings, path=Path("inputs"), lines={})
    known = data.cohort.lesions.set_index("lesion_id").loc[list(lesions), ["patient_id"]]
    nothing = pd.DataFrame(index=known.index)
    cases = Cases(
        lesions=known,
        images=data.image_rows(lesions, sequences, rater).reset_index(drop=True),
        features=nothing,
        predictions=nothing,
        sequences=sequences,
        rater=rater,
        geometry_repair=data.definition.cohort.geometry_repair,
        minimum_voxels=data.definition.cohort.minimum_voxels,
    )
    cache = data.workspace.cache
    with using(cache, None):
        return _PreparedImages(prepare_inputs(cases, settings, sequences=sequences, cache=cache / "inputs"))


def _target(targets: pd.DataFrame | None, lesion: str) -> dict[str, Any]:
    if targets is None:
        return {}
    return {str(name): column.loc[lesion].item() for name, column in targets.items()}


def _number(mask_label: str) -> int | float | str:
    """Return the value that marks the lesion, as a number; or "any"."""
    if mask_label.lower() == "any":
        return "any"
    value = float(mask_label)
    return int(value) if value.is_integer() else value


def _check_file(text: str, lesion: str) -> None:
    reference = parse_reference(text)
    if reference.is_array or reference.is_dicom:
        raise CohortError(
            f"'{text}' is {'an array' if reference.is_array else 'DICOM'} and no image file",
            where=f"lesion {lesion}",
            remedy="use dataset(...), or read each lesion with study.case(lesion, sequence)",
        )


def _warn_of(lesions: Sequence[str], why: str) -> None:
    if lesions:
        more = f" and {len(lesions) - 5} more" if len(lesions) > 5 else ""
        warnings.warn(
            f"left out are the lesions that {why}: {', '.join(lesions[:5])}{more}",
            stacklevel=4,
        )
