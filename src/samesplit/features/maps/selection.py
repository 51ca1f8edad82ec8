"""Which maps are made: features by name, and clear words where a feature has no map."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from samesplit.errors import DeclarationError
from samesplit.features.catalogue import FAMILIES, family, family_features, full_tag
from samesplit.features.engines.ibsi.engine import IbsiEngine
from samesplit.features.engines.ibsi.settings import AGGREGATIONS, FeatureChoice, IbsiSettings
from samesplit.features.engines.ibsi.textures import TextureSetting, family_aggregations, texture_settings
from samesplit.features.engines.protocol import FeatureInfo
from samesplit.features.filters.settings import Filter
from samesplit.features.profiles import Profile
from samesplit.features.pyradiomics_names import counterpart

__all__ = ["MAPPED_FAMILIES", "Wanted", "wanted_maps"]

MAPPED_FAMILIES = tuple(key for key in FAMILIES if key != "morphology")
"""The families whose features have maps: all but morphology, which describes the shape of a whole lesion."""


@dataclass(frozen=True)
class Wanted:
    """One map.

    Attributes:
        name: The feature's name, as in the table of `samesplit extract`.
        tag: The feature before aggregation.
        family: Its family.
        aggregation: How its matrices become one value; empty for families without.
        texture: Grid and discretisation; None for families without matrices.
        info: What the feature is.
        settings: What the profile says of the image that it is taken of: a response map is one of its own.
        filter: The filter of its response map; None for the image itself.
    """

    name: str
    tag: str
    family: str
    aggregation: str
    texture: TextureSetting | None
    info: FeatureInfo
    settings: IbsiSettings
    filter: Filter | None = None

    @property
    def defined(self) -> bool:
        """Whether it means something in the image's unit."""
        return self.tag not in self.settings.not_defined()


def wanted_maps(profile: Profile, features: Sequence[str] | None = None) -> tuple[Wanted, ...]:
    """Resolve names of features into maps.

    Args:
        profile: Grids, discretisations and aggregations.
        features: Names as in the table of `samesplit extract` (`cm_contrast_3D_avg`, whether or not the profile
            extracts them; `log_2mm_stat_mean` of a response map), tags (`cm_contrast`), IBSI codes (`ACUI`) or
            families (`glcm`) in the profile's aggregations, of the image and all response maps. None takes all
            that the profile extracts and that has a map.

    Returns:
        The maps, each once, in the order of the profile's features.

    Raises:
        DeclarationError: The profile's engine makes no maps, a name is unknown, or it has no map.

    Example:
        >>> from samesplit.features.profile_lookup import find_profile
        >>> [one.name for one in wanted_maps(find_profile("ct-default"), ["cm_contrast", "stat_mean"])]
        ['stat_mean', 'cm_contrast_3D_comb']
    """
    settings = profile.settings
    if not isinstance(settings, IbsiSettings):
        raise DeclarationError(
            f"the engine '{profile.engine}' of the profile '{profile.name}' makes no feature maps",
            remedy="choose a profile of the engine 'ibsi': ct-default, mr-default, pet-default",
        )
    if features is None:
        found = [
            one for one in _maps(settings) if one.defined and one.tag in one.settings.features.of(one.family)
        ]
        if not found:
            raise DeclarationError(
                f"the profile '{profile.name}' extracts no feature that has a map",
                remedy=f"name features or families of your own: {', '.join(MAPPED_FAMILIES)}",
            )
        return tuple(found)
    if not features:
        raise DeclarationError(
            "no feature is named",
            remedy="name features or families (cm_contrast,glcm), or leave the option out for all maps",
        )
    own, every = _maps(settings), _maps(settings.model_copy(update={"aggregation": AGGREGATIONS}))
    chosen: dict[str, Wanted] = {}
    for name in features:
        here = [one for one in own if name in (one.name, one.tag, one.info.ibsi_code, one.family)]
        here = here or [one for one in every if one.name == name]
        if not here:
            raise _no_map(name, profile, settings, every)
        if not any(one.defined for one in here):
            raise DeclarationError(
                f"'{name}' means nothing in arbitrary units, so that it has no map",
                where=f"the profile '{profile.name}'",
                remedy="normalise the image in the profile, or set `undefined: []` there",
            )
        chosen |= {one.name: one for one in here if one.defined}
    order = {one.name: place for place, one in enumerate(every)}
    return tuple(sorted(chosen.values(), key=lambda one: order[one.name]))


