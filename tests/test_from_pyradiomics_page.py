"""The page for those who come from pyradiomics tells every setting."""

from __future__ import annotations

import re
from pathlib import Path

from samesplit.features.pyradiomics_names import CLASSES
from samesplit.features.pyradiomics_params.parameter_file import IMAGE_TYPES, FileSettings

PAGE = (Path(__file__).parents[1] / "docs" / "from-pyradiomics.md").read_text(encoding="utf-8")


def test_every_setting_class_and_image_type_is_in_the_table() -> None:
    table = PAGE.split("## Every setting")[1]
    named = set(re.findall(r"`(\w+)`", table))
    assert {*FileSettings.model_fields, *CLASSES, *IMAGE_TYPES, "shape2D", "voxelSetting"} - named == set()
