"""The features that there are, and those that a profile produces, as tables for people and programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from samesplit.errors import DeclarationError
from samesplit.features.catalogue import FAMILIES, family, family_features
from samesplit.features.engines import get_engine
from samesplit.features.profiles import Profile

__all__ = ["profile_listing", "remarks", "standard_listing", "tables_of"]


def standard_listing(family_key: str | None = None) -> pd.DataFrame:
    """Every feature of IBSI-1, or those of one family.

    Args:
        family_key: Key, name or code of a family.

    Returns:
        One row a feature, in the catalogue's order: family, feature (IBSI's name), ibsi_code, tag, unit,
        aggregations (suffixes of the tag, by space), arbitrary_units (what it means where intensities have no
        unit), formula, undefined_when (when it is NaN; empty where never).

    Raises:
        DeclarationError: There is no such family.

    Example:
        >>> table = standard_listing("ngtdm")
        >>> len(table), table.loc[0, ["tag", "ibsi_code", "aggregations"]].tolist()
        (5, ['ngt_coarseness', 'QCDE', '2D 2_5D 3D'])
    """
    keys = FAMILIES if family_key is None else [family(family_key).key]
    rows = [
        {
            "family": key,
            "feature": feature.name,
            "ibsi_code": feature.code,
            "tag": feature.tag,
            "unit": feature.unit,
            "aggregations": " ".join(one.suffix for one in FAMILIES[key].aggregations),
            "arbitrary_units": feature.arbitrary_units,
            "formula": feature.formula,
            "undefined_when": feature.undefined_when,
        }
        for key in keys
        for feature in family_features(key)
    ]
    return pd.DataFrame(rows)


def profile_listing(profile: Profile, family_key: str | None = None) -> pd.DataFrame:
    """Every feature that a profile produces for one image, whatever its engine.

    Args:
        profile: The profile.
        family_key: Only this family, in the engine's word, or IBSI's key, name or code.

    Returns:
        One row a feature, in the engine's order: family, feature (its name in the features table), ibsi_code
        (empty where the standard has none), aggregation, unit, note, undefined_when (when it is NaN, as far as
        the engine tells), filter and filter_code (name and IBSI code of the filter of a response map, else empty).

    Raises:
        DeclarationError: The profile has no feature of this family.

    Example:
        >>> from samesplit.features.comparison.equivalence import NeutralSetting, equivalent_profile
        >>> listing = profile_listing(equivalent_profile("ibsi", NeutralSetting(), "MR"), "9ST6")
        >>> listing["feature"].tolist()
        ['loc_peak_loc', 'loc_peak_glob']
    """
    infos = get_engine(profile.engine).catalogue(profile.settings)
    known = list(dict.fromkeys(info.family for info in infos))
    wanted = known if family_key is None else [_family_of_profile(family_key, known, profile)]
    rows = [
        {
            "family": info.family,
            "feature": info.feature,
            "ibsi_code": info.ibsi_code or "",
            "aggregation": info.aggregation,
            "unit": info.unit,
            "note": info.note,
            "undefined_when": info.undefined_when,
            "filter": info.filter,
            "filter_code": info.filter_code,
        }
        for info in infos
        if info.family in wanted
    ]
    return pd.DataFrame(rows)


def _family_of_profile(key: str, known: list[str], profile: Profile) -> str:
    if key in known:
        return key
    for one in FAMILIES.values():
        if key in (one.key, one.name, one.code) and one.key in known:
            return one.key
    near = difflib.get_close_matches(key, known, n=1)
    raise DeclarationError(
        f"the profile '{profile.name}' has no features of a family '{key}'",
        remedy=(f"did you mean '{near[0]}'? " if near else "") + f"It has: {', '.join(known)}",
    )


def remarks(profile: Profile, listing: pd.DataFrame) -> list[str]:
    """Return what is to be said under the listing of a profile, a sentence each."""
    said = [
        f"{len(listing):,} features an image, by the engine {profile.engine}; columns of models are named "
        f"{profile.name}/SEQUENCE/FEATURE."
    ]
    filtered = listing.loc[listing["filter"].ne(""), ["filter", "filter_code"]]
    if len(filtered):
        names = [f"{one.filter} ({one.filter_code})" for one in filtered.drop_duplicates().itertuples()]
        maps = "a response map" if len(names) == 1 else f"{len(names)} response maps"
        said.append(f"{len(filtered):,} of them are of {maps}: {', '.join(names)}.")
    missing = int(listing["note"].str.startswith("NaN").sum())
    if missing:
        said.append(f"{missing} of them are always NaN: they mean nothing in the image's unit.")
    if profile.relative_change_to is not None:
        first = profile.relative_change_to == "first"
        baseline = "the first sequence of the benchmark" if first else profile.relative_change_to
        said.append(
            f"Each is also given as its relative change from {baseline}, under every other sequence: "
            f"{listing['feature'].iloc[0]}_change_from_{'FIRST' if first else baseline}."
        )
    return said


def tables_of(listing: pd.DataFrame) -> Iterator[Text | Table]:
    """Yield a listing for a terminal, a title and a table a family, without columns that are empty."""
    names = [name for name in ("tag", "feature", "ibsi_code", "unit") if name in listing]
    names += [name for name in ("arbitrary_units", "aggregation", "note") if name in listing]
    for key, rows in listing.groupby("family", sort=False):
        used = [name for name in names if rows[name].ne("").any()]
        yield Text(_title(str(key), rows), style="bold")
        table = Table()
        for name in used:
            is_id = name == "tag" or (name == "feature" and "tag" not in used)
            table.add_column(
                _HEADS.get(name, name),
                no_wrap=is_id or name in ("ibsi_code", "unit"),
                overflow="fold",
            )
        for row in rows[used].itertuples(index=False):
            table.add_row(*(escape(str(cell)) for cell in row))
        yield table


_HEADS = {"ibsi_code": "IBSI", "arbitrary_units": "in arbitrary units"}


def _title(key: str, rows: pd.DataFrame) -> str:
    count = f"{len(rows):,} feature{'s' if len(rows) > 1 else ''}"
    if key not in FAMILIES or "tag" not in rows:
        return f"{key}: {count}"
    one = FAMILIES[key]
    suffixes = rows["aggregations"].iloc[0]
    return f"{key}: {one.name} ({one.code}), {count}" + (f"; aggregations {suffixes}" if suffixes else "")
