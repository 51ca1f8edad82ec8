"""The part of `docs/features.md` on image filters: formulas, codes, names and settings."""

from __future__ import annotations

import inspect
from typing import NamedTuple

from samesplit.features.compliance.filters.reference import MAP_TOLERANCE, read_reference
from samesplit.features.compliance.filters.response_maps import TESTS
from samesplit.features.engines.ibsi.filter_settings import FilterSettings
from samesplit.features.filters.settings import (
    Filter,
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    RieszFilter,
    SimoncelliFilter,
    WaveletFilter,
)
from samesplit.markdown import code, one_line, settings_table, table

__all__ = ["FILTERS", "filters_part"]

MANUAL = ", ".join(
    f"[{kind}:{name}](https://{site}/{name})"
    for kind, site, name in (
        ("doi", "doi.org", "10.1148/radiol.231319"),
        ("arXiv", "arxiv.org/abs", "2006.05470"),
    )
)

_EVERYWHERE = ("boundary", "constant", "dimensions")


class _Described(NamedTuple):
    kind: type[Filter]
    name: str
    example: Filter
    formula: str
    more: str


FILTERS = (
    _Described(
        MeanFilter,
        "Mean",
        MeanFilter(support_voxels=5),
        "g(k) = 1 / M^D",
        "for the M^D voxels around each voxel.",
    ),
    _Described(
        LogFilter,
        "Laplacian of Gaussian",
        LogFilter(sigma_mm=1.5),
        "g(k) = −1/σ² (1 / (√(2π) σ))^D (D − |k|²/σ²) exp(−|k|² / (2σ²))",
        "with σ in voxels. Where voxels have different sizes along the axes, `k` and σ are in mm, and the "
        "Laplacian is scaled with the geometric mean of the voxel's edges.",
    ),
    _Described(
        LawsFilter,
        "Laws' kernels",
        LawsFilter(kernels="L5E5E5", energy_distance=7, rotation_invariant=True),
        "g(k) = g1(k1) g2(k2) g3(k3)",
        "of L3 = [1, 2, 1] / √6, L5 = [1, 4, 6, 4, 1] / √70, E3 = [−1, 0, 1] / √2, E5 = [−1, −2, 0, 2, 1] / "
        "√10, S3 = [−1, 2, −1] / √6, S5 = [−1, 0, 2, 0, −1] / √6, W5 = [−1, 2, 0, −2, 1] / √10, "
        "R5 = [1, −4, 6, −4, 1] / √70. The energy is the mean of absolute responses, after "
        "pooling; beyond the faces the pooled response goes on as the image does.",
    ),
    _Described(
        GaborFilter,
        "Gabor",
        GaborFilter(sigma_mm=5, wavelength_mm=2, aspect_ratio=1.5, angle_step_degrees=22.5),
        "g(k) = exp(−(u² + γ²v²) / (2σ²) + 2πi u/λ), u = k1 cos θ + k2 sin θ, v = −k1 sin θ + k2 cos θ",
        "with k1 along x and k2 along y, in mm; in the x-z plane k2 is along z, in the y-z plane k1 along y "
        "and k2 along z.",
    ),
    _Described(
        WaveletFilter,
        "Separable wavelet",
        WaveletFilter(wavelet="db3", subband="LLH", rotation_invariant=True),
        "g(k) = g1(k1) g2(k2) g3(k3)",
        "of low (L) and high passes (H). Undecimated: at level j the kernels hold 2^(j−1) − 1 zeros between "
        "their weights, after the low passes of all levels before. The image is extended beyond its faces once, "
        "before all levels.",
    ),
    _Described(
        SimoncelliFilter,
        "Simoncelli wavelet",
        SimoncelliFilter(level=1),
        "G(r) = cos(π/2 log2(2r)) for 1/4 < r < 1, else 0",
        "in Fourier space, with r the distance from frequency 0 in units of half the sampling rate, times "
        "2^(j−1) at level j. The frequencies lie where the reference maps have them: as many as there are "
        "voxels, evenly from −1 to 1, both ends included; with an even number they lie half a step beside "
        "those of the Fourier transform, and G is the mean of what it is there and at the opposite "
        "frequency. The image is extended by 16 voxels or more as the boundary says, and not at all with "
        "periodic boundaries.",
    ),
    _Described(
        RieszFilter,
        "Riesz transform",
        RieszFilter.model_validate({"order": (1, 0, 0), "of": {"kind": "log", "sigma_mm": 3}}),
        "R(n) = (−i)^L √(L! / (l1! l2! l3!)) n1^l1 n2^l2 n3^l3, L = l1 + l2 + l3",
        "in Fourier space, with n the direction of a frequency. Steered, l1 counts along the direction in "
        "which the image changes most, l2 along the second, l3 along the third: the eigenvectors of the "
        "structure tensor, which is the mean, under a Gaussian window, of the products of the first-order "
        "components; each points to where the voxel's own first-order response is not negative.",
    ),
)


def filters_part() -> list[str]:
    """Return the part, as blocks of Markdown.

    Example:
        >>> filters_part()[0]
        '## Image filters'
    """
    rows = [
        [one.name, one.kind.code, f"`{one.kind.model_fields['kind'].default}`", code(one.example.name)]
        for one in FILTERS
    ]
    blocks = [
        "## Image filters",
        *[one_line(part) for part in inspect.cleandoc(FilterSettings.__doc__ or "").split("\n\n")],
        f"Definitions and codes are those of the IBSI's standard 2 ({MANUAL}). `samesplit ibsi --standard 2` "
        f"compares with its {sum(test.has_reference for test in TESTS)} reference response maps, each voxel "
        f"of which may differ by {MAP_TOLERANCE:.0%} of the map's range, and its "
        f"{read_reference()['reference_value'].notna().sum()} reference values; all match. The unit `I` is "
        "that of the response.",
        table(["filter", "IBSI", "`kind`", "features begin with, for example"], rows),
        "What is not the usual stands in the name as well: `_2d` (slice by slice), `_zero` and other "
        "boundaries.",
        "### `filters`",
        settings_table(FilterSettings),
        "Each entry of `images` says its `kind`, and may say (those of `gabor` say `planes` for "
        "`dimensions`):",
        settings_table(MeanFilter, only=_EVERYWHERE),
    ]
    for one in FILTERS:
        kind = f"`kind: {one.kind.model_fields['kind'].default}`"
        blocks += [
            f"### {one.name}: {kind}",
            one_line(inspect.cleandoc(one.kind.__doc__ or "")),
            f"{code(one.formula)} {one.more}",
            settings_table(one.kind, only=set(one.kind.model_fields) - {"kind", *_EVERYWHERE}),
        ]
    return blocks
