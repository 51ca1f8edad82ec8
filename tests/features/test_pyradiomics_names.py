"""Names of features in the words of pyradiomics, and back."""

from __future__ import annotations

import pytest

from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.engines.pyradiomics_catalogue import FEATURES
from samesplit.features.profile_lookup import find_profile
from samesplit.features.pyradiomics_names import CLASSES, check_names, ibsi_name, pyradiomics_names
from samesplit.features.pyradiomics_params import read_parameters


def columns(profile: str) -> list[str]:
    chosen = find_profile(profile)
    return [info.feature for info in get_engine(chosen.engine).catalogue(chosen.settings)]


def test_every_feature_of_pyradiomics_goes_there_and_back() -> None:
    named = [f"original_{kind}_{name}" for kind in CLASSES for name in FEATURES[kind]]
    assert len(named) == 111
    ours = [ibsi_name(name) for name in named]
    assert len(set(ours)) == len(ours)
    assert list(pyradiomics_names(ours).values()) == named


def test_the_engine_gives_all_columns_of_a_parameter_file_a_name() -> None:
    profile = read_parameters({"setting": {"voxelArrayShift": 1000}}).profile
    ours = [info.feature for info in get_engine("ibsi").catalogue(profile.settings)]
    named = pyradiomics_names(ours)
    assert set(named) == set(ours)
    assert len(set(named.values())) == 107


def test_a_name_of_pyradiomics_stands_only_for_its_own_number() -> None:
    named = pyradiomics_names(columns("ct-default"))
    assert named["cm_contrast_3D_comb"] == "original_glcm_Contrast"
    assert named["stat_energy"] == "original_firstorder_Energy"
    for other in ("stat_kurt", "morph_pca_maj_axis", "ngl_glnu_norm_3D", "morph_com", "ivh_v10"):
        assert other not in named


def test_several_settings_keep_what_tells_them_apart() -> None:
    found = pyradiomics_names(["cm_contrast_3D_avg_2mm_fbn32", "cm_contrast_3D_comb_2mm_fbn32", "szm_sze_3D"])
    assert list(found.values()) == [
        "original_glcm_Contrast_3D_avg_2mm_fbn32",
        "original_glcm_Contrast_3D_comb_2mm_fbn32",
        "original_glszm_SmallAreaEmphasis",
    ]


def test_columns_of_filtered_and_native_images_keep_their_names() -> None:
    assert pyradiomics_names(["native_stat_max", "log_1.5mm_stat_mean"]) == {}


def test_textures_come_in_the_aggregation_that_is_asked_for() -> None:
    assert ibsi_name("glcm_Contrast", aggregation="2_5D_comb") == "cm_contrast_2_5D_comb"
    assert ibsi_name("glszm_ZoneEntropy", aggregation="2_5D_comb") == "szm_zs_entr_2_5D"
    assert ibsi_name("shape_MeshVolume", aggregation="2D_avg") == "morph_volume"


def test_what_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(DeclarationError, match="did you mean 'original_glcm_Contrast'"):
        ibsi_name("original_glcm_Contrst")
    with pytest.raises(DeclarationError, match="choose ibsi or pyradiomics"):
        check_names("mirp")
