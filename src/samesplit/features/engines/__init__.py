"""The engines by name. An engine's own library is imported when it first extracts, not before."""

from __future__ import annotations

import difflib
from pathlib import Path

from samesplit.errors import DeclarationError
from samesplit.extras import require_extra
from samesplit.features.engines.encoder import EncoderEngine
from samesplit.features.engines.ibsi import IbsiEngine
from samesplit.features.engines.mirp import MirpEngine
from samesplit.features.engines.protocol import Engine, EngineSettings, FeatureInfo, FeatureValues, Step
from samesplit.features.engines.pyradiomics import PyradiomicsEngine

__all__ = [
    "Engine",
    "EngineSettings",
    "FeatureInfo",
    "FeatureValues",
    "Step",
    "engine_module",
    "engine_names",
    "get_engine",
    "require_engine",
]

_ENGINES: dict[str, Engine] = {
    engine.name: engine for engine in (EncoderEngine(), IbsiEngine(), MirpEngine(), PyradiomicsEngine())
}


_EXTRAS = {"encoder": "networks", "mirp": "mirp", "pyradiomics": "pyradiomics"}
"""The extra of each engine that needs one."""


def engine_names() -> list[str]:
    """Return the names that a profile may give as its `engine`.

    Example:
        >>> "pyradiomics" in engine_names()
        True
    """
    return sorted(_ENGINES)


def engine_module(name: str) -> str:
    """Return the module that an engine's code starts from; see `samesplit.source`.

    Example:
        >>> engine_module("ibsi")
        'samesplit.features.engines.ibsi.engine'
    """
    return type(get_engine(name)).__module__


def get_engine(name: str) -> Engine:
    """Return the engine of that name.

    Raises:
        DeclarationError: There is no such engine; the message names the nearest.
    """
    if name not in _ENGINES:
        near = difflib.get_close_matches(str(name), _ENGINES, n=1)
        raise DeclarationError(
            f"there is no engine '{name}'",
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"There are: {', '.join(engine_names())}",
        )
    return _ENGINES[name]


def require_engine(name: str, *, where: str | Path | None = None) -> None:
    """Stop where the package of an engine is not installed, before any image is opened.

    Args:
        name: The engine's name.
        where: The profile that asks for it.

    Raises:
        MissingExtraError: It is not installed; the remedy is the command that installs it.
    """
    if name in _EXTRAS:
        require_extra(_EXTRAS[name], needed_by=f"the engine '{name}'", where=where)
