"""samesplit's own engine, called as a run calls it: files in, values out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from samesplit.features.comparison.equivalence import NeutralSetting, equivalent_profile
from samesplit.features.engines import get_engine
from samesplit.features.profiles import Profile, read_profile
from samesplit.imaging.case import read_case
from samesplit.workspace import builtin_folder

NAME = "samesplit (ibsi)"
PACKAGE = "samesplit"
NUMBA = True
FAMILIES = (
    "morphology",
    "local_intensity",
    "statistics",
    "histogram",
    "ivh",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
)


@cache
def _one(spacing_mm: float, family: str) -> Profile:
    profile = equivalent_profile("ibsi", NeutralSetting(spacing_mm), "any")
    if family == "all":
        return profile
    return _changed(profile, {"features": {family: "all"}})


@cache
def _sweep(interpolation: str) -> Profile:
    profile = read_profile(builtin_folder() / "features" / "xi2020-mr.yaml")
    processing = profile.effective()["processing"] | {"image_interpolation": interpolation}
    # All 3,087 values: the profile itself leaves 23 out that mean nothing in arbitrary units.
    return _changed(profile, {"undefined": [], "processing": processing})


def _changed(profile: Profile, changes: dict[str, Any]) -> Profile:
    settings = type(profile.settings).model_validate(profile.effective() | changes)
    return replace(profile, settings=settings)


def one(case: dict[str, str], spacing_mm: float, family: str) -> int:
    """One setting; every family or one."""
    return _count(case, _one(spacing_mm, family))


def sweep(case: dict[str, str], interpolation: str) -> int:
    """The profile xi2020-mr."""
    return _count(case, _sweep(interpolation))


def _count(case: dict[str, str], profile: Profile) -> int:
    read = read_case(case["image"], case["mask"], lesion_id="case")
    return len(get_engine("ibsi").extract(read, profile))