def _maps(settings: IbsiSettings) -> list[Wanted]:
    """Every map that a profile allows, of the image and then of each response map, in the catalogue's order."""
    found = _of_one_image(settings)
    responses, filters = settings.of_responses(), settings.filters
    if responses is not None and filters is not None:
        once = _of_one_image(responses)
        for kind in filters.filters:
            for one in once:
                name = f"{kind.name}_{one.name}"
                info = replace(one.info, feature=name, filter=kind.name, filter_code=kind.code)
                found.append(replace(one, name=name, info=info, filter=kind))
    return found


def _of_one_image(settings: IbsiSettings) -> list[Wanted]:
    """Every map that the grids, discretisations and aggregations of one image allow."""
    choice = FeatureChoice(**dict.fromkeys(MAPPED_FAMILIES, "all"))
    whole = settings.model_copy(
        update={"features": choice, "native": FeatureChoice(), "undefined": (), "filters": None}
    )
    infos = {info.feature: info for info in IbsiEngine().catalogue(whole)}
    plain = [key for key in MAPPED_FAMILIES if not family(key).aggregations]
    if settings.of_histogram() is None:
        plain.remove("histogram")
    found = [
        Wanted(one.tag, one.tag, key, "", None, infos[one.tag], settings)
        for key in plain
        for one in family_features(key)
    ]
    for texture in texture_settings(whole):
        for key, aggregation in family_aggregations(whole):
            for one in family_features(key):
                name = full_tag(one.tag, aggregation) + texture.suffix
                found.append(Wanted(name, one.tag, key, aggregation, texture, infos[name], settings))
    return found


def _no_map(name: str, profile: Profile, settings: IbsiSettings, every: Iterable[Wanted]) -> DeclarationError:
    where = f"the profile '{profile.name}'"
    shapes = {word for one in family_features("morphology") for word in (one.tag, one.code)}
    if name == "morphology" or name in shapes:
        return DeclarationError(
            f"'{name}' has no map: morphology describes the shape of a whole lesion, and a neighbourhood is a box",
            where=where,
            remedy=f"take features of other families: {', '.join(MAPPED_FAMILIES)}",
        )
    if name.startswith("native_"):
        return DeclarationError(
            f"'{name}' has no map: maps are made on the profile's grid, after processing",
            where=where,
            remedy=f"name '{name.removeprefix('native_')}', in a profile without `spacing_mm` for the image's own "
            "voxels",
        )
    if name.startswith("pyradiomics_"):
        return DeclarationError(
            f"'{name}' has no map: maps follow the definitions of the IBSI",
            where=where,
            remedy=f"take features of the families {', '.join(MAPPED_FAMILIES)}",
        )
    kind, _, feature = name.removeprefix("original_").partition("_")
    counterpart_here = counterpart(kind, feature)
    if counterpart_here is not None and not counterpart_here.startswith(("pyradiomics_", "morph_")):
        return DeclarationError(
            f"'{name}' is a name of pyradiomics, and maps have IBSI's names",
            where=where,
            remedy=f"name '{counterpart_here}'",
        )
    if not settings.discretisation and name.startswith(_levelled()):
        return DeclarationError(
            f"'{name}' needs grey levels, and the profile does not say how intensities become them",
            where=where,
            remedy="give `discretisation` in the profile, for example {method: FBN, bins: 32}",
        )
    known = [word for one in every for word in (one.name, one.tag)]
    near = difflib.get_close_matches(name, list(dict.fromkeys([*known, *MAPPED_FAMILIES])), n=1)
    return DeclarationError(
        f"there is no feature '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""),
        where=where,
        remedy=f"samesplit features list --profile {profile.name} names them; a family stands for all of its "
        "features",
    )


def _levelled() -> tuple[str, ...]:
    """Names and tags of features that need grey levels start with one of these."""
    keys = [key for key in MAPPED_FAMILIES if family(key).aggregations or key == "histogram"]
    return (*keys, *(one.tag for key in keys for one in family_features(key)))
