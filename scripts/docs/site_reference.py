"""Pages of the reference that the code writes itself: commands, keys of benchmark.yaml, tables, names of files.

A page of `docs/reference/` holds an introduction and a mark such as `<!-- written by the site: commands -->`; what
stands here takes the place of the mark when the site is built.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, get_args

import typer
import typer.main

from samesplit import run_folder, statistics, tables
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.cli import app
from samesplit.cli.examples import EXAMPLES
from samesplit.column_meanings import meaning_of
from samesplit.declarations import Declaration
from samesplit.markdown import code, one_line, plain, settings_table, table

__all__ = ["WRITTEN", "place_of"]

_KINDS = {"str": "text", "int": "number", "int range": "number", "float": "number", "float range": "number"}
"""What an argument may be, where typer's word for it is one of programmers."""

_TYPES = {"int64": "whole number", "Int8": "whole number", "float64": "number"}
"""The types of columns that are no text."""


def commands() -> str:
    """Return every command: what it does, its arguments and options with defaults, and examples."""
    program = typer.main.get_command(app)
    rows, blocks = [], []
    for words, command in _walk(program, ""):
        heading = f"samesplit {words}"
        anchor = heading.replace(" ", "-")
        first = one_line((command.help or "").split("\n\n")[0])
        rows.append([f"[`{words}`](#{anchor})", plain(first)])
        blocks += [f"## `{heading}` {{ #{anchor} }}", *_described(command, heading)]
        blocks += _examples(words)
    return "\n\n".join([table(["command", "what it does"], rows), *blocks])


