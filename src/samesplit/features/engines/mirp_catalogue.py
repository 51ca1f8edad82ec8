"""The features of MIRP: names, units, IBSI codes, and how MIRP builds the names of its table's columns.

Codes: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145, as in the IBSI reference table, which has
one code for a volume fraction at 10 % and at 90 % of the intensity range. Names: Zwanenburg et al., Journal of
Open Source Software 2024, doi:10.21105/joss.06413.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from samesplit.features.engines.mirp_settings import Family, MirpSettings
from samesplit.features.engines.protocol import FeatureInfo

__all__ = ["features_of"]

# A star marks what MIRP leaves out with `ibsi_compliant: true`.
_MORPH = """
morph_volume                RNU0  mm3
morph_vol_approx            YEKZ  mm3
morph_area_mesh             C0JK  mm2
morph_av                    2PR5  1/mm
morph_comp_1                SKGS
morph_comp_2                BQWJ
morph_sph_dispr             KRCK
morph_sphericity            QCFX
morph_asphericity           25C7
morph_com                   KLMA  mm
morph_integ_int             99N0  Imm3
morph_diam                  L0JK  mm
morph_vol_dens_conv_hull    R3ER
morph_area_dens_conv_hull   7T7F
morph_vol_dens_aabb         PBX1
morph_area_dens_aabb        R59B
morph_vol_dens_ombb*        ZH1A
morph_area_dens_ombb*       IQYR
morph_vol_dens_mvee*        SWZ1
morph_area_dens_mvee*       BRI8
morph_pca_maj_axis          TDIC  mm
morph_pca_min_axis          P9VJ  mm
morph_pca_least_axis        7J51  mm
morph_pca_elongation        Q3CK
morph_pca_flatness          N17B
morph_vol_dens_aee          6BDE
morph_area_dens_aee         RDD2
morph_moran_i               N365
morph_geary_c               NPT7
morph_max_2d_diam_z*        .     mm
morph_max_2d_diam_y*        .     mm
morph_max_2d_diam_x*        .     mm
"""

_LOCAL = """
loc_peak_loc    VJGA  I
loc_peak_glob   0F91  I
"""

_IVH = """
ivh_v10            BC2M
ivh_v25            BC2M
ivh_v50            BC2M
ivh_v75            BC2M
ivh_v90            BC2M
ivh_i10            GBPN
ivh_i25            GBPN
ivh_i50            GBPN
ivh_i75            GBPN
ivh_i90            GBPN
ivh_diff_v10_v90   DDTU
ivh_diff_v25_v75   DDTU
ivh_diff_i10_i90   CNV2
ivh_diff_i25_i75   CNV2
ivh_auc*           9CMM
"""

_STAT = """
stat_mean                  Q4LE  I
stat_var                   ECT3  I2
stat_skew                  KE2A
stat_kurt                  IPH6
stat_median                Y12H  I
stat_min                   1GSF  I
stat_p                     .     I
stat_max                   84IY  I
stat_iqr                   SALO  I
stat_range                 2OJQ  I
stat_mad                   4FUA  I
stat_rmad                  1128  I
stat_medad                 N72L  I
stat_cov                   7TET
stat_qcod                  9S40
stat_energy                N8CA  I2
stat_energy_offset*        .     I2
stat_rms                   5ZWQ  I
stat_rms_offset*           .     I
stat_total_energy*         .     I2mm3
stat_total_energy_offset*  .     I2mm3
"""

_IH = """
ih_mean         X6K6
ih_var          CH89
ih_skew         88K1
ih_kurt         C3I7
ih_median       WIFQ
ih_min          1PR8
ih_p10          GPMT
ih_p90          OZ0C
ih_max          3NCY
ih_mode         AMMC
ih_iqr          WR0O
ih_range        5Z3W
ih_mad          D2ZX
ih_rmad         WRZB
ih_medad        4RNL
ih_cov          CWYJ
ih_qcod         SLWD
ih_entropy      TLU2
ih_uniformity   BJ5W
ih_max_grad     12CE
ih_max_grad_g   8E6O
ih_min_grad     VQB3
ih_min_grad_g   RHQZ
"""

_CM = """
cm_joint_max           GYBY
cm_joint_avg           60VM
cm_joint_var           UR99
cm_joint_entr          TU9B
cm_diff_avg            TF7R
cm_diff_var            D3YU
cm_diff_entr           NTRS
cm_sum_avg             ZGXS
cm_sum_var             OEEB
cm_sum_entr            P6QZ
cm_energy              8ZQL
cm_contrast            ACUI
cm_dissimilarity       8S9J
cm_inv_diff            IB1Z
cm_inv_diff_norm       NDRX
cm_inv_diff_mom        WF0Z
cm_inv_diff_mom_norm   1QCO
cm_inv_var             E8JP
cm_corr                NI2N
cm_auto_corr           QWB0
cm_clust_tend          DG8W
cm_clust_shade         7NFM
cm_clust_prom          AE86
cm_info_corr1          R8DG
cm_info_corr2          JN9H
cm_mcc*                .
"""

_RLM = """
rlm_sre         22OV
rlm_lre         W4KF
rlm_lgre        V3SW
rlm_hgre        G3QZ
rlm_srlge       HTZT
rlm_srhge       GD3A
rlm_lrlge       IVPO
rlm_lrhge       3KUM
rlm_glnu        R5YN
rlm_glnu_norm   OVBL
rlm_rlnu        W92Y
rlm_rlnu_norm   IC23
rlm_r_perc      9ZK5
rlm_gl_var      8CE5
rlm_rl_var      SXLW
rlm_rl_entr     HJ9O
"""

_SZM = """
szm_sze         5QRC
szm_lze         48P8
szm_lgze        XMSY
szm_hgze        5GN9
szm_szlge       5RAI
szm_szhge       HW1V
szm_lzlge       YH51
szm_lzhge       J17V
szm_glnu        JNSA
szm_glnu_norm   Y1RO
szm_zsnu        4JP3
szm_zsnu_norm   VB3A
szm_z_perc      P30P
szm_gl_var      BYLV
szm_zs_var      3NSA
szm_zs_entr     GU8N
"""

_DZM = """
dzm_sde         0GBI
dzm_lde         MB4I
dzm_lgze        S1RA
dzm_hgze        K26C
dzm_sdlge       RUVG
dzm_sdhge       DKNJ
dzm_ldlge       A7WM
dzm_ldhge       KLTH
dzm_glnu        VFT7
dzm_glnu_norm   7HP3
dzm_zdnu        V294
dzm_zdnu_norm   IATH
dzm_z_perc      VIWW
dzm_gl_var      QK93
dzm_zd_var      7WT1
dzm_zd_entr     GBDU
"""

_NGT = """
ngt_coarseness   QCDE
ngt_contrast     65HE
ngt_busyness     NQ30
ngt_complexity   HDEZ
ngt_strength     1X9X
"""

_NGL = """
ngl_lde         SODN
ngl_hde         IMOQ
ngl_lgce        TL9H
ngl_hgce        OAE7
ngl_ldlge       EQ3F
ngl_ldhge       JA6D
ngl_hdlge       NBZI
ngl_hdhge       9QMG
ngl_glnu        FP8K
ngl_glnu_norm   5SPA
ngl_dcnu        Z87G
ngl_dcnu_norm   OKJI
ngl_dc_perc     6XV8
ngl_gl_var      1PFV
ngl_dc_var      DNX2
ngl_dc_entr     FCBV
ngl_dc_energy   CAS9
"""


@dataclass(frozen=True)
class _Row:
    name: str
    code: str | None
    unit: str
    in_standard: bool


def _rows(table: str) -> tuple[_Row, ...]:
    rows = []
    for line in table.strip().splitlines():
        name, code, *unit = line.split()
        bare = name.rstrip("*")
        rows.append(_Row(bare, None if code == "." else code, unit[0] if unit else "", bare == name))
    return tuple(rows)


_TABLES: dict[Family, tuple[_Row, ...]] = {
    "morphological": _rows(_MORPH),
    "local_intensity": _rows(_LOCAL),
    "intensity_volume_histogram": _rows(_IVH),
    "statistics": _rows(_STAT),
    "intensity_histogram": _rows(_IH),
    "glcm": _rows(_CM),
    "glrlm": _rows(_RLM),
    "glszm": _rows(_SZM),
    "gldzm": _rows(_DZM),
    "ngtdm": _rows(_NGT),
    "ngldm": _rows(_NGL),
}

_WORDS = {
    "2d_average": ("2d_{}", "2D, averaged"),
    "2d_slice_merge": ("2d_s_mrg", "2D, slice-merged"),
    "2.5d_direction_merge": ("2.5d_d_mrg", "2.5D, direction-merged"),
    "2.5d_volume_merge": ("2.5d_v_mrg", "2.5D, merged"),
    "3d_average": ("3d_{}", "3D, averaged"),
    "3d_volume_merge": ("3d_v_mrg", "3D, merged"),
    "2d": ("2d", "2D"),
    "2.5d": ("2.5d", "2.5D"),
    "3d": ("3d", "3D"),
}
"""A spatial method -> its part of MIRP's name, and IBSI's words."""

_ONE_MATRIX = ("2.5d_volume_merge", "3d_volume_merge", "2.5d", "3d")
"""Spatial methods that leave one matrix, so that there is nothing to pool."""

_SAMPLED = ("morph_moran_i", "morph_geary_c")


def features_of(settings: MirpSettings) -> tuple[FeatureInfo, ...]:
    """Every column of MIRP's table that is a feature, in MIRP's order.

    Example:
        >>> settings = MirpSettings(base_feature_families=("glcm",), base_discretisation_method=("none",))
        >>> info = features_of(settings)[0]
        >>> info.feature, info.ibsi_code, info.aggregation
        ('cm_joint_max_d1_3d_v_mrg', 'GYBY', '3D, merged')
    """
    return tuple(info for family in settings.families() for info in _family(family, settings))


def _family(family: Family, settings: MirpSettings) -> Iterator[FeatureInfo]:
    if family in settings.texture_families():
        for bins in _bins(settings):
            yield from _texture(family, bins, settings)
        return
    for bins in _bins(settings) if family == "intensity_histogram" else [[]]:
        for row in _kept(family, settings):
            yield FeatureInfo(
                "_".join([row.name, *bins]), family, row.code, "", _unit(row, settings), _note(row, settings)
            )


def _texture(family: Family, bins: list[str], settings: MirpSettings) -> Iterator[FeatureInfo]:
    for method in settings.spatial_methods(family):
        part, words = _WORDS[method]
        poolings = ("average",) if method in _ONE_MATRIX else settings.texture_feature_pooling_method
        for pooling in poolings:
            is_mean = pooling == "average"
            short = "avg" if is_mean else pooling
            place = [part.format(short)] if "{}" in part or is_mean else [part, short]
            for distance in _distances(family, settings):
                for row in _kept(family, settings):
                    yield FeatureInfo(
                        "_".join([row.name, *distance, *place, *bins]),
                        family,
                        row.code if is_mean else None,
                        words if is_mean else f"{words}, {pooling} of the matrices",
                    )


def _kept(family: Family, settings: MirpSettings) -> Iterator[_Row]:
    for row in _TABLES[family]:
        if row.name == "stat_p":
            for percentile in settings.stat_percentile:
                shown = int(percentile) if percentile.is_integer() else percentile
                code = {10.0: "QG58", 90.0: "8DWT"}.get(percentile)
                yield _Row(f"stat_p{shown}", code, row.unit, in_standard=True)
        elif row.in_standard or not settings.ibsi_compliant:
            yield row


def _unit(row: _Row, settings: MirpSettings) -> str:
    in_bins = settings.ivh_discretisation_method == "fixed_bin_number"
    return "I" if row.name.startswith(("ivh_i", "ivh_diff_i")) and not in_bins else row.unit


def _note(row: _Row, settings: MirpSettings) -> str:
    if row.name in _SAMPLED and not settings.no_approximation:
        return "MIRP estimates it from samples of 100 voxels unless no_approximation is true"
    return ""


def _distances(family: Family, settings: MirpSettings) -> list[list[str]]:
    if family == "glcm":
        return [[f"d{int(distance)}"] for distance in settings.glcm_distance]
    if family == "ngldm":
        return [
            [f"d{int(distance)}", f"a{level}"]
            for distance in settings.ngldm_distance
            for level in settings.ngldm_difference_level
        ]
    return [[]]


def _bins(settings: MirpSettings) -> Iterator[list[str]]:
    for method in settings.base_discretisation_method:
        if method == "none":
            yield []
        elif method == "fixed_bin_number":
            yield from (["fbn", f"n{count}"] for count in settings.base_discretisation_n_bins)
        else:
            short = "fbs" if method == "fixed_bin_size" else "fbsp"
            yield from ([short, f"w{width}"] for width in settings.base_discretisation_bin_width)
