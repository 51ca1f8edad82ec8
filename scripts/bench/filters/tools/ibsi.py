"""samesplit's own engine, called as a run calls it: files in, values out."""

from __future__ import annotations

from functools import cache
from typing import Any

from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.profiles import Profile, read_profile
from samesplit.imaging.case import read_case
from samesplit.workspace import builtin_folder

NAME = "samesplit (ibsi)"
PACKAGE = "samesplit"
NUMBA = True
FAMILIES = ()

_RIESZ: dict[str, dict[str, Any]] = {
    "riesz-log": {"order": [1, 0, 0], "of": {"kind": "log", "sigma_mm": 1.5}},
    "riesz-simoncelli": {"order": [0, 2, 0], "of": {"kind": "simoncelli", "level": 1}},
}


@cache
def _profile(name: str) -> Profile:
    return read_profile(builtin_folder() / "features" / f"{name}.yaml")


@cache
def _setting(configuration: str, setting: str) -> Profile:
    """The profile ibsi2-a or ibsi2-b with one of its filters, and no features of the image itself."""
    profile = _profile(f"ibsi2-{configuration.lower()}")
    given = profile.effective()
    filters = given.pop("filters")
    if setting != "1":
        image = (
            _RIESZ[setting] | {"kind": "riesz"} if setting in _RIESZ else filters["images"][int(setting) - 2]
        )
        filters |= {"images": [image], "features": given.pop("features")}
        given["filters"] = filters
    return Profile(**(vars(profile) | {"settings": IbsiSettings.model_validate(given)}))


def setting(case: dict[str, str], configuration: str, setting: str) -> int:
    """The 18 statistics of one response map."""
    return _count(case, _setting(configuration, setting))


def profile(case: dict[str, str], name: str) -> int:
    """A whole profile."""
    return _count(case, _profile(name))


def _count(case: dict[str, str], profile: Profile) -> int:
    read = read_case(case["image"], case["mask"], lesion_id="case")
    return len(get_engine("ibsi").extract(read, profile))
