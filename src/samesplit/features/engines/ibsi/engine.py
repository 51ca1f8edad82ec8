"""The engine `ibsi`: the complete IBSI-1 feature set, after the processing that the standard prescribes.

Source: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145. `samesplit ibsi` runs its reference
values. Features are named by the tags of the reference table (`morph_volume`, `cm_contrast_3D_comb`); textures of
several settings also carry the setting (`cm_contrast_3D_comb_1mm_fbn32`), and features of response maps begin with
the filter (`log_2mm_stat_mean`; filters of the IBSI's standard 2, doi:10.1148/radiol.231319).
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from samesplit.errors import WorkspaceError
from samesplit.features.catalogue import FAMILIES, Feature, family, family_features
from samesplit.features.engines.ibsi.compiling import alone_at_first, folder_of_marks
from samesplit.features.engines.ibsi.own_definitions import own_catalogue
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.engines.ibsi.textures import TextureSetting, family_aggregations, texture_settings
from samesplit.features.engines.protocol import EngineSettings, FeatureInfo, FeatureValues
from samesplit.imaging.case import Case
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest
from samesplit.version import __version__

if TYPE_CHECKING:
    from samesplit.features.engines.profile import Profile

__all__ = ["IbsiEngine"]

_NO_MEANING = "without meaning in the image's unit"


_LIBRARIES = ("SimpleITK", "numba", "numpy", "scikit-image", "scipy")


class IbsiEngine:
    """Features by samesplit's own code."""

    name = "ibsi"
    settings: type[EngineSettings] = IbsiSettings

    @cached_property
    def version(self) -> str:
        """The package's version and a digest of the code and the libraries that values depend on."""
        code = hash_object([source_digest(__name__), library_digest(*_LIBRARIES)])
        return f"{__version__}+{code[:12]}"

    def catalogue(self, settings: EngineSettings) -> tuple[FeatureInfo, ...]:
        """Every feature that the settings ask for, in the order in which `extract` gives them."""
        assert isinstance(settings, IbsiSettings)
        undefined = settings.not_defined()
        found = [
            _info(feature, settings, prefix="native_")
            for key in FAMILIES
            for feature in family_features(key)
            if feature.tag in settings.native.of(key)
        ]
        plain = [key for key in FAMILIES if not family(key).aggregations]
        found += [
            _info(feature, settings, undefined=undefined)
            for key in plain
            for feature in family_features(key)
            if feature.tag in settings.features.of(key)
        ]
        for texture in texture_settings(settings):
            for key, aggregation in family_aggregations(settings):
                wanted = settings.features.of(key)
                found += [
                    _info(feature, settings, undefined=undefined, aggregation=aggregation, texture=texture)
                    for feature in family_features(key)
                    if feature.tag in wanted
                ]
        found += own_catalogue(settings)
        responses, filters = settings.of_responses(), settings.filters
        if responses is not None and filters is not None:
            once = self.catalogue(responses)
            found += [
                replace(info, feature=f"{one.name}_{info.feature}", filter=one.name, filter_code=one.code)
                for one in filters.filters
                for info in once
            ]
        return tuple(found)

    def extract(self, case: Case, profile: Profile) -> FeatureValues:
        """Return the features of one case; see `Engine`.

        Raises:
            LesionError: The intensities do not have the declared unit, or no voxel is left after processing.
            WorkspaceError: There is no folder in which numba may keep compiled code.
        """
        try:  # here, so that numba is imported late
            from samesplit.features.engines.ibsi.ahead import compile_ahead
            from samesplit.features.engines.ibsi.extraction import extract
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            raise WorkspaceError(
                "compiled code can be kept neither beside the package nor in the user's cache folder",
                remedy="set the environment variable NUMBA_CACHE_DIR to a folder that can be written",
            ) from error
        assert isinstance(profile.settings, IbsiSettings)
        place = hash_object([str(Path(__file__).parent), os.environ.get("NUMBA_CACHE_DIR", "")])
        with alone_at_first(f"{self.version}-{profile.digest()[:12]}-{place[:8]}") as first:
            if first:
                compile_ahead(profile.settings, key=f"{self.version}-{place[:8]}", folder=folder_of_marks())
            return extract(case, profile.settings)


def _info(
    feature: Feature,
    settings: IbsiSettings,
    *,
    undefined: frozenset[str] = frozenset(),
    prefix: str = "",
    aggregation: str = "",
    texture: TextureSetting | None = None,
) -> FeatureInfo:
    words = {one.suffix: one.name for one in family(feature.family).aggregations}
    suffix = "" if texture is None else texture.suffix
    in_bins = feature.family == "ivh" and settings.ivh.method == "FBN"  # intensities are bin numbers
    return FeatureInfo(
        feature=f"{prefix}{feature.tag}{'_' if aggregation else ''}{aggregation}{suffix}",
        family=feature.family,
        ibsi_code=feature.code,
        aggregation=words.get(aggregation, ""),
        unit="" if in_bins else feature.unit,
        note=f"NaN: {_NO_MEANING}" if feature.tag in undefined else "",
        undefined_when=_NO_MEANING if feature.tag in undefined else feature.undefined_when,
    )
