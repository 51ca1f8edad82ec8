"""The profiles that a benchmark names, checked against the sequences it has."""

from __future__ import annotations

import difflib

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.errors import DeclarationError
from samesplit.features.derived import DerivedFeature
from samesplit.features.engines import get_engine, require_engine
from samesplit.features.profiles import Profile, read_profile
from samesplit.workspace import Workspace

__all__ = ["read_profiles"]


def read_profiles(workspace: Workspace, definition: BenchmarkDefinition) -> dict[str, Profile]:
    """Every profile of a benchmark by name.

    Raises:
        DeclarationError: A profile is missing or wrong, or wants a sequence that it cannot have.
    """
    profiles = {name: read_profile(workspace.find_yaml("features", name)) for name in definition.profiles}
    for name, sequences in definition.profiles.items():
        profile = profiles[name]
        require_engine(profile.engine, where=workspace.find_yaml("features", name))
        profile.settings.check_ready(workspace.find_yaml("features", name))
        baseline, matching_reference = profile.relative_change_to, profile.settings.matching_reference()
        if baseline not in (None, "first", *sequences):
            raise DeclarationError(
                f"relative_change_to is '{baseline}', which is none of the sequences of this profile",
                where=workspace.find_yaml("features", name),
                remedy=f"name one of {', '.join(sequences)}, or add it under profiles.{name} of {definition.name}",
            )
        if matching_reference is not None and matching_reference not in definition.cohort.sequences:
            raise DeclarationError(
                f"histograms are to be matched to '{matching_reference}', which {definition.name} does not have",
                where=workspace.find_yaml("features", name),
                remedy=f"name one of {', '.join(definition.cohort.sequences)}",
            )
    _check_regimes(workspace, definition, profiles)
    for derived in definition.derived():
        _check_derived(derived, profiles[derived.profile], definition.name)
    return profiles


def _check_derived(derived: DerivedFeature, profile: Profile, benchmark: str) -> None:
    """Refuse a formula of a feature that its profile does not have, or that is called like one that it has."""
    known = [info.feature for info in get_engine(profile.engine).catalogue(profile.settings)]
    where = f"{benchmark}, derived_features.{derived.name}"
    if derived.feature not in known:
        near = difflib.get_close_matches(derived.feature, known, n=1)
        raise DeclarationError(
            f"the profile '{profile.name}' has no feature '{derived.feature}'",
            where=where,
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"`samesplit features list --profile {profile.name}` lists the names",
        )
    if derived.name in known:
        raise DeclarationError(
            f"the profile '{profile.name}' has a feature of this name already",
            where=where,
            remedy="call the derived feature something else",
        )


def _check_regimes(
    workspace: Workspace, definition: BenchmarkDefinition, profiles: dict[str, Profile]
) -> None:
    """See to it that a profile is what `factorial` calls it: a level that is called box would be read as one."""
    levels = definition.factorial.features.values() if definition.factorial is not None else ()
    named = ((regime, name) for regimes in levels for regime, names in regimes.items() for name in names)
    for regime, name in named:
        own = profiles[name].settings.mask_regime()
        if own is not None and regime in ("lesion", "box") and regime != own:
            raise DeclarationError(
                f"'factorial' has the profile '{name}' under the mask regime {regime}, and it says 'mask: {own}'",
                where=workspace.find_yaml("features", name),
                remedy=f"write 'mask: {regime}' under its 'view', or name it under {own}",
            )
