"""The features of a study, extracted with the cache of its runs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from samesplit.api.study_data import StudyData
from samesplit.errors import DeclarationError
from samesplit.execution.processes import cores
from samesplit.features.changes import relative_changes
from samesplit.features.derived import derived_features
from samesplit.features.extraction import extract
from samesplit.features.feature_matrix import to_wide
from samesplit.features.profiles import read_profile
from samesplit.tables import LEDGER, empty_table, stack_ledgers
from samesplit.uses import using

__all__ = ["study_features"]


def study_features(
    data: StudyData,
    profile: str | None,
    *,
    sequences: Sequence[str] | None,
    rater: str,
    jobs: int | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Extract the features of all lesions; see `samesplit.api.study.Study.features`.

    Returns:
        One row for every lesion of the cohort, NaN where it has no features; and the case ledger.

    Raises:
        WorkspaceError: There is no such profile.
        DeclarationError: The profile says something that cannot be, or none is named and there are several.
    """
    lesions = pd.Index(data.cohort.lesions["lesion_id"], name="lesion_id")
    own = data.cohort.features
    if profile is None and own is not None:
        return own.table.reindex(lesions), empty_table(LEDGER)
    declared = data.definition.profiles
    if profile is None:
        if len(declared) != 1:
            raise DeclarationError(
                f"the benchmark has {len(declared)} profiles",
                where=data.definition.name,
                remedy=f"name one: {', '.join(declared or data.workspace.names('features'))}",
            )
        profile = next(iter(declared))
    read = read_profile(data.workspace.find_yaml("features", profile))
    wanted = data.check_sequences(declared.get(profile) if sequences is None else sequences)
    images = data.cohort.images
    mine = data.image_rows(lesions.tolist(), wanted, rater)
    cohort, cache = data.definition.cohort, data.workspace.cache
    with using(cache, None):
        done = extract(
            mine,
            read,
            cache=cache / "features",
            jobs=jobs or cores(),
            geometry_repair=cohort.geometry_repair,
            minimum_voxels=cohort.minimum_voxels,
            matching_references=images,
        )
    tables = [done.features]
    if read.relative_change_to is not None:
        baseline = wanted[0] if read.relative_change_to == "first" else read.relative_change_to
        tables.append(relative_changes(done.features, baseline))
    derived = [
        one
        for one in data.definition.derived()
        if one.profile == profile and set(one.formula.names) <= set(wanted)
    ]
    more, lacking = derived_features(done.features, derived)
    wide = to_wide(pd.concat([*tables, more], ignore_index=True))
    return wide.reindex(lesions), stack_ledgers([done.ledger, lacking])
