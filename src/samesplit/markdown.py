"""Markdown pages written from code: tables, text whose signs mean themselves, the settings of a declaration."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

from samesplit.declarations import Declaration

__all__ = [
    "attribute_docstrings",
    "code",
    "default_text",
    "literal",
    "one_line",
    "plain",
    "settings_table",
    "table",
    "type_text",
]


def settings_table(
    kind: type[Declaration],
    meanings: Mapping[str, str] | None = None,
    *,
    only: Iterable[str] | None = None,
    types: bool = False,
) -> str:
    """Return the settings of a declaration with their defaults and meanings, as a table.

    Args:
        kind: Its class; the string below an attribute is its meaning, its own or that of a class it derives from.
        meanings: For attributes that have none of their own.
        only: Leave out all others; None for all.
        types: Whether a column of its own says what a setting may be.
    """
    told = {
        name: meaning
        for one in reversed(kind.__mro__)
        if issubclass(one, Declaration)
        for name, meaning in attribute_docstrings(one).items()
    }
    rows = []
    for name, field in kind.model_fields.items():
        if only is not None and name not in only:
            continue
        words = "" if types else _choices(field.annotation)
        meaning = told.get(name) or (meanings or {}).get(name, "")
        default = field.get_default(call_default_factory=True, validated_data={})
        shown = "its defaults" if types and isinstance(default, Declaration) else default_text(default)
        cells = [f"`{name}`", shown, plain(f"{words}{meaning}")]
        rows.append(
            [cells[0], plain(type_text(field.annotation, field.metadata)), *cells[1:]] if types else cells
        )
    return table(["setting", *(["may be"] if types else []), "default", "meaning"], rows)


def type_text(annotation: Any, limits: Iterable[Any] = ()) -> str:
    """Return what a setting may be, in words.

    Args:
        annotation: The type.
        limits: Bounds (`ge`, `gt`, `le`, `lt`) of a number.

    Example:
        >>> from annotated_types import Ge, Le, Lt
        >>> type_text(int, [Ge(8), Le(512)]), type_text(float | None, [Ge(0), Lt(1)])
        ('whole number, at least 8, at most 512', 'number, at least 0, below 1; or `null`')
        >>> type_text(Literal["2d", "3d"]), type_text(dict[str, tuple[float, float]])
        ('`2d` or `3d`', 'by name: two numbers')
    """
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(parts[0], [*limits, *_limits(parts[1:])])
    if origin in (Union, UnionType):
        known = dict.fromkeys(type_text(part, limits) for part in parts if part is not type(None))
        return " or ".join(known) + ("; or `null`" if type(None) in parts else "")
    if origin is Literal:
        return " or ".join(
            ", ".join(f"`{word}`" for word in some) for some in (parts[:-1], parts[-1:]) if some
        )
    if origin is dict:
        return f"by name: {type_text(parts[1])}"
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return f"list, each {type_text(parts[0])}"
        return f"{('one', 'two', 'three')[len(parts) - 1]} {type_text(parts[0])}s"
    if inspect.isclass(annotation) and issubclass(annotation, Declaration):
        return "settings of its own"
    name = {bool: "`true` or `false`", int: "whole number", float: "number", str: "text"}.get(
        annotation, "anything"
    )
    return ", ".join([name, *_bounds(limits)])


_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def _limits(metadata: Iterable[Any]) -> list[Any]:
    """Return the bounds in the metadata of an annotation, those inside pydantic's `Field` too."""
    return [inner for one in metadata for inner in (getattr(one, "metadata", None) or [one])]


def _bounds(limits: Iterable[Any]) -> list[str]:
    return [
        f"{words} {getattr(limit, key):g}"
        for limit in _limits(limits)
        for key, words in _BOUNDS.items()
        if getattr(limit, key, None) is not None
    ]


def attribute_docstrings(kind: type) -> Mapping[str, str]:
    """Return the strings below the attributes of a class."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for first, second in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(first, ast.AnnAssign) and isinstance(first.target, ast.Name):
            text = second.value.value if _is_string(second) else ""  # type: ignore[attr-defined]
            found[first.target.id] = one_line(inspect.cleandoc(text))
    return found


def _is_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _choices(annotation: Any) -> str:
    """Return the words that a setting may have, where they are few."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    words = [word for part in parts if get_origin(part) is Literal for word in get_args(part)]
    return f"{', '.join(f'`{word}`' for word in words[:-1])} or `{words[-1]}`. " if len(words) > 1 else ""


def default_text(default: Any) -> str:
    """Return a default as the page shows it."""
    if default is PydanticUndefined:
        return "must be given"
    if default is None or default in ((), "", {}) or isinstance(default, Declaration):
        return "none"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{str(default).lower()}`" if isinstance(default, bool) else f"`{default}`"


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table; the cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def one_line(text: str) -> str:
    """Return the text without line breaks."""
    return " ".join(text.split())


def plain(text: str) -> str:
    """Text whose signs mean themselves, save for what stands between backticks."""
    parts = text.split("`")
    for i in range(0, len(parts), 2):
        for sign in "_*|<":
            parts[i] = parts[i].replace(sign, f"\\{sign}")
    return "`".join(parts)


def literal(text: str) -> str:
    r"""Text of anyone's, on one line, whose every sign means itself, HTML and links included.

    Example:
        >>> print(literal("<b> a_b *"))
        \<b\> a\_b \*
    """
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", one_line(text)).replace("&", "&amp;")


def code(text: str) -> str:
    """Text as code that may stand in a table."""
    return "`" + text.replace("|", r"\|") + "`"
