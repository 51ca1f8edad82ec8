"""Overlays: mappings laid over a benchmark.yaml, with a memory of which file each key came from."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samesplit.declarations import read_yaml
from samesplit.errors import DeclarationError

__all__ = ["Layer", "Layered", "lay_over", "read_layer"]

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Layer:
    """The keys of one file, or of one section of it.

    Attributes:
        keys: What the file says.
        path: The file.
        lines: The line of each key and item.
    """

    keys: dict[str, Any]
    path: Path
    lines: Mapping[Location, int] = field(default_factory=dict)

    def section(self, name: str) -> Layer:
        """Return the layer of a section: the mapping under one of the keys.

        Raises:
            DeclarationError: It is no mapping.
        """
        inner = self.keys.get(name) or {}
        if not isinstance(inner, dict):
            raise DeclarationError(
                f"'{name}' holds no keys",
                where=f"{self.path}, line {self.lines.get((name,), 1)}",
                remedy="write 'key: value' lines below it: keys that replace those of benchmark.yaml",
            )
        lines = {at[1:]: line for at, line in self.lines.items() if len(at) > 1 and at[0] == name}
        return Layer(inner, self.path, lines)

    def without(self, name: str) -> Layer:
        """Return the layer without one of its keys."""
        return Layer({key: value for key, value in self.keys.items() if key != name}, self.path, self.lines)

    def place(self, location: Location) -> str:
        """Return the file and line of a key or item, as errors name it."""
        ends = (location[:end] for end in range(len(location), 0, -1))
        line = next((self.lines[end] for end in ends if end in self.lines), None)
        return f"{self.path}, line {line}" if line else str(self.path)


@dataclass
class Layered:
    """Layers laid over each other.

    Attributes:
        keys: What comes of them.
        places: The file and line of each key and item, as errors name it.
        removed: The keys that a layer took out.
    """

    keys: dict[str, Any] = field(default_factory=dict)
    places: dict[Location, str] = field(default_factory=dict)
    removed: set[Location] = field(default_factory=set)


def read_layer(path: Path) -> Layer:
    """Read a YAML file of keys.

    Raises:
        DeclarationError: The file is missing, is not YAML, or holds no keys.
    """
    data, lines = read_yaml(path)
    if data is None:
        return Layer({}, path, lines)
    if not isinstance(data, dict):
        raise DeclarationError("holds no keys", where=path, remedy="write 'key: value' lines")
    return Layer(data, path, lines)


def lay_over(*layers: Layer) -> Layered:
    """Lay each layer over those before it.

    Mappings merge key by key; lists and plain values replace what was there. `null` takes a key out; where there
    is no such key, the value is null (`simple_arm: null`).

    Args:
        *layers: The lowest first.

    Raises:
        DeclarationError: A layer has a mapping where the ones below have a list or plain value, or the other way
            round; the message names file, line and key.

    Example:
        >>> base = {"split": {"scheme": "holdout", "test": 0.2}, "models": ["ridge", "tpot"]}
        >>> change = {"split": {"test": None, "folds": 5}, "models": ["ridge"]}
        >>> lay_over(Layer(base, Path("benchmark.yaml")), Layer(change, Path("variants/folds.yaml"))).keys
        {'split': {'scheme': 'holdout', 'folds': 5}, 'models': ['ridge']}
    """
    found = Layered()
    for layer in layers:
        _merge(found, found.keys, layer.keys, (), layer)
    return found


def _merge(found: Layered, below: dict[str, Any], above: dict[str, Any], at: Location, layer: Layer) -> None:
    for key, value in above.items():
        here = (*at, key)
        old = below.get(key)
        if value is None and (key in below or here in found.removed):
            below.pop(key, None)
            found.removed.add(here)
            _forget(found, here)
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            found.places[here] = layer.place(here)
            _merge(found, old, value, here, layer)
            continue
        if old is not None and isinstance(old, dict) != isinstance(value, dict) and key not in _EITHER:
            raise _other_shape(old, here, layer)
        below[key] = deepcopy(value)
        _forget(found, here)
        found.places |= {
            where: layer.place(where) for where in layer.lines if where[: len(here)] == here
        } or {here: layer.place(here)}


_EITHER = ("features",)
"""Keys that may hold a plain value or a mapping."""


def _forget(found: Layered, at: Location) -> None:
    for where in [where for where in found.places if where[: len(at)] == at]:
        del found.places[where]


def _other_shape(old: Any, here: Location, layer: Layer) -> DeclarationError:
    name = ".".join(map(str, here))
    if isinstance(old, dict):
        problem, remedy = (
            "holds keys below, and a single value or list here",
            f"write 'key: value' lines below {here[-1]}",
        )
    else:
        problem, remedy = (
            "holds a single value or list below, and keys here",
            "write what is to replace it as a value or list",
        )
    return DeclarationError(
        f"'{name}' {problem}", where=layer.place(here), remedy=f"{remedy}, or take '{name}' out"
    )
