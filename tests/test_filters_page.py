"""docs/filters.md: its profile is read and has the features that the page speaks of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samesplit.features.engines import get_engine
from samesplit.features.profiles import read_profile
from samesplit.workspace import builtin_folder

PAGE = (Path(__file__).parents[1] / "docs" / "filters.md").read_text(encoding="utf-8")


def features_of(path: Path) -> list[str]:
    profile = read_profile(path)
    return [info.feature for info in get_engine(profile.engine).catalogue(profile.settings)]


def test_the_profile_of_the_page_has_the_features_that_the_page_names(tmp_path):
    text, _ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    found = features_of(path)
    for name in ("log_2mm_stat_mean", "wavelet_coif1_llh_1_cm_contrast_3D_comb"):
        assert f"`{name}`" in PAGE
        assert name in found
    assert len(found) == (1 + 11) * (18 + 25 + 5)  # "eleven response maps"


@pytest.mark.parametrize("name", ["ct-filtered", "mr-filtered"])
def test_the_built_in_profiles_have_as_many_features_and_response_maps_as_the_page_says(name):
    infos = get_engine("ibsi").catalogue(
        read_profile(builtin_folder() / "features" / f"{name}.yaml").settings
    )
    assert f"{len(infos):,} features" in PAGE
    maps = {info.filter for info in infos} - {""}
    assert f"{len(maps)} response maps" in PAGE
    assert {sum(info.filter == one for info in infos) for one in maps} == {136}
