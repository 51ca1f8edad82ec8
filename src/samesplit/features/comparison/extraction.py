"""The same lesions through several engines, each feature recognised by its IBSI code and aggregation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from samesplit.errors import DeclarationError
from samesplit.execution.case_units import Progress
from samesplit.features.catalogue import find
from samesplit.features.comparison.differences import reasons_for
from samesplit.features.engines import FeatureInfo, get_engine
from samesplit.features.extraction import extract
from samesplit.features.feature_matrix import to_wide
from samesplit.features.profiles import Profile
from samesplit.imaging.repairs import GeometryRepair

__all__ = ["EnginePair", "Extracted", "extract_side_by_side", "pairs_of", "standard_features"]

StageProgress = Callable[[str], Progress]
"""Opens a stage of that title and gives the function that its progress is told to."""


@dataclass(frozen=True)
class Extracted:
    """One sequence through several engines.

    Attributes:
        sequence: The image.
        profiles: The profile of each engine.
        tables: By engine: index (lesion_id, rater), one column a feature of IBSI, named by tag and aggregation.
        ledger: LEDGER rows of cases that were repaired for an engine or failed in it; the stage names its profile.
        seconds: Computing time by engine, summed over cases.
        own: Engines whose profile is not the neutral setting.
    """

    sequence: str
    profiles: Mapping[str, Profile]
    tables: Mapping[str, pd.DataFrame]
    ledger: pd.DataFrame
    seconds: Mapping[str, float]
    own: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EnginePair:
    """Two engines on one sequence, reduced to the lesions and features that both have.

    Attributes:
        sequence: The image.
        first: The engine that is taken for the reference.
        second: The other.
        features: Index as the columns of the values; columns family, feature (IBSI's name), tag, ibsi_code,
            aggregation, column_first, column_second (the engines' own names), reasons (keys, by semicolon), note.
        values_first: Index (lesion_id, rater), one column a feature.
        values_second: The same of the other engine.
    """

    sequence: str
    first: str
    second: str
    features: pd.DataFrame
    values_first: pd.DataFrame
    values_second: pd.DataFrame


def standard_features(profile: Profile) -> dict[str, FeatureInfo]:
    """Return the features of a profile that IBSI-1 defines, by tag and aggregation (`cm_contrast 3D, merged`).

    Raises:
        DeclarationError: The profile computes one of them several times (with several bins, for example).

    Example:
        >>> from samesplit.features.comparison.equivalence import NeutralSetting, equivalent_profile
        >>> found = standard_features(equivalent_profile("pyradiomics", NeutralSetting(), "MR"))
        >>> found["cm_contrast 3D, merged"].feature
        'original_glcm_Contrast'
    """
    found: dict[str, FeatureInfo] = {}
    for info in get_engine(profile.engine).catalogue(profile.settings):
        tag = _tag(info)
        if tag is None or info.filter or info.feature.startswith("native_"):
            continue
        key = f"{tag} {info.aggregation}".strip()
        if key in found:
            raise DeclarationError(
                f"the profile '{profile.name}' computes {key} as {found[key].feature} and as {info.feature}",
                remedy="for a comparison give one spacing and one discretisation",
            )
        found[key] = info
    return found


def _tag(info: FeatureInfo) -> str | None:
    """Return the tag of the feature in IBSI's table.

    Codes of the intensity-volume histogram say nothing of the percentage, so there the name must hold the tag:
    V10 and V90 share a code, and engines give V25 under it that IBSI has no value for.
    """
    candidates = [] if info.ibsi_code is None else [feature.tag for feature in find(info.ibsi_code)]
    if len(candidates) == 1 and not candidates[0].startswith("ivh_"):
        return candidates[0]
    return next((tag for tag in candidates if re.search(rf"(^|_){re.escape(tag)}($|_)", info.feature)), None)


def extract_side_by_side(
    images: pd.DataFrame,
    profiles: Mapping[str, Profile],
    *,
    cache: Path,
    jobs: int,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    stage: StageProgress | None = None,
    matching_references: pd.DataFrame | None = None,
    own: frozenset[str] = frozenset(),
    scheduler: str | None = None,
) -> Extracted:
    """Extract one sequence with each engine.

    Args:
        images: Rows of the IMAGES table of one sequence.
        profiles: By engine.
        cache: As in `samesplit.features.extraction.extract`.
        jobs: How many processes.
        geometry_repair: As there.
        minimum_voxels: As there.
        stage: Told what is going on.
        matching_references: As there.
        own: Engines whose profile is not the neutral setting.
        scheduler: As there.

    Raises:
        DeclarationError: An engine is not known or not installed, or a profile computes a feature twice.
    """
    sequence = str(images["sequence"].iloc[0])
    infos = {engine: standard_features(profile) for engine, profile in profiles.items()}
    for engine in profiles:
        _ = get_engine(engine).version  # says so before anything slow when an engine is not installed
    values, ledgers, seconds = {}, [], {}
    for engine, profile in profiles.items():
        done = extract(
            images, profile, cache=cache, jobs=jobs, geometry_repair=geometry_repair,
            minimum_voxels=minimum_voxels, matching_references=matching_references, scheduler=scheduler,
            progress=None if stage is None else stage(f"{engine} on {sequence}"),
        )  # fmt: skip
        values[engine] = _by_standard(done.features, infos[engine])
        ledgers.append(done.ledger)
        seconds[engine] = done.seconds
    ledger = pd.concat(ledgers, ignore_index=True).drop_duplicates(ignore_index=True)
    return Extracted(sequence, dict(profiles), values, ledger, seconds, own)


def _by_standard(features: pd.DataFrame, infos: Mapping[str, FeatureInfo]) -> pd.DataFrame:
    tables = []
    for rater, rows in features.groupby("rater", sort=True):
        wide = to_wide(rows)
        wide.columns = wide.columns.str.split("/", n=2).str[2]
        tables.append(pd.concat({rater: wide}, names=["rater", "lesion_id"]))
    names = {info.feature: key for key, info in infos.items()}
    if not tables:
        index = pd.MultiIndex.from_arrays([[], []], names=["lesion_id", "rater"])
        return pd.DataFrame(index=index, columns=list(names.values()), dtype=float)
    table = pd.concat(tables).reorder_levels(["lesion_id", "rater"]).sort_index()
    return table.reindex(columns=list(names)).rename(columns=names)


def pairs_of(extracted: Extracted) -> list[EnginePair]:
    """Every two engines, in the order of the engines, on what both have."""
    infos = {engine: standard_features(profile) for engine, profile in extracted.profiles.items()}
    return [_pair(extracted, infos, first, second) for first, second in combinations(extracted.profiles, 2)]


def _pair(
    extracted: Extracted, infos: Mapping[str, Mapping[str, FeatureInfo]], first: str, second: str
) -> EnginePair:
    left, right = extracted.tables[first], extracted.tables[second]
    shared = [key for key in infos[first] if key in infos[second]]
    lesions = left.index.intersection(right.index)
    profiles = (extracted.profiles[first], extracted.profiles[second])
    neutral = not extracted.own & {first, second}
    rows = {}
    for key in shared:
        mine, theirs = infos[first][key], infos[second][key]
        feature = next(f for f in find(str(mine.ibsi_code)) if f.tag == key.split(" ", 1)[0])
        reasons = reasons_for(
            feature.code,
            (mine.note, theirs.note),
            profiles,
            neutral=neutral,
            aggregation=mine.aggregation,
        )
        rows[key] = {
            "family": feature.family,
            "feature": feature.name,
            "tag": feature.tag,
            "ibsi_code": feature.code,
            "aggregation": mine.aggregation,
            "column_first": mine.feature,
            "column_second": theirs.feature,
            "reasons": "; ".join(reasons),
            "note": "; ".join(note for note in (mine.note, theirs.note) if note),
        }
    return EnginePair(
        extracted.sequence,
        first,
        second,
        pd.DataFrame.from_dict(rows, orient="index"),
        left.loc[lesions, shared],
        right.loc[lesions, shared],
    )
