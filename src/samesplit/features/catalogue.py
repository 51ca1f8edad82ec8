"""Every feature of IBSI-1: names, codes, units, formulas, and how texture is aggregated.

Source: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145, and the IBSI reference manual,
arXiv:1612.07003 (version 11); `section` is the section of that manual. The features stand in `catalogue.csv`
beside this file; documentation, tables and reports read them here.
"""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from samesplit.errors import DeclarationError

__all__ = [
    "AGGREGATIONS",
    "FAMILIES",
    "MANUAL",
    "SLICE_AGGREGATIONS",
    "Aggregation",
    "ArbitraryUnits",
    "Family",
    "Feature",
    "family",
    "family_features",
    "features",
    "find",
    "full_tag",
    "tags",
    "undefined_for_arbitrary_units",
]

MANUAL = "arXiv:1612.07003v11, doi:10.1148/radiol.2020191145"
"""Where the definitions stand."""

ArbitraryUnits = Literal["defined", "fixed bin number", "undefined", "left out"]
"""What a feature means where intensities have no unit, as in most MR.

`defined`: it does not depend on the scale (morphology). `fixed bin number`: it does not depend on the scale when
intensities were discretised into a fixed number of bins; bins of a fixed size have no meaning there (manual,
2.7; an IVH takes 1,000 bins, 3.5). `undefined`: it is an intensity, or follows the scale (manual, 3.3).
`left out`: defined, but MR practice (radiomics-develop, MEDimage) leaves it empty: Moran's I and Geary's C.
"""


@dataclass(frozen=True)
class Aggregation:
    """How the matrices of several slices and directions become one value.

    Attributes:
        suffix: What feature names end in, for example `3D_comb`.
        name: IBSI's words.
        code: IBSI's four letters.
    """

    suffix: str
    name: str
    code: str


@dataclass(frozen=True)
class Family:
    """A feature family.

    Attributes:
        key: One word, also the name of its module under `features/families`.
        name: IBSI's name.
        code: IBSI's four letters.
        section: Section of the reference manual.
        symbols: What the letters of its formulas stand for.
        conventions: What is left open by the formulas, and how it is done here.
        aggregations: How it can be aggregated; empty where it is always computed on the volume.
    """

    key: str
    name: str
    code: str
    section: str
    symbols: str
    conventions: str
    aggregations: tuple[Aggregation, ...] = ()


@dataclass(frozen=True)
class Feature:
    """One feature, before aggregation.

    Attributes:
        family: Key of its family.
        name: IBSI's name.
        code: IBSI's four letters. Only the two volumes and the two intensities at a fraction share theirs.
        tag: The name used in tables; unique.
        unit: `mm`, `mm2`, `mm3`, `1/mm`, `I` and `I2` (the image's intensity and its square), `Imm3`; empty for
            numbers without a unit. The intensities of an IVH are bin numbers after fixed-number binning.
        arbitrary_units: What it means where intensities have no unit.
        formula: In the symbols of its family.
        undefined_when: When it has no value (NaN), in words that go on from "not defined:"; empty where every
            lesion has one.
    """

    family: str
    name: str
    code: str
    tag: str
    unit: str
    arbitrary_units: ArbitraryUnits
    formula: str
    undefined_when: str = ""


AGGREGATIONS = (
    Aggregation("2D_avg", "2D, averaged", "BTW3"),
    Aggregation("2D_comb", "2D, slice-merged", "SUJT"),
    Aggregation("2_5D_avg", "2.5D, direction-merged", "JJUI"),
    Aggregation("2_5D_comb", "2.5D, merged", "ZW7Z"),
    Aggregation("3D_avg", "3D, averaged", "ITBB"),
    Aggregation("3D_comb", "3D, merged", "IAZD"),
)
"""Of matrices that have a direction: GLCM and GLRLM."""

SLICE_AGGREGATIONS = (
    Aggregation("2D", "2D", "8QNN"),
    Aggregation("2_5D", "2.5D", "62GR"),
    Aggregation("3D", "3D", "KOBO"),
)
"""Of matrices without direction: GLSZM, GLDZM, NGTDM and NGLDM."""

