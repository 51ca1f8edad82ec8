"""The page `docs/features.md`: all features with formulas and codes, and all settings, from catalogue and code.

`samesplit features list --markdown docs/features.md` writes it; a test compares the file with this module.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from samesplit.declarations import Declaration
from samesplit.features.catalogue import (
    AGGREGATIONS,
    FAMILIES,
    MANUAL,
    SLICE_AGGREGATIONS,
    Aggregation,
    Family,
    family_features,
    features,
    undefined_for_arbitrary_units,
)
from samesplit.features.compliance.reference import read_reference
from samesplit.features.engines.ibsi.own_definitions import DEFINITIONS
from samesplit.features.engines.ibsi.settings import (
    Discretisation,
    IbsiSettings,
    IvhSettings,
    PyradiomicsChoice,
)
from samesplit.features.page_filters import filters_part
from samesplit.features.processing.settings import Normalisation, ProcessingSettings
from samesplit.imaging.correction import BiasCorrection, HistogramMatching
from samesplit.markdown import code, one_line, plain, settings_table, table

__all__ = ["features_page"]

_STEPS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "Unit",
        ("unit",),
        "`HU`: an error when the whole image spans less than 10 HU, a note in the case ledger when no "
        "voxel is below "
        "0. `SUV`: an error when the lesion holds values below -0.5 or above 200. Other units are not "
        "checked.",
    ),
    (
        "Bias field",
        ("bias_correction",),
        "N4 on the whole image "
        "([doi:10.1109/TMI.2010.2046908](https://doi.org/10.1109/TMI.2010.2046908)), by SimpleITK.",
    ),
    (
        "Histogram matching",
        ("histogram_matching",),
        "The whole image's quantiles are matched to those of another sequence of the lesion "
        "([doi:10.1109/42.836373](https://doi.org/10.1109/42.836373)), by SimpleITK; that sequence stays "
        "as it is.",
    ),
    (
        "Rounding before interpolation",
        ("rounding",),
        "`before` or `both`: each voxel to the nearest whole number, halves to the even one.",
    ),
    ("Normalisation", ("normalisation",), "Mean 0 and a chosen standard deviation."),
    (
        "Interpolation of the image",
        ("spacing_mm", "grid", "image_interpolation"),
        "The new grid's centre is the image's centre (3WE3): of n voxels with spacing s, ceil(n s / t) "
        "with spacing t. "
        "Beyond its ends the image goes on with its border voxels. Cubic splines are interpolating "
        "([doi:10.1109/79.799930](https://doi.org/10.1109/79.799930)). `grid: corner` is pyradiomics' grid "
        "instead: corner on corner, an axis on which the mask has one voxel is kept, spacings equal to "
        "1 in 100,000 are not interpolated, and splines see the image mirrored beyond its ends.",
    ),
    (
        "Rounding after interpolation",
        ("rounding",),
        "`after` or `both`: to the nearest whole number, halves to the even one. `stored`: decimals are cut off, "
        "where the file holds whole numbers and nothing else was done to them.",
    ),
    (
        "Interpolation of the mask",
        ("mask_interpolation", "mask_threshold"),
        "Onto the same grid. This is the morphological mask.",
    ),
    (
        "Re-segmentation",
        ("range", "outliers_sd", "resegment_shape"),
        "Voxels outside the range (USB3) and, of the same voxels of the morphological mask, those far "
        "from their mean "
        "(7ACA) are taken out of the intensity mask. The morphological mask stays, but with `resegment_shape`.",
    ),
    (
        "Discretisation",
        ("discretisation", "histogram_discretisation", "ivh"),
        "Inside the intensity mask, see below.",
    ),
    (
        "Features",
        ("aggregation", "texture_spacing_mm", "distance", "ngldm_alpha"),
        "With `texture_spacing_mm`, textures are computed on grids of their own, from the interpolation "
        "of the "
        "image on; all other features on that of `spacing_mm`.",
    ),
    (
        "Response maps",
        ("filters",),
        "Of the interpolated image on the grid of `spacing_mm`; the masks, re-segmented on the unfiltered image, "
        "stay. See [image filters](#image-filters).",
    ),
)
"""Title, settings and explanation of each step, in the order of `processing.preparation`."""

_PLAIN_MEANINGS = {
    "mask_interpolation": "How the mask comes onto the new grid.",
    "bias_correction": "`true`, or its settings (below).",
    "histogram_matching": "Its settings (below).",
    "normalisation": "`true`, or its settings (below).",
    "processing": "The settings above.",
    "pyradiomics": "Features by pyradiomics' own definitions (below).",
    "ivh": "How intensities become the levels of the intensity-volume histogram.",
}
"""Of settings whose meaning stands with another class."""

_ARBITRARY = (
    "`defined`: it does not depend on the scale of the intensities. `fixed bin number`: it does not after "
    "discretisation into a fixed number of bins. `undefined`: it is an intensity, or follows their "
    "scale. `left out`: "
    "defined, but MR practice leaves it empty."
)


def features_page() -> str:
    """Return the page, as Markdown.

    Example:
        >>> features_page().splitlines()[0]
        '# Features of the engine `ibsi`'
    """
    blocks = [*_introduction(), *_names()]
    for one in FAMILIES.values():
        blocks += _family(one)
    return "\n\n".join([*blocks, *_processing(), *filters_part()]) + "\n"


def _introduction() -> list[str]:
    reference = read_reference()
    with_reference = reference[reference["reference_value"].notna()]
    each = with_reference[~with_reference["diagnostic"]].groupby("dataset", sort=False).size()
    diagnostics = len(with_reference) - int(each.sum())
    shares = ", ".join(f"{str(name).replace('_', ' ')} {count}" for name, count in each.items())
    return [
        "# Features of the engine `ibsi`",
        f"The {len(features())} features of IBSI-1 with their formulas, and the processing before them. "
        f"The definitions "
        f"are those of the IBSI reference manual ({_linked(MANUAL)}); sections and four-letter codes are "
        f"the manual's.",
        f"`samesplit ibsi` compares with {each.sum():,} reference values ({shares}) and {diagnostics} "
        f"image and ROI diagnostics; all "
        f"match. {len(reference) - len(with_reference)} rows of the reference table hold no value: the area "
        f"under the IVH "
        "curve, and the densities of the oriented box and the smallest ellipsoid.",
        "This page is written by `samesplit features list --markdown docs/features.md` from the "
        "catalogue and the "
        "settings themselves, and a test compares it with them: do not edit it.",
    ]


def _linked(sources: str) -> str:
    links = []
    for source in sources.split(", "):
        kind, _, name = source.partition(":")
        where = "https://arxiv.org/abs/" if kind == "arXiv" else "https://doi.org/"
        links.append(f"[{source}]({where}{name})")
    return ", ".join(links)


def _names() -> list[str]:
    return [
        "## Names, units, aggregations",
        "A column is a tag, followed by the aggregation where there is one, and by what distinguishes "
        "several "
        "settings of a profile: `stat_mean`, `cm_contrast_3D_comb`, `cm_contrast_3D_comb_2mm_fbn32`. "
        "Features of the "
        "voxels as they were read start with `native_`, those of a response map with the name of the filter: "
        "`log_2mm_stat_mean`.",
        "Units: `I` is the unit of the image, `I2` its square; lengths are in mm. `Imm3` is intensity "
        "times volume. "
        "After fixed-number binning the intensities of an intensity-volume histogram are bin numbers.",
        f"In arbitrary units, as in most MR: {_ARBITRARY} The {len(undefined_for_arbitrary_units())} "
        f"that are undefined "
        "or left out are NaN when a profile says `unit: arbitrary` and normalises nothing; `undefined: "
        "[]` gives them.",
        "References: how many reference values of IBSI-1 the feature is compared with, over all "
        "aggregations and "
        "datasets.",
        *_aggregations("Co-occurrence and run lengths, whose matrices have a direction:", AGGREGATIONS),
        *_aggregations(
            "Size zones, distance zones, grey tone differences and dependences:", SLICE_AGGREGATIONS
        ),
        "In 2D and 2.5D neighbours lie in the same slice (8), in 3D around the voxel (26).",
    ]


_MEANT = {
    "2D_avg": "a matrix for each slice and direction; the features' mean",
    "2D_comb": "a matrix for each slice, its directions added up; the features' mean",
    "2_5D_avg": "a matrix for each direction, all slices added up; the features' mean",
    "2_5D_comb": "one matrix of all slices and directions",
    "3D_avg": "a matrix for each of the 13 directions; the features' mean",
    "3D_comb": "one matrix of all 13 directions",
    "2D": "a matrix for each slice; the features' mean",
    "2_5D": "one matrix of all slices",
    "3D": "one matrix of the volume",
}


def _aggregations(title: str, ways: Iterable[Aggregation]) -> list[str]:
    rows = [[f"`{way.suffix}`", way.code, way.name, _MEANT[way.suffix]] for way in ways]
    return [title, table(["suffix", "IBSI", "name", "what is done"], rows)]


def _family(one: Family) -> list[str]:
    reference = read_reference()
    counts = reference[reference["reference_value"].notna()].groupby("base_tag").size()
    rows = [
        [
            plain(feature.name),
            feature.code,
            f"`{feature.tag}`",
            feature.unit,
            feature.arbitrary_units,
            str(counts.get(feature.tag, 0)),
            code(feature.formula),
            plain(feature.undefined_when),
        ]
        for feature in family_features(one.key)
    ]
    heads = ["feature", "IBSI", "tag", "unit", "arbitrary units", "references", "formula", "NaN when"]
    always = not any(row[-1] for row in rows)
    if always:
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    how = ", ".join(f"`{way.suffix}`" for way in one.aggregations)
    return [
        f"## {one.name}",
        f"`{one.key}`, IBSI {one.code}, {len(rows)} features; section {one.section} of the manual "
        f"({_linked(MANUAL.split(', ')[0])}). " + (f"Aggregations: {how}." if how else "Not aggregated."),
        f"**Symbols.** {plain(one.symbols)}.",
        f"**Conventions.** {plain(one.conventions)}" + (" Always defined." if always else ""),
        table(heads, rows),
    ]


def _processing() -> list[str]:
    steps = "\n".join(
        f"{number}. **{title}** ({', '.join(f'`{name}`' for name in names)}). {text}"
        for number, (title, names, text) in enumerate(_STEPS, 1)
    )
    return [
        "## Processing",
        "From the image as read to the two masks and the levels, in IBSI's order; what a profile does "
        "not say is not "
        "done. What was done to each case, with its numbers, is written beside the values.",
        steps,
        "### `processing`",
        settings_table(ProcessingSettings, _PLAIN_MEANINGS),
        *_part("bias_correction", BiasCorrection),
        *_part("histogram_matching", HistogramMatching),
        *_part("normalisation", Normalisation),
        "### Other settings of a profile",
        settings_table(IbsiSettings, _PLAIN_MEANINGS),
        *_part("discretisation", Discretisation, rows=False),
        "Levels: FBN floor(N (x − min) / (max − min)) + 1, the highest value in level N; FBS floor((x − "
        "origin) / "
        "width) + 1; `equalised` floor(N (b + e / 2) / n) + 1, where b of n values are smaller than x "
        "and e equal to it.",
        *_part("ivh", IvhSettings, rows=False),
        *_part("pyradiomics", PyradiomicsChoice),
        table(
            ["feature", "unit", "definition"],
            [
                [f"`pyradiomics_{kind}_{name}`", unit, plain(definition)]
                for kind, names in DEFINITIONS.items()
                for name, (unit, definition) in names.items()
            ],
        ),
    ]


def _part(name: str, kind: type[Declaration], *, rows: bool = True) -> list[str]:
    parts = [f"### `{name}`", *inspect.cleandoc(kind.__doc__ or "").split("\n\n")]
    return [one_line(part) for part in parts] + ([settings_table(kind, _PLAIN_MEANINGS)] if rows else [])
