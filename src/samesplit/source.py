"""Which of the package's own code a piece of work depends on, and the hash of it.

What is kept on disk is kept under a hash of all that it was made from, the code among it. Which code that is, is
read from the code: the modules that a piece of work starts from, the modules that these import (at their head or
inside a function), those that these import in turn, and the data files that any of them names. So a module that
is moved, added or cut in two is in the key without anybody writing it down, and a change of what the work does
not import leaves the key alone.

- What counts is what a module does: comments, docstrings, blank lines and formatting do not.
- `if TYPE_CHECKING:` does not count, since it is not executed.
- A string that names a module (`samesplit.models.baselines:ZeroRuleSettings`) counts as an import of it.
- Importing `samesplit.a.b` executes `samesplit/a/__init__.py` too, so its own code counts; what that imports
  counts only where something is taken from it (`from samesplit.a import something`).
- The few modules that list all kinds of a thing (`REGISTRIES`) count by their own code. Whoever takes one thing
  out of such a list starts from the module of that thing as well.
- A data file belongs to the modules in its folder (or below) that name it or the folder it lies in; one that
  none of them names belongs to all modules of its folder.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from samesplit.storage import hash_bytes, hash_object, write_bytes

__all__ = ["REGISTRIES", "closure", "modules_under", "source_digest"]

PACKAGE = Path(__file__).parent
REGISTRIES = frozenset({"features.engines", "models.registry"})
"""They name every engine and every kind of model; a fold or an image uses one of them."""

_REVISION = 1
"""Raised when `_Scan` reads files otherwise, so that what an older version has noted down is not used."""
_NOT_SOURCE = frozenset({"__pycache__", "builtin", "py.typed"})
"""Compiled code, the built-in benchmarks, profiles and models (which count by their content where they are used),
and the mark for type checkers."""
_NAME = re.compile(r"samesplit(\.\w+)*$")
_MOST_NOTES = 5000


@cache
def source_digest(*modules: str) -> str:
    """Hash the code that some modules of the package depend on, so that changed code meets no old results.

    It is the same in a checkout and in an installed package.

    Args:
        *modules: What the work starts from, for example `samesplit.run.fold_tasks`.

    Raises:
        LookupError: There is no such module, or one of those that it imports is not there.

    Example:
        >>> source_digest("samesplit.errors") == source_digest("samesplit.errors", "samesplit.errors")
        True
        >>> source_digest("samesplit.features.no_such_module")
        Traceback (most recent call last):
        LookupError: there is no module samesplit.features.no_such_module
    """
    package = _package(PACKAGE)
    parts = [(name, package.hash_of(name)) for name in package.closure(modules)]
    package.note_down()
    return hash_object([sys.version_info[:2], *parts])


def closure(*modules: str) -> tuple[str, ...]:
    """Return the modules, and the data files (as paths inside the package), that some modules depend on; sorted.

    Args:
        *modules: As for `source_digest`.

    Raises:
        LookupError: As for `source_digest`.

    Example:
        >>> closure("samesplit.errors")
        ('samesplit', 'samesplit.errors')
    """
    return _package(PACKAGE).closure(modules)


def modules_under(*packages: str) -> tuple[str, ...]:
    """All modules of some subpackages; sorted.

    Args:
        *packages: By their names inside the package, for example `features`.

    Raises:
        LookupError: There is no such subpackage.

    Example:
        >>> modules_under("models.survival", "storage")[-2:]
        ('samesplit.models.survival.ridge_cox', 'samesplit.storage')
    """
    found: set[str] = set()
    for one in packages:
        own = {name for name in _package(PACKAGE).files if f"{name}.".startswith(f"samesplit.{one}.")}
        if not own:
            raise LookupError(f"there is no module samesplit.{one}")
        found |= own
    return tuple(sorted(found))


@dataclass(frozen=True)
class _Scan:
    """What one file says: the hash of its code, its imports, and strings that may name modules or data files."""

    code: str
    imports: tuple[tuple[str, str], ...]
    """(module, name taken from it); the name is empty where the module itself is imported."""
    strings: tuple[str, ...]


@cache
def _package(root: Path) -> _Package:
    return _Package(root)


@dataclass
class _Package:
    """The files of the package, each read when it is asked for."""

    root: Path
    files: dict[str, Path] = field(default_factory=dict)
    data: dict[Path, list[Path]] = field(default_factory=dict)
    """By package folder: the data files and folders of data files that lie in it."""
    scans: dict[str, _Scan] = field(default_factory=dict)
    notes: dict[str, list[object]] = field(default_factory=dict)
    fresh: bool = False

    def __post_init__(self) -> None:
        for path in sorted(self.root.rglob("*.py")):
            inside = path.relative_to(self.root)
            if not _NOT_SOURCE.intersection(inside.parts):
                parts = inside.with_suffix("").parts
                self.files[".".join(("samesplit", *(p for p in parts if p != "__init__")))] = path
        folders = {path.parent for path in self.files.values()}
        for folder in folders:
            others = [p for p in folder.iterdir() if p.suffix != ".py" and p.name not in _NOT_SOURCE]
            self.data[folder] = sorted(p for p in others if p not in folders and not p.name.startswith("."))
        self.notes = _read_notes()

    def closure(self, modules: tuple[str, ...]) -> tuple[str, ...]:
        followed: set[str] = set()
        counted: set[str] = set()
        waiting = list(modules)
        while waiting:
            name = waiting.pop()
            if name in followed:
                continue
            if name not in self.files:
                raise LookupError(f"there is no module {name}")
            followed.add(name)
            counted.add(name)
            parts = name.split(".")
            counted.update(".".join(parts[:n]) for n in range(1, len(parts)))
            if name.removeprefix("samesplit.") not in REGISTRIES or name in modules:
                waiting += self._imported(name)
        data = {path for name in counted for path in self._data_of(name)}
        return tuple(sorted(counted | {path.relative_to(self.root).as_posix() for path in data}))

    def hash_of(self, name: str) -> str:
        """Of a module's code, or of a data file's content."""
        return self.scan(name).code if name in self.files else hash_bytes((self.root / name).read_bytes())

    def scan(self, name: str) -> _Scan:
        if name not in self.scans:
            path = self.files[name]
            content = path.read_bytes()
            kind = "package" if path.name == "__init__.py" else "module"
            # What relative imports mean depends on the module's name, and nothing else does but the content.
            key = hash_bytes(
                b"\0".join([f"{_REVISION} {sys.version_info[:2]} {kind} {name}".encode(), content])
            )
            if key not in self.notes:
                scan = _read_source(content, name, package=kind == "package", path=path)
                self.notes[key] = [scan.code, scan.imports, scan.strings]
                self.fresh = True
            code, imports, strings = self.notes[key]
            self.scans[name] = _Scan(
                str(code),
                tuple((module, taken) for module, taken in imports),  # type: ignore[attr-defined]
                tuple(strings),  # type: ignore[arg-type]
            )
        return self.scans[name]

    def note_down(self) -> None:
        """Keep what the files say, by their content, so that the next process need not parse them again."""
        if self.fresh:
            kept = dict(list(self.notes.items())[-_MOST_NOTES:])
            with suppress(Exception):  # a full or read-only disk costs half a second, next time
                write_bytes(_notes_path(), json.dumps(kept, separators=(",", ":")).encode())
            self.fresh = False

    def _imported(self, name: str) -> Iterator[str]:
        scan = self.scan(name)
        for module, taken in scan.imports:
            inner = f"{module}.{taken}"
            yield inner if taken and inner in self.files else module
        for text in scan.strings:
            module = text.partition(":")[0]
            if _NAME.match(module) and module in self.files:
                yield module

    def _data_of(self, name: str) -> Iterator[Path]:
        home = self.files[name].parent
        for folder in (home, *home.parents):
            for entry in self.data.get(folder, ()):
                if self._names(name, entry) or (folder == home and not self._is_named(entry)):
                    yield from _files_of(entry)
            if folder == self.root:
                return

    def _names(self, name: str, entry: Path) -> bool:
        return any(
            entry.name in re.split(r"[/\\]", text) for text in self.scan(name).strings if entry.name in text
        )

    def _is_named(self, entry: Path) -> bool:
        """Whether a module of the same folder names it."""
        beside = (name for name, path in self.files.items() if path.parent == entry.parent)
        return any(self._names(name, entry) for name in beside)


def _files_of(entry: Path) -> list[Path]:
    if entry.is_file():
        return [entry]
    return sorted(p for p in entry.rglob("*") if p.is_file() and not _NOT_SOURCE.intersection(p.parts))


class _WithoutTexts(ast.NodeTransformer):
    """Take out what changes nothing: strings that stand alone (docstrings), and what is for type checkers only."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        test = node.test
        name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
        if name == "TYPE_CHECKING":
            node.body = []
        return self.generic_visit(node)