_MORPHOLOGY = (
    "V: volume and A: surface area of the mesh of the morphological mask; N_m: its voxels, at x_k; λ: "
    "eigenvalues "
    "of the covariance (n − 1) of their positions; X_k: intensities of the N_v voxels of the intensity "
    "mask, μ: "
    "their mean"
)
_STATISTICS = (
    "X_k: intensities of the N_v voxels of the intensity mask; Pq: q-th percentile, linear between ranks"
)
_HISTOGRAM = (
    "n_i: voxels of level i, p_i = n_i / N_v; Pq: q-th percentile, linear between ranks; "
    "H'_i = (n_i+1 − n_i−1) / 2, one-sided at the first and last level"
)
_IVH = (
    "ν_i: fraction of the voxels with at least level i; γ_i = (i − min G) / (max G − min G); "
    "G: range of the levels"
)
_GLCM = (
    "p_ij: probability that neighbours have levels i and j, p_i. = Σ_j p_ij; "
    "d_k: probability of |i − j| = k, s_k: of i + j = k; N_g: number of levels; "
    "HXY, HX: entropies of p_ij and p_i."
)
_ZONES = "N_s: their number; N_v: number of voxels{v}; p_ij = {m}_ij / N_s"
_NGTDM = (
    "s_i: sum over the voxels of level i of |i − mean level of their neighbours|; p_i: fraction of the "
    "N_c voxels "
    "with a neighbour that have level i; N_p: number of levels with p_i > 0"
)

_MORPHOLOGY_CONVENTIONS = (
    "The mesh is Lewiner's marching cubes at 0.5, closed at the border of the mask. The oriented minimum "
    "bounding box is the smallest one with a side on a face of the convex hull, and of equally small ones that "
    "with the smallest surface; the minimum volume "
    "enclosing ellipsoid is found by Khachiyan's algorithm. Moran's I and Geary's C take all pairs of "
    "voxels, by Fourier transforms."
)
_IVH_CONVENTIONS = (
    "The levels are set by `ivh` of the profile: intensities in steps of 1 (`none`), bin centres (`FBS`) "
    "or bin numbers (`FBN`). Where more than x % of the voxels have the highest level, I_x is one step "
    "above it."
)
_MEANS = "Averages are over the matrices (slices, directions) in which a feature is defined."

_FAMILIES = (
    Family("morphology", "Morphology", "HCUG", "3.1", _MORPHOLOGY, _MORPHOLOGY_CONVENTIONS),
    Family(
        "local_intensity",
        "Local intensity",
        "9ST6",
        "3.2",
        "Intensities in and around the intensity mask",
        "The sphere has a radius of 6.2 mm and holds the voxels whose centres lie within it, also outside "
        "the lesion; what lies outside the image does not count.",
    ),
    Family(
        "statistics",
        "Intensity-based statistics",
        "UHIW",
        "3.3",
        _STATISTICS,
        "The reference values do not decide between kinds of percentiles; this one is numpy's.",
    ),
    Family(
        "histogram",
        "Intensity histogram",
        "ZVCW",
        "3.4",
        _HISTOGRAM,
        "Gradients reach from level 1 to the highest level that occurs.",
    ),
    Family("ivh", "Intensity-volume histogram", "P88C", "3.5", _IVH, _IVH_CONVENTIONS),
    Family(
        "glcm",
        "Grey level co-occurrence matrix",
        "LFYI",
        "3.6",
        _GLCM,
        "Matrices are symmetric: each pair of neighbours counts in both orders. N_g is the highest level "
        "that occurs, whether or not all levels below it do. " + _MEANS,
        AGGREGATIONS,
    ),
    Family(
        "glrlm",
        "Grey level run length matrix",
        "TP0I",
        "3.7",
        "r_ij: runs of level i and length j; "
        + _ZONES.format(v=", once for each direction that was merged", m="r"),
        "In the run percentage a voxel counts once for each direction that is merged.",
        AGGREGATIONS,
    ),
    Family(
        "glszm",
        "Grey level size zone matrix",
        "9SAK",
        "3.8",
        "s_ij: zones of level i and j voxels; " + _ZONES.format(v="", m="s"),
        "Zones hold together over faces, edges and corners: 8 neighbours in a slice, 26 in the volume.",
        SLICE_AGGREGATIONS,
    ),
    Family(
        "gldzm",
        "Grey level distance zone matrix",
        "VMDZ",
        "3.9",
        "d_ij: zones of level i at distance j from the border of the morphological mask; "
        + _ZONES.format(v="", m="d"),
        "Zones as for the size zone matrix. A zone is as far from the border as its nearest voxel; "
        "distances count steps over edges (2D) or faces (3D), and a voxel at the border has distance 1.",
        SLICE_AGGREGATIONS,
    ),
    Family(
        "ngtdm",
        "Neighbourhood grey tone difference matrix",
        "IPET",
        "3.10",
        _NGTDM,
        "Chebyshev distance 1. Where no voxel differs from its neighbours coarseness is 10⁶. With one "
        "level the other features are 0, and so are busyness and strength wherever they would divide by 0. "
        + _MEANS,
        SLICE_AGGREGATIONS,
    ),
    Family(
        "ngldm",
        "Neighbouring grey level dependence matrix",
        "REK0",
        "3.11",
        "s_ij: voxels of level i with j − 1 neighbours of the same level; " + _ZONES.format(v="", m="s"),
        "Chebyshev distance 1. With `ngldm_alpha` above 0, neighbours whose levels differ by at most that "
        "count as of the same level. The dependence count percentage is always 1.",
        SLICE_AGGREGATIONS,
    ),
)
FAMILIES = {one.key: one for one in _FAMILIES}
"""All families by key, in the manual's order."""


