"""Features that are computed from one feature of several sequences, such as enhancement ratios of mean signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from samesplit.features.formula import Formula
from samesplit.tables import FEATURES, LEDGER, empty_table

__all__ = ["DerivedFeature", "derived_features", "derived_listing", "with_derived_columns"]

_STAGE = "derived features"


@dataclass(frozen=True)
class DerivedFeature:
    """A formula whose names are sequences; each stands for one feature of a profile on that sequence.

    Attributes:
        name: What the result is called.
        formula: Of sequences.
        profile: Whose features.
        feature: Which of them.
    """

    name: str
    formula: Formula
    profile: str
    feature: str

    @property
    def sequence(self) -> str:
        """The sequence that the result stands under: the first that the formula names."""
        return self.formula.names[0]

    @property
    def column(self) -> str:
        """The column of the result in the table that models are given."""
        return f"{self.profile}/{self.sequence}/{self.name}"


def derived_features(
    features: pd.DataFrame, derived: Sequence[DerivedFeature]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute derived features of every lesion and rater.

    Args:
        features: FEATURES table with the profiles that the formulas are of.
        derived: The formulas.

    Returns:
        FEATURES rows, NaN where a part is missing or a divisor is 0; and LEDGER rows that say which and why. A
        lesion without any feature of the profile has no row in either: the extraction told why it has none.

    Example:
        >>> row = {"lesion_id": "L1", "rater": "R1", "profile": "roi-mean", "feature": "mean"}
        >>> table = pd.DataFrame([row | {"sequence": s, "value": v} for s, v in (("T1WI", 100.0), ("CMP", 250.0))])
        >>> enhancement = DerivedFeature("CMPr", Formula("(CMP - T1WI) / T1WI"), "roi-mean", "mean")
        >>> found, _ = derived_features(table, [enhancement])
        >>> found[["sequence", "feature", "value"]].to_numpy().tolist()
        [['CMP', 'CMPr', 1.5]]
    """
    tables, ledgers = [empty_table(FEATURES)], [empty_table(LEDGER)]
    for one in derived:
        of_profile = features[features["profile"] == one.profile]
        lesions = of_profile[["lesion_id", "rater"]].drop_duplicates()
        parts = of_profile[of_profile["feature"] == one.feature]
        wide = parts.pivot_table(
            index=["lesion_id", "rater"], columns="sequence", values="value", aggfunc="first", dropna=False
        )
        wide = wide.reindex(pd.MultiIndex.from_frame(lesions)).reindex(columns=list(one.formula.names))
        value = one.formula({name: wide[name].to_numpy(np.float64) for name in wide.columns})
        tables.append(
            lesions.assign(sequence=one.sequence, profile=one.profile, feature=one.name, value=value)[
                list(FEATURES.columns)
            ]
        )
        ledgers.append(_told(one, wide, value))
    found = [table for table in tables if len(table)] or tables[:1]
    told = [table for table in ledgers if len(table)] or ledgers[:1]
    return pd.concat(found, ignore_index=True), pd.concat(told, ignore_index=True)


def _told(one: DerivedFeature, wide: pd.DataFrame, value: np.ndarray) -> pd.DataFrame:
    """Return a row of the ledger for each result that is missing."""
    rows = []
    for (lesion, rater), parts in wide[np.isnan(value)].iterrows():
        lacking = [str(name) for name in wide.columns if np.isnan(parts[name])]
        why = f"no {one.feature} on {', '.join(lacking)}" if lacking else "a divisor is 0"
        rows.append(
            {
                "lesion_id": lesion,
                "sequence": one.sequence,
                "rater": rater,
                "stage": _STAGE,
                "status": "missing",
                "reason": f"{one.name} = {one.formula.text} cannot be computed: {why}",
            }
        )
    return pd.DataFrame(rows, columns=list(LEDGER.columns))


def with_derived_columns(wide: pd.DataFrame, derived: Sequence[DerivedFeature]) -> pd.DataFrame:
    """Add derived features to a table with columns `<profile>/<sequence>/<feature>`.

    A formula of which a column is not there is left out.

    Example:
        >>> enhancement = DerivedFeature("CMPr", Formula("(CMP - T1WI) / T1WI"), "roi-mean", "mean")
        >>> wide = pd.DataFrame({"roi-mean/CMP/mean": [250.0], "roi-mean/T1WI/mean": [100.0]})
        >>> with_derived_columns(wide, [enhancement])["roi-mean/CMP/CMPr"].tolist()
        [1.5]
    """
    for one in derived:
        columns = {name: f"{one.profile}/{name}/{one.feature}" for name in one.formula.names}
        if set(columns.values()) <= set(wide.columns):
            parts = {name: wide[column].to_numpy(np.float64) for name, column in columns.items()}
            wide = wide.assign(**{one.column: one.formula(parts)})
    return wide


def derived_listing(derived: Sequence[DerivedFeature]) -> pd.DataFrame:
    """Return the derived features as rows of a listing of features: profile, family, feature and note."""
    rows = [
        {
            "profile": one.profile,
            "feature": one.name,
            "name": f"{one.name} = {one.formula.text}",
            "family": "derived",
            "ibsi_code": "",
            "aggregation": "",
            "unit": "",
            "note": f"of {one.feature} on each sequence",
            "filter": "",
            "filter_code": "",
        }
        for one in derived
    ]
    columns = ["profile", "feature", "name", "family", "ibsi_code", "aggregation", "unit", "note"]
    columns += ["filter", "filter_code"]
    return pd.DataFrame(rows, columns=columns)
