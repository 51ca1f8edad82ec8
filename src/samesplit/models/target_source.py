"""What the code of a model of one's own depends on: the files that it imports, and the versions of libraries.

Kept results are named by it, so that a changed file beside the target's, or an upgraded library, meets none of
them. `samesplit` itself is counted elsewhere (`samesplit.source`).
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions, version
from pathlib import Path

from samesplit.storage import hash_file

__all__ = ["imported_by"]

_INSTALLED = {"site-packages", "dist-packages"}
_NOT_FOLLOWED = sys.stdlib_module_names | {"samesplit"}


def imported_by(file: Path, *, module: str = "") -> list[list[str]]:
    """Tell what a Python file imports, and what that imports in turn.

    Args:
        file: The file.
        module: Its import path, from which relative imports start; empty where it has none.

    Returns:
        Names with the SHA-256 of their file, or with their version where they are installed libraries; sorted,
        without the file itself, the standard library and samesplit.

    Example:
        >>> import json.decoder
        >>> imported_by(Path(json.decoder.__file__), module="json.decoder")
        []
    """
    found: dict[str, str] = {}
    seen = {file.resolve()}
    waiting = [(file, module)]
    while waiting:
        path, name = waiting.pop()
        for imported in (*_imports(path, name), *([name] if name else [])):  # its packages are imported first
            top = imported.partition(".")[0]
            spec = _spec(top)
            if top in _NOT_FOLLOWED or spec is None:
                continue
            places = [Path(place) for place in spec.submodule_search_locations or [spec.origin or ""]]
            if any(_INSTALLED.intersection(place.parts) for place in places):
                found[top] = _version(top)
                continue
            for inside, own in _files(imported, places):
                if own.resolve() not in seen:
                    seen.add(own.resolve())
                    found[inside] = hash_file(own)
                    waiting.append((own, inside))
    return sorted([name, told] for name, told in found.items())


def _imports(path: Path, module: str) -> Iterator[str]:
    """Return the import paths that a file names, at its head or inside a function; none where it is no Python."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # importing it says what is wrong
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*up, *([node.module] if node.module else [])])
            yield from (f"{start}.{one.name}" for one in node.names if start)


def _spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None


def _files(imported: str, places: list[Path]) -> Iterator[tuple[str, Path]]:
    """Find the files of a module and of the packages it lies in; a last part may be a name in it."""
    top, *parts = imported.split(".")
    for place in places:
        if place.is_file():
            yield top, place
            continue
        folder, name = place, top
        if (folder / "__init__.py").is_file():
            yield name, folder / "__init__.py"
        for part in parts:
            name = f"{name}.{part}"
            if (folder / f"{part}.py").is_file():
                yield name, folder / f"{part}.py"
            folder = folder / part
            if (folder / "__init__.py").is_file():
                yield name, folder / "__init__.py"


def _version(top: str) -> str:
    names = sorted(set(_distributions().get(top, ())))
    return " ".join(f"{name} {version(name)}" for name in names)


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())