def _walk(group: Any, words: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        full = f"{words} {name}".strip()
        if hasattr(command, "commands"):
            yield from _walk(command, full)
        else:
            yield full, command


def _described(command: Any, heading: str) -> Iterator[str]:
    context = typer.Context(command, info_name=heading)
    yield from (plain(one_line(part)) for part in inspect.cleandoc(command.help or "").split("\n\n"))
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    rows = []
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is None:
            continue
        names, text = record
        told = re.fullmatch(r"(?P<meaning>.*?)(?:\s*\[(?P<extra>[^\[\]]*)\])?", text, re.DOTALL)
        assert told is not None
        names = re.sub(
            r"<(?:list\[)?([^<>\[\]]*)\]?>", lambda kind: f"<{_KINDS.get(kind[1], kind[1])}>", names
        )
        rows.append([code(names), plain(one_line(told["meaning"])), plain(_extra(told["extra"] or ""))])
    if rows:
        yield table(["argument or option", "what it does", "default"], rows)


def _extra(text: str) -> str:
    """Return what typer adds in brackets as words: the default, the bounds, whether it must be given."""
    words = [word.strip() for word in text.split(";")]
    shown = []
    for word in words:
        if word.startswith("default: "):
            shown.append(f"`{word.removeprefix('default: ')}`")
        elif word == "required":
            shown.append("must be given")
        elif word:
            shown.append(word.replace("x>=", "at least ").replace("x<=", "at most "))
    return ", ".join(shown)


def _examples(words: str) -> list[str]:
    lines = [line for what, typed in EXAMPLES.get(words, ()) for line in (f"# {what}" if what else "", typed)]
    return ["```sh\n" + "\n".join(line for line in lines if line) + "\n```"] if lines else []


def benchmark_keys() -> str:
    """Return every key of benchmark.yaml, with what it may be, its default and its meaning."""
    blocks = []
    for path, kind in _sections(BenchmarkDefinition, ""):
        blocks.append(f"## `{path}`" if path else "## The file itself")
        parts = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
        blocks += [plain(one_line(part)) for part in parts if not part.startswith("Example:")]
        below = {
            name: "The keys below."
            for name, field in kind.model_fields.items()
            if _declarations(field.annotation)
        }
        keys = [
            name for name in kind.model_fields if path or name != "name"
        ]  # the folder is the benchmark's name
        blocks.append(settings_table(kind, below, only=keys, types=True))
    return "\n\n".join(blocks)


def _sections(kind: type[Declaration], path: str) -> Iterator[tuple[str, type[Declaration]]]:
    yield path, kind
    for name, field in kind.model_fields.items():
        inner = _declarations(field.annotation)
        place = f"{path}.{name}".lstrip(".")
        for one in inner:
            said = one.model_fields.get("kind")
            words = "" if said is None or len(inner) == 1 else f" of the kind {said.get_default()}"
            yield from _sections(one, f"{place}{words}")


def _declarations(annotation: Any) -> list[type[Declaration]]:
    """Return the declarations in a type, however deep, in order."""
    if inspect.isclass(annotation) and issubclass(annotation, Declaration):
        return [annotation]
    return list(dict.fromkeys(one for part in get_args(annotation) for one in _declarations(part)))


def tables_of_stages() -> str:
    """Return the columns of every table that passes between stages, with types and rules."""
    told = _strings_below(tables)
    blocks = []
    for name, schema in vars(tables).items():
        if not (name.isupper() and hasattr(schema, "columns")):
            continue
        blocks += [
            f"## `{name}`: {schema.name}",
            *(plain(one_line(part)) for part in told[name].split("\n\n")),
        ]
        key = (schema.metadata or {}).get("key") or []
        blocks.append(
            table(
                ["column", "meaning", "type", "may be empty", "rules"],
                [
                    [
                        f"`{column}`" + (" (key)" if column in key else ""),
                        plain(meaning_of(str(column), table=schema.name)),
                        _TYPES.get(str(how.dtype), "text"),
                        "may be left out" if not how.required else "yes" if how.nullable else "no",
                        plain("; ".join(str(check.error) for check in how.checks)),
                    ]
                    for column, how in schema.columns.items()
                ],
            )
        )
    return "\n\n".join(blocks)


def names_of_files() -> str:
    """Return the files and folders of a run, in the order in which the code names them."""
    told = _strings_below(run_folder)
    rows = [
        [f"`{value}`", plain(one_line(told.get(name, "")))]
        for name, value in vars(run_folder).items()
        if name in run_folder.__all__ and isinstance(value, str)
    ]
    return table(["name", "what it is"], rows)


def names_of_statistics() -> str:
    """Return every public name of the statistics with the first sentence of its docstring, as a table."""
    rows = []
    for name in sorted(statistics.__all__, key=str.casefold):
        value = getattr(statistics, name)
        told = inspect.getdoc(value) if hasattr(value, "__module__") and hasattr(value, "__name__") else None
        first = (told or _of_constant(name)).split("\n\n")[0]
        rows.append([f"[`{name}`][{place_of(name)}]", plain(one_line(first))])
    return table(["name", "what it is"], rows)


def _of_constant(name: str) -> str:
    """Return the string below a constant of the statistics, wherever it is defined."""
    modules = [module for path, module in sys.modules.items() if path.startswith(f"{statistics.__name__}.")]
    return next(
        told
        for module in modules
        if getattr(module, name, None) is getattr(statistics, name)
        if (told := _strings_below(module).get(name))
    )


def place_of(name: str) -> str:
    """Return under which name the reference shows a name of the statistics.

    A function that is called as its module is shown by its whole path, since the shorter one is the module's.
    """
    module = getattr(getattr(statistics, name), "__module__", "")
    return f"{module}.{name}" if module.endswith(f".{name}") else f"{statistics.__name__}.{name}"


def _strings_below(module: Any) -> dict[str, str]:
    """Return the strings below the names that a module gives values to."""
    body = ast.parse(inspect.getsource(module)).body
    told = {}
    for first, second in pairwise(body):
        target = (
            first.targets[0]
            if isinstance(first, ast.Assign)
            else first.target
            if isinstance(first, ast.AnnAssign)
            else None
        )
        if (
            isinstance(target, ast.Name)
            and isinstance(second, ast.Expr)
            and isinstance(second.value, ast.Constant)
        ):
            told[target.id] = inspect.cleandoc(str(second.value.value))
    return told


WRITTEN: dict[str, Callable[[], str]] = {
    "commands": commands,
    "benchmark-keys": benchmark_keys,
    "tables": tables_of_stages,
    "names-of-files": names_of_files,
    "statistics": names_of_statistics,
}
"""What takes the place of each mark."""