@cache
def family(key: str) -> Family:
    """Return the family of that key, name or code.

    Raises:
        DeclarationError: There is no such family; the message names the nearest.

    Example:
        >>> family("glcm").code, family("UHIW").key
        ('LFYI', 'statistics')
    """
    for one in FAMILIES.values():
        if key in (one.key, one.name, one.code):
            return one
    near = difflib.get_close_matches(key, FAMILIES, n=1)
    raise DeclarationError(
        f"there is no feature family '{key}'",
        remedy=(f"did you mean '{near[0]}'? " if near else "") + f"There are: {', '.join(FAMILIES)}",
    )


@cache
def _all_features() -> tuple[Feature, ...]:
    text = files("samesplit.features").joinpath("catalogue.csv").read_text(encoding="utf-8")
    return tuple(
        Feature(
            family=row["family"],
            name=row["feature"],
            code=row["ibsi_code"],
            tag=row["tag"],
            unit=row["unit"],
            arbitrary_units=cast("ArbitraryUnits", row["arbitrary_units"]),
            formula=row["formula"],
            undefined_when=row["undefined_when"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def features() -> tuple[Feature, ...]:
    """Every feature, family after family, in the order in which they are computed.

    Example:
        >>> len(features()), features()[0].name
        (174, 'Volume (mesh)')
    """
    return _all_features()


@cache
def family_features(key: str) -> tuple[Feature, ...]:
    """Return the features of a family (by key, name or code), in the order of its values.

    Raises:
        DeclarationError: There is no such family.

    Example:
        >>> len(family_features("glcm")), [feature.tag for feature in family_features("local_intensity")]
        (25, ['loc_peak_loc', 'loc_peak_glob'])
    """
    wanted = family(key).key
    return tuple(feature for feature in _all_features() if feature.family == wanted)


@cache
def tags(key: str) -> tuple[str, ...]:
    """Return the tags of a family, in the order of its values."""
    return tuple(feature.tag for feature in family_features(key))


def find(code: str) -> tuple[Feature, ...]:
    """Return the features that have this IBSI code or tag (with or without aggregation); empty when there is none.

    Example:
        >>> [feature.tag for feature in find("BC2M")], find("cm_contrast_3D_avg")[0].code
        (['ivh_v10', 'ivh_v90'], 'ACUI')
    """
    found = tuple(feature for feature in _all_features() if code in (feature.code, feature.tag))
    if found:
        return found
    return tuple(
        feature
        for feature in _all_features()
        if any(code == full_tag(feature.tag, one.suffix) for one in family(feature.family).aggregations)
    )


def full_tag(tag: str, aggregation: str = "") -> str:
    """Return a feature's name with its aggregation, as in the reference values.

    Example:
        >>> full_tag("cm_contrast", "3D_comb"), full_tag("stat_mean")
        ('cm_contrast_3D_comb', 'stat_mean')
    """
    return f"{tag}_{aggregation}" if aggregation else tag


def undefined_for_arbitrary_units(*, practice: bool = True) -> tuple[str, ...]:
    """Tags of the features that say nothing where intensities have no unit.

    Args:
        practice: Also those that are defined but that MR practice leaves out (Moran's I and Geary's C).

    Example:
        >>> len(undefined_for_arbitrary_units()), len(undefined_for_arbitrary_units(practice=False))
        (23, 21)
    """
    states = ("undefined", "left out") if practice else ("undefined",)
    return tuple(feature.tag for feature in _all_features() if feature.arbitrary_units in states)
