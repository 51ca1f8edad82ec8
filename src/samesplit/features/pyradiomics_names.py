"""Names of features in the words of pyradiomics, and back: only where both mean the same number.

A feature of pyradiomics is recognised by its IBSI code; where pyradiomics' definition is another, its counterpart
is not the IBSI feature but the one by pyradiomics' own definition (`pyradiomics_firstorder_Kurtosis`). What
pyradiomics has not keeps its IBSI name.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Literal

from samesplit.errors import DeclarationError
from samesplit.features.catalogue import FAMILIES, features
from samesplit.features.engines.ibsi.own_definitions import DEFINITIONS
from samesplit.features.engines.pyradiomics_catalogue import FEATURES

__all__ = ["CLASSES", "FeatureNames", "check_names", "counterpart", "ibsi_name", "pyradiomics_names"]

FeatureNames = Literal["ibsi", "pyradiomics"]
"""Whose names the columns of a table of features have."""

CLASSES = {
    "shape": ("morphology",),
    "firstorder": ("statistics", "histogram"),
    "glcm": ("glcm",),
    "glrlm": ("glrlm",),
    "glszm": ("glszm",),
    "gldm": ("ngldm",),
    "ngtdm": ("ngtdm",),
}
"""pyradiomics' feature classes, and the IBSI families that their features belong to."""


_SHIFTED = {("firstorder", "Energy"), ("firstorder", "RootMeanSquared")}
"""pyradiomics' definition is IBSI's but for its `voxelArrayShift`."""


def check_names(names: str) -> FeatureNames:
    """Return whose names are meant.

    Raises:
        DeclarationError: Neither IBSI's nor pyradiomics'.
    """
    if names == "ibsi":
        return "ibsi"
    if names == "pyradiomics":
        return "pyradiomics"
    raise DeclarationError(f"there are no names '{names}'", remedy="choose ibsi or pyradiomics")


def counterpart(feature_class: str, feature: str) -> str | None:
    """Return the tag, without aggregation, of what is pyradiomics' feature here; None where nothing is.

    Args:
        feature_class: pyradiomics' class.
        feature: Its feature.

    Example:
        >>> counterpart("glcm", "Contrast"), counterpart("firstorder", "Kurtosis"), counterpart("glcm", "X")
        ('cm_contrast', 'pyradiomics_firstorder_Kurtosis', None)
    """
    return _tags().get((feature_class, feature))


def pyradiomics_names(columns: Iterable[str]) -> dict[str, str]:
    """Return what columns of the engine `ibsi` are called in pyradiomics.

    Several settings of one feature keep what tells them apart (`original_glcm_Contrast_3D_comb`); columns that
    pyradiomics has no name for are left out. They are in pyradiomics' order, class by class.

    Args:
        columns: Names of features of one profile.

    Example:
        >>> pyradiomics_names(["cm_contrast_3D_avg", "stat_mean", "stat_kurt"])
        {'stat_mean': 'original_firstorder_Mean', 'cm_contrast_3D_avg': 'original_glcm_Contrast'}
    """
    parted = {column: found for column in columns if (found := _parted(column)) is not None}
    counts = Counter(name for name, _ in parted.values())
    place = {f"original_{kind}_{name}": number for number, (kind, name) in enumerate(_tags())}
    ordered = sorted(parted.items(), key=lambda item: place[item[1][0]])
    return {column: name + (end if counts[name] > 1 else "") for column, (name, end) in ordered}


def ibsi_name(name: str, *, aggregation: str = "3D_avg") -> str:
    """Return the column of the engine `ibsi` that holds a feature of pyradiomics.

    Args:
        name: As pyradiomics writes it (`original_glcm_Contrast`), or without `original_`.
        aggregation: How textures become one value; pyradiomics averages over directions, `3D_avg`.

    Raises:
        DeclarationError: pyradiomics has no such feature, or the engine `ibsi` has not.

    Example:
        >>> ibsi_name("original_glszm_ZonePercentage"), ibsi_name("firstorder_Mean")
        ('szm_z_perc_3D', 'stat_mean')
    """
    feature_class, _, feature = name.removeprefix("original_").partition("_")
    tag = counterpart(feature_class, feature)
    if tag is None:
        known = [f"original_{one}_{other}" for one, other in _tags()]
        near = difflib.get_close_matches(name, known, n=1)
        raise DeclarationError(
            f"the engine ibsi has no feature '{name}' of pyradiomics",
            remedy=f"did you mean '{near[0]}'?"
            if near
            else "see docs/from-pyradiomics.md for those that it has",
        )
    ways = {one.suffix for key in CLASSES[feature_class] for one in FAMILIES[key].aggregations}
    if not ways:
        return tag
    return f"{tag}_{aggregation if aggregation in ways else aggregation.rpartition('_')[0]}"


@cache
def _tags() -> dict[tuple[str, str], str]:
    """By pyradiomics' class and feature."""
    by_code = {(one.family, one.code): one.tag for one in features()}
    found = {}
    for feature_class, families in CLASSES.items():
        for name, info in FEATURES[feature_class].items():
            own = name in DEFINITIONS.get(feature_class, {}) and (feature_class, name) not in _SHIFTED
            tags = [by_code.get((family, info.ibsi_code or "")) for family in families]
            tag = f"pyradiomics_{feature_class}_{name}" if own else next((one for one in tags if one), None)
            if tag is not None:
                found[feature_class, name] = tag
    return found


def _parted(column: str) -> tuple[str, str] | None:
    """Return a column's name in pyradiomics, and what follows the tag; None where pyradiomics has none."""
    tags = _by_tag()
    ends = [place for place, letter in enumerate(column) if letter == "_"]
    for end in (len(column), *reversed(ends)):  # the longest tag: cm_inv_diff_norm, not cm_inv_diff
        if column[:end] in tags:
            name = tags[column[:end]]
            return None if name is None else (name, column[end:])
    return None


@cache
def _by_tag() -> dict[str, str | None]:
    """Every tag, with its name in pyradiomics; None where it has none."""
    named = {tag: f"original_{feature_class}_{name}" for (feature_class, name), tag in _tags().items()}
    shifted = {
        f"pyradiomics_{one}_{name}": f"original_{one}_{name}"
        for one, names in DEFINITIONS.items()
        for name in names
    }
    return {one.tag: None for one in features()} | named | shifted
