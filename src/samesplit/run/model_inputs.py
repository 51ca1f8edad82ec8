"""What each model is given: the lesions that it can judge, its features and its images, never a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from samesplit.features.feature_matrix import to_wide
from samesplit.features.perturbation.feature_matrix import MEASUREMENT
from samesplit.models.protocol import Cases, Requirements
from samesplit.models.settings import ModelSettings
from samesplit.run.perturbed_features import name_of
from samesplit.run.plan import Plan
from samesplit.storage import hash_bytes, hash_object
from samesplit.tables import LEDGER, empty_table, hash_table

__all__ = ["ModelInputs", "cases_under", "feature_columns", "inputs_digest", "inputs_of"]


@dataclass(frozen=True)
class ModelInputs:
    """The cases of one model under each rater, and the hash of their content.

    Attributes:
        by_rater: Cases per rater; the benchmark's own rater is always there.
        digest: Hash of everything in them.
        ledger: Lesions that the model cannot judge, with the reason.
    """

    by_rater: dict[str, Cases]
    digest: str
    ledger: pd.DataFrame


def inputs_of(
    settings: ModelSettings,
    plan: Plan,
    features: pd.DataFrame,
    unreadable: set[tuple[str, str, str]],
    repeats: Mapping[str, pd.DataFrame],
) -> ModelInputs:
    """Gather what one model is given.

    Args:
        settings: The model's settings.
        plan: The run.
        features: The features table of all profiles, sequences and raters.
        unreadable: (lesion_id, sequence, rater) of images that failed to open.
        repeats: Features measured again, by the name of the perturbations; see `samesplit.run.perturbed_features`.
    """
    needs = settings.needs()
    sequences = needs.sequences or plan.definition.cohort.sequences
    profiles = tuple(plan.profiles) if "*" in needs.profiles else needs.profiles
    primary = plan.definition.cohort.rater
    own = plan.cohort.features
    tested = plan.tested
    columns = feature_columns(features, profiles, sequences, primary)
    by_rater, excluded = {}, []
    remarks: list[tuple[str, str]] = []
    for rater in (primary, *plan.definition.cohort.other_raters):
        if own is not None and needs.profiles and rater != primary:
            continue  # a table of one's own tells nothing of other masks
        wide = to_wide(features[features["rater"] == rater]).reindex(columns=columns)
        if own is not None and needs.profiles:
            wide = own.table
        cases, without = _cases(plan, needs, sequences, rater, wide, unreadable, plan.cohort.images)
        if rater == primary and needs.perturbations is not None:
            cases = _measured_again(cases, repeats[name_of(needs.perturbations)])
        if rater == primary:
            remarks = settings.remarks(cases)
        if rater == primary or needs.profiles or needs.images:
            by_rater[rater] = cases
            judged = [lost for lost in without if rater == primary or lost[0] in tested]
            excluded += [(lesion, rater, reason) for lesion, reason in judged]
    told = [(lesion, rater, "excluded", reason) for lesion, rater, reason in excluded]
    told += [(lesion, primary, "noted", reason) for lesion, reason in remarks]
    rows = [
        {
            "lesion_id": lesion,
            "sequence": "",
            "rater": rater,
            "stage": f"model {settings.name}",
            "status": status,
            "reason": reason,
        }
        for lesion, rater, status, reason in told
    ]
    ledger = pd.DataFrame(rows) if rows else empty_table(LEDGER)
    return ModelInputs(by_rater, inputs_digest(by_rater, plan.content), ledger)


def cases_under(
    plan: Plan,
    settings: ModelSettings,
    rater: str,
    images: pd.DataFrame,
    features: pd.DataFrame,
    columns: list[str],
) -> Cases:
    """Gather the lesions that a model can judge under masks that are none of the cohort's.

    Args:
        plan: The run.
        settings: Of the model.
        rater: What the masks are called.
        images: The images with these masks, in the columns of the images table.
        features: Their features.
        columns: Those that the model knows.
    """
    needs = settings.needs()
    sequences = needs.sequences or plan.definition.cohort.sequences
    wide = to_wide(features).reindex(columns=columns)
    cases, _ = _cases(plan, needs, sequences, rater, wide, set(), images)
    known = set(images.loc[images["sequence"].isin(sequences), "lesion_id"])
    return cases.select([lesion for lesion in cases.lesion_ids if lesion in known])


def feature_columns(
    features: pd.DataFrame, profiles: tuple[str, ...], sequences: tuple[str, ...], rater: str
) -> list[str]:
    """Return the names of the columns of some profiles and sequences, as a model sees them."""
    wanted = features["profile"].isin(profiles) & features["sequence"].isin(sequences)
    return sorted(to_wide(features[wanted & (features["rater"] == rater)]).columns)


def _cases(
    plan: Plan,
    needs: Requirements,
    sequences: tuple[str, ...],
    rater: str,
    wide: pd.DataFrame,
    unreadable: set[tuple[str, str, str]],
    images: pd.DataFrame,
) -> tuple[Cases, list[tuple[str, str]]]:
    lesions = _lesions(plan)
    wide = wide.reindex(index=lesions.index)
    images = images[(images["rater"] == rater) & images["sequence"].isin(sequences)]
    keys = zip(images["lesion_id"], images["sequence"], images["rater"], strict=True)
    images = images.loc[[key not in unreadable for key in keys]]
    without: list[tuple[str, str]] = []
    keep = pd.Series(True, index=lesions.index)
    own_masks = rater == plan.definition.cohort.rater
    if needs.profiles and not (needs.features_may_lack and own_masks):
        keep &= wide.notna().any(axis=1)
        reason = "no features could be extracted"
        if plan.cohort.features is not None:
            reason = f"{plan.cohort.features.file} has no features of this lesion"
        without += [(str(i), reason) for i in lesions.index[~keep]]
    if needs.images:
        has_image = pd.Series(lesions.index.isin(images["lesion_id"]), index=lesions.index)
        without += [(str(i), "no readable image") for i in lesions.index[keep & ~has_image]]
        keep &= has_image
    cases = Cases(
        lesions=lesions,
        images=images.reset_index(drop=True),
        features=wide,
        predictions=pd.DataFrame(index=lesions.index),
        sequences=tuple(sequences),
        rater=rater,
        geometry_repair=plan.definition.cohort.geometry_repair,
        minimum_voxels=plan.definition.cohort.minimum_voxels,
    )
    return cases.select([str(lesion) for lesion in lesions.index[keep]]), without


def _measured_again(cases: Cases, repeats: pd.DataFrame) -> Cases:
    """Return the cases with the repeated measurements of their own lesions and features."""
    columns = [column for column in cases.features.columns if column in repeats]
    mine = repeats["lesion_id"].isin(cases.lesion_ids)
    return replace(cases, repeats=repeats.loc[mine, [*MEASUREMENT, *columns]].reset_index(drop=True))


def _lesions(plan: Plan) -> pd.DataFrame:
    """Return the columns of the lesions table that a model may see."""
    table = plan.cohort.lesions.set_index("lesion_id")
    allowed = ["patient_id", "site", *plan.definition.cohort.clinical]
    return table[[column for column in dict.fromkeys(allowed) if column in table]].sort_index()


def inputs_digest(by_rater: Mapping[str, Cases], content: Mapping[str, str]) -> str:
    """Compute the hash of everything in some cases.

    Args:
        by_rater: Cases per rater.
        content: Hash of each image's and mask's content, by reference.
    """
    parts: list[Any] = []
    for rater, cases in by_rater.items():
        rows = [
            (
                row["lesion_id"],
                row["sequence"],
                content[row["image"]],
                content[row["mask"]],
                str(row["mask_label"]),
                str(row["spacing_mm"]),
                *([content[row["organ_mask"]]] if isinstance(row.get("organ_mask"), str) else []),
            )
            for row in cases.images.to_dict(orient="records")
        ]
        numbers = cases.features.to_numpy(dtype=np.float64)
        parts.append(
            (
                rater,
                hash_table(cases.lesions.reset_index()),
                list(cases.features.columns),
                hash_object(numbers.tobytes().hex()) if numbers.size else "",
                _repeats_digest(cases.repeats),
                sorted(rows, key=str),
                cases.sequences,
                cases.geometry_repair,
                cases.minimum_voxels,
            )
        )
    return hash_object(parts)


def _repeats_digest(repeats: pd.DataFrame) -> str:
    if repeats.empty:
        return ""
    numbers = repeats.drop(columns=MEASUREMENT)
    values = hash_bytes(np.ascontiguousarray(numbers.to_numpy(dtype=np.float64)).tobytes())
    return hash_object([hash_table(repeats[MEASUREMENT]), list(numbers.columns), values])