def _read_source(content: bytes, name: str, *, package: bool, path: Path) -> _Scan:
    tree = _WithoutTexts().visit(ast.parse(content, filename=str(path)))
    imports: set[tuple[str, str]] = set()
    strings: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {(one.name, "") for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, name, package=package)
            imports |= {(module, "" if one.name == "*" else one.name) for one in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            imports.add((node.value.id, node.attr))  # `samesplit.models` after `import samesplit`
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings |= {node.value} if re.fullmatch(r"\S{1,200}", node.value) else set()
    own = {(module, taken) for module, taken in imports if module.partition(".")[0] == "samesplit"}
    return _Scan(hash_bytes(ast.dump(tree).encode()), tuple(sorted(own)), tuple(sorted(strings)))


def _absolute(node: ast.ImportFrom, name: str, *, package: bool) -> str:
    """Return the module that `from ... import` names; dots lead up from the module's own package."""
    if not node.level:
        return node.module or ""
    up = name.split(".")[: len(name.split(".")) - node.level + (1 if package else 0)]
    return ".".join([*up, *([node.module] if node.module else [])])


def _notes_path() -> Path:
    return user_cache_path("samesplit") / "source.json"


def _read_notes() -> dict[str, list[object]]:
    try:
        found = json.loads(_notes_path().read_bytes())
    except (OSError, ValueError):
        return {}
    whole = isinstance(found, dict) and all(isinstance(n, list) and len(n) == 3 for n in found.values())
    return found if whole else {}
