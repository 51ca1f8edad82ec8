"""`target:` in a model file: a class of one's own, named by import path or by Python file.

Two forms are understood, and nothing else is evaluated:

- `package.module.Class` (or `package.module:Class`): whatever is installed beside samesplit;
- `path/to/file.py:Class`: one self-contained file, relative to the folder of the YAML file.

Kept results depend on the file, on what it imports of one's own, and on the versions of libraries.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

from pydantic import Field, PrivateAttr, field_validator

from samesplit.errors import ModelError
from samesplit.extras import extra_of
from samesplit.models.settings import UNDECIDING, ModelSettings
from samesplit.models.target_source import imported_by
from samesplit.storage import hash_file, hash_object

__all__ = ["FromFile", "Target", "TargetSettings", "load_target", "parse_target"]


class Target(NamedTuple):
    """The two halves of a target: where it is defined and what it is called there."""

    place: str
    """A module's import path, or a path that ends in `.py`."""
    attribute: str

    @property
    def is_file(self) -> bool:
        """Whether the place is a Python file."""
        return self.place.endswith(".py")


def parse_target(text: str) -> Target:
    """Take a target apart.

    Raises:
        ValueError: The text is neither an import path nor `file.py:Class`.

    Example:
        >>> parse_target("sklearn.ensemble.RandomForestClassifier")
        Target(place='sklearn.ensemble', attribute='RandomForestClassifier')
        >>> parse_target("mine/net.py:Net").is_file
        True
    """
    place, colon, attribute = text.rpartition(":")
    if not colon:
        place, _, attribute = text.rpartition(".")
    is_module = all(part.isidentifier() for part in place.split("."))
    if not attribute.isidentifier() or attribute == "py" or not (place.endswith(".py") or is_module):
        raise ValueError("must be 'package.module.Class' or 'path/to/file.py:Class'")
    return Target(place, attribute)


@runtime_checkable
class FromFile(Protocol):
    """Settings that want to know which file they came from."""

    def came_from(self, folder: Path, where: str) -> None:
        """Remember the folder that relative paths start from, and how messages name the place."""


class TargetSettings(ModelSettings):
    """The base of the kinds of model that are built from a class named in the file.

    `read_model` tells these settings which file they came from (`came_from`), so that relative paths and
    error messages refer to it.
    """

    target: str
    """`package.module.Class`, or `path/to/file.py:Class` relative to this YAML file's folder."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the class."""

    _folder: Path | None = PrivateAttr(default=None)
    _where: str | None = PrivateAttr(default=None)

    @field_validator("target")
    @classmethod
    def _well_formed(cls, target: str) -> str:
        parse_target(target)
        return target

    def came_from(self, folder: Path, where: str) -> None:
        """Remember the folder that relative paths start from, and how messages name the place."""
        self._folder = folder
        self._where = where

    @property
    def where(self) -> str:
        """The YAML file and line that name the target, for messages."""
        return self._where or f"model {self.name}"

    def target_file(self) -> Path | None:
        """Return the Python file that holds the target; None when the target is an import path.

        Raises:
            ModelError: The file does not exist.
        """
        target = parse_target(self.target)
        return _existing(target, self._folder, self.where) if target.is_file else None

    def load(self) -> Callable[..., Any]:
        """Import the target; see `load_target`."""
        return load_target(self.target, folder=self._folder, where=self.where)

    def check_ready(self) -> None:
        """Import the target."""
        self.load()

    def digest(self) -> str:
        """Compute a hash of the settings, of the file named or the module's own, and of what that imports."""
        target = parse_target(self.target)
        file = self.target_file()
        settings = self.model_dump(mode="json", exclude=UNDECIDING)
        if file is not None:
            settings["target"] = [hash_file(file), target.attribute]
            settings["imports"] = imported_by(file)
        elif (source := _source_file(target)) is not None:
            settings["source"] = hash_file(source)
            settings["imports"] = imported_by(source, module=target.place)
        return hash_object(settings)


def _source_file(target: Target) -> Path | None:
    """Return the module's file; None when it has none, or when `load` will say what is wrong with it."""
    try:
        found = importlib.util.find_spec(target.place)
    except (ImportError, ValueError):
        return None
    file = Path(found.origin) if found is not None and found.origin else None
    return file if file is not None and file.is_file() else None


def load_target(target: str, *, folder: Path | None, where: str) -> Callable[..., Any]:
    """Import a class or function named by import path or file.

    Args:
        target: `package.module.Class` or `path/to/file.py:Class`.
        folder: What a relative file path starts from; None means the working directory.
        where: The YAML file and line, for messages.

    Returns:
        The class or function.

    Raises:
        ModelError: The file or module does not exist, fails while it is imported (the message names its
            file and line), or has no such class.
    """
    parsed = parse_target(target)
    if parsed.is_file:
        module = _load_file(_existing(parsed, folder, where), where)
    else:
        module = _load_module(parsed.place, where)
    found = getattr(module, parsed.attribute, None)
    if callable(found):
        return cast("Callable[..., Any]", found)
    if found is not None:
        raise ModelError(
            f"the target '{target}' is a {type(found).__name__}, not a class or function",
            where=where,
            remedy="name the class of the model",
        )
    public = [name for name in vars(module) if not name.startswith("_")]
    near = difflib.get_close_matches(parsed.attribute, public, n=1)
    raise ModelError(
        f"'{parsed.place}' has no '{parsed.attribute}'",
        where=where,
        remedy=f"did you mean '{near[0]}'?" if near else "check the name of the class",
    )


def _existing(target: Target, folder: Path | None, where: str) -> Path:
    path = (folder or Path()) / Path(target.place).expanduser()
    if not path.is_file():
        raise ModelError(
            f"the target's file '{path}' does not exist",
            where=where,
            remedy="paths are relative to the folder of the YAML file",
        )
    return path.resolve()


def _load_module(name: str, where: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        package = missing.partition(".")[0]
        extra = extra_of(package)
        inside = "" if name.startswith(missing) else f", which '{name}' needs,"
        raise ModelError(
            f"the module '{missing}'{inside} is not installed here",
            where=where,
            remedy=f"pip install 'samesplit[{extra}]'"
            if extra
            else f"install '{package}' into this environment, or correct the target",
        ) from error
    except Exception as error:
        raise ModelError(
            f"importing '{name}' failed at {_place(error)}: {type(error).__name__}: {error}",
            where=where,
            remedy=f"the module must be importable by itself: python -c 'import {name}'",
        ) from error


def _load_file(path: Path, where: str) -> ModuleType:
    """Import a file under a name made from its content, so that the same content is imported once."""
    name = f"samesplit_target_{hash_file(path)[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"'{path}' is not a Python file", where=where, remedy="name a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and skops look classes up by their module's name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ModelError(
            f"the target's file failed at {_place(error, path)}: {type(error).__name__}: {error}",
            where=where,
            remedy="the file must be importable by itself: python -c 'import ...' from its folder",
        ) from error
    return module


def _place(error: BaseException, file: Path | None = None) -> str:
    """Return the file and line an import failed at: the deepest one inside `file`, or the deepest of all."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if file is not None and Path(frame.filename) == file]
    frame = (own or frames)[-1]
    return f"{frame.filename}, line {frame.lineno}"
