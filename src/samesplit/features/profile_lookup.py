"""Where a profile is that somebody names: a file, the workspace's own, or a built-in one."""

from __future__ import annotations

from pathlib import Path

from samesplit.features.engines import require_engine
from samesplit.features.profiles import Profile, read_profile
from samesplit.workspace import find_workspace

__all__ = ["find_profile", "ready_profile"]


def find_profile(profile: str | Path | Profile, *, start: Path | None = None) -> Profile:
    """Find a profile by its name or file, and read it.

    Args:
        profile: The path of a YAML file; else the name of a profile in the workspace around `start`, or of a
            built-in one. A profile that was read before is given back.
        start: Where to look from; default: the current folder.

    Raises:
        WorkspaceError: There is no profile of this name; the message names the nearest.
        DeclarationError: The file is missing or says something that cannot be.

    Example:
        >>> find_profile("ct-default").engine
        'ibsi'
    """
    if isinstance(profile, Profile):
        return profile
    if isinstance(profile, Path) or profile.endswith((".yaml", ".yml")):
        return read_profile(Path(profile))
    return read_profile(find_workspace(start or Path.cwd()).find_yaml("features", profile))


def ready_profile(profile: str | Path | Profile) -> Profile:
    """Find a profile whose engine is installed and which can be used as it is, before any image is opened.

    Raises:
        WorkspaceError: There is no profile of this name.
        DeclarationError: It says something that cannot be.
        MissingExtraError: Its engine is not installed.
    """
    chosen = find_profile(profile)
    require_engine(chosen.engine, where=f"the profile '{chosen.name}'")
    chosen.settings.check_ready(f"the profile '{chosen.name}'")
    return chosen
