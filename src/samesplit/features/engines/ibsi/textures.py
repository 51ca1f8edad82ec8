"""Which textures a profile of the engine `ibsi` asks for: grids, discretisations and aggregations, with names."""

from __future__ import annotations

from dataclasses import dataclass

from samesplit.features.catalogue import family
from samesplit.features.engines.ibsi.settings import TEXTURES, Discretisation, IbsiSettings
from samesplit.features.processing.grid import Spacing

__all__ = ["TextureSetting", "family_aggregations", "texture_grids", "texture_settings"]


@dataclass(frozen=True)
class TextureSetting:
    """One grid and one discretisation.

    Attributes:
        spacing_mm: Of the grid, along z, y, x.
        discretisation: How intensities become levels.
        suffix: What distinguishes its features' names; empty when a profile has one setting only.
    """

    spacing_mm: Spacing
    discretisation: Discretisation
    suffix: str


def texture_grids(settings: IbsiSettings) -> tuple[tuple[Spacing, str], ...]:
    """Return the grids that textures are computed on, with what they are called in names."""
    if not settings.texture_spacing_mm:
        return ((settings.processing.target_mm, ""),)
    return tuple(((step, step, step), f"_{step:g}mm") for step in settings.texture_spacing_mm)


def texture_settings(settings: IbsiSettings) -> tuple[TextureSetting, ...]:
    """Every combination of grid and discretisation; none when no texture is asked for."""
    if not any(settings.features.of(key) for key in TEXTURES):
        return ()
    grids = texture_grids(settings)
    several_grids, several_levels = len(grids) > 1, len(settings.discretisation) > 1
    return tuple(
        TextureSetting(
            spacing,
            discretisation,
            (name if several_grids else "") + (f"_{discretisation.name}" if several_levels else ""),
        )
        for spacing, name in grids
        for discretisation in settings.discretisation
    )


def family_aggregations(settings: IbsiSettings) -> tuple[tuple[str, str], ...]:
    """Each texture family that is asked for with each of its aggregations, in the order of the features.

    Families without directions take the part of an aggregation before `_avg` and `_comb`, once.
    """
    found = []
    for key in TEXTURES:
        if not settings.features.of(key):
            continue
        own = {one.suffix for one in family(key).aggregations}
        for chosen in settings.aggregation:
            suffix = chosen if chosen in own else chosen.rpartition("_")[0]
            if (key, suffix) not in found:
                found.append((key, suffix))
    return tuple(found)
