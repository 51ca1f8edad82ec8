"""YAML files read into pydantic models, with errors that name the key, the file and the line."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from samesplit.errors import DeclarationError, Faults

__all__ = ["Declaration", "parse_declaration", "parse_leniently", "read_declaration", "read_yaml"]

Location = tuple[str | int, ...]

_MOST_ATTEMPTS = 10
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml, ten times as fast, where PyYAML was built with it."""
_NO_YAML = "write 'key: value' lines, indented with spaces; close each quote and bracket that opens"
_CORRECT = "correct this value, or what it contradicts"
_MOST_BYTES = 1_000_000
_MOST_NESTED = 50
_MOST_VALUES = 20_000
"""What no declaration needs: a file beyond one of these is a mistake, or meant to use up the memory."""


class Declaration(BaseModel):
    """The base of everything a user declares: unknown keys are errors and values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_declaration(path: Path, kind: Any, **context: Any) -> Any:
    """Read a YAML file into a declaration.

    Args:
        path: The YAML file.
        kind: A `Declaration` subclass, or an annotated union of them.
        **context: Values that win over the file's, such as the name given by the folder.

    Raises:
        DeclarationError: The file is missing, is not YAML, or says something that the declaration
            does not know; the message names the nearest valid key, the file and the line.
    """
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise DeclarationError("holds no keys", where=path, remedy="write 'key: value' lines")
    return parse_declaration(data | context, kind, path=path, lines=lines)


def parse_declaration(
    data: dict[str, Any], kind: Any, *, path: Path, lines: Mapping[Location, int | str] | None = None
) -> Any:
    """Check plain data against a declaration; see `read_declaration`.

    Args:
        data: What was read.
        kind: A `Declaration` subclass, or an annotated union of them.
        path: The file, for messages.
        lines: The line of each key; of data from several files the whole place ("other.yaml, line 3").
    """
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        raise _explain(error, kind, data, path, lines or {}) from None


def read_yaml(path: Path) -> tuple[Any, dict[Location, int]]:
    """Read a YAML file and the line of each of its keys and items.

    Raises:
        DeclarationError: The file is missing, unreadable, not YAML, repeats a key, or is larger, deeper or
            (with its aliases written out) longer than any declaration is.
    """
    try:
        text = _text_of(path)
    except FileNotFoundError:
        raise DeclarationError("does not exist", where=path, remedy="check the name, or create it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(
            f"cannot be read ({error})",
            where=path,
            remedy="save it as UTF-8 text in a place that you may read",
        ) from error
    try:
        try:
            node, data = _parsed(text, path, _FAST)
        except yaml.YAMLError:  # told in the words of the loader that is the same everywhere
            node, data = _parsed(text, path, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if "\\t" in str(error.problem) or "\t" in "".join(text.splitlines()[line - 1 : line]):
            raise DeclarationError(
                "a tab stands where YAML wants spaces",
                where=f"{path}, line {line}",
                remedy="replace the tab by spaces",
            ) from None
        raise DeclarationError(
            f"is not YAML: {error.problem}", where=f"{path}, line {line}", remedy=_NO_YAML
        ) from None
    except yaml.YAMLError as error:
        raise DeclarationError(f"is not YAML: {error}", where=path, remedy=_NO_YAML) from None
    except (ValueError, OverflowError) as error:  # 2020-02-30, or a number of thousands of digits
        raise DeclarationError(
            f"holds a date or number that cannot be ({error})",
            where=path,
            remedy="correct it, or put it in quotes if it is meant as text",
        ) from None
    lines: dict[Location, int] = {}
    if node is not None:
        _collect_lines(node, (), lines, path)
    return data, lines


def _parsed(text: str, path: Path, loader: Any) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a text, which know their lines, and the data."""
    _check_extent(text, path, loader)
    return yaml.compose(text, Loader=loader), yaml.load(text, Loader=loader)  # both loaders are safe


def _text_of(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise DeclarationError(
            f"is larger than {_MOST_BYTES // 1000:,} kB, which no declaration is",
            where=path,
            remedy="check whether this is the right file",
        )
    return path.read_text(encoding="utf-8")


def _check_extent(text: str, path: Path, loader: Any) -> None:
    """Refuse what is nested too deep or too long, aliases written out, before anything is built from it."""
    extents: dict[str, tuple[int, int]] = {}  # by anchor: values and levels below it
    opened: list[tuple[str | None, int]] = []  # anchor of each open list or mapping, values before it
    deepest = [0]  # levels below each open one
    values = 0
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        below = 0
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in opened):
                raise _too_much(f"'*{event.anchor}' contains itself", path, line)
            more, below = extents.get(str(event.anchor), (1, 0))
            values += more
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, values))
            deepest.append(0)
            values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            below = deepest.pop() + 1
            if anchor is not None:
                extents[anchor] = (values - before, below)
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
        deepest[-1] = max(deepest[-1], below)
        if len(opened) + below > _MOST_NESTED:
            raise _too_much(f"is nested more than {_MOST_NESTED} levels deep", path, line)
        if values > _MOST_VALUES:
            raise _too_much(f"holds more than {_MOST_VALUES:,} values, its aliases written out", path, line)


def _too_much(problem: str, path: Path, line: int) -> DeclarationError:
    return DeclarationError(
        problem, where=f"{path}, line {line}", remedy="no declaration needs that: write it out"
    )


def _collect_lines(node: yaml.Node, at: Location, lines: dict[Location, int], path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*at, key.value)
            if place in lines:
                raise DeclarationError(
                    f"the key '{key.value}' stands twice",
                    where=f"{path}, lines {lines[place]} and {key.start_mark.line + 1}",
                    remedy="keep one of them",
                )
            lines[place] = key.start_mark.line + 1
            _collect_lines(value, place, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*at, index)] = value.start_mark.line + 1
            _collect_lines(value, (*at, index), lines, path)


def parse_leniently(
    data: dict[str, Any],
    kind: Any,
    *,
    path: Path,
    lines: dict[Location, int],
    instead: dict[Location, Any],
) -> tuple[Any, Faults]:
    """Check plain data, gather all that is wrong, and make of the rest what can be made.

    Args:
        data: What was read.
        kind: A `Declaration` subclass.
        path: The file, for messages.
        lines: The line of each key.
        instead: What is put into the place of keys that are missing or wrong, so that looking can go on.

    Returns:
        The declaration without what is wrong, or None where too much is; and the faults.
    """
    faults, left = Faults(), deepcopy(data)
    for attempt in range(_MOST_ATTEMPTS):
        try:
            return TypeAdapter(kind).validate_python(left), faults
        except ValidationError as error:
            for each in _misspelt_first(error):
                if (
                    attempt == 0 or each["type"] == "value_error"
                ):  # else it is missing because it was taken out
                    faults.add(_explain_one(each, kind, left, path, lines))
            places = {_location(each, left): each["type"] == "missing" for each in error.errors()}
            for place, missing in sorted(places.items(), key=lambda item: -len(item[0])):
                if not _take_out(left, place, missing, instead):
                    return None, faults
    return None, faults


def _take_out(data: Any, place: Location, missing: bool, instead: dict[Location, Any]) -> bool:
    """Take what is wrong out of the data, or put something else there; False where neither can be."""
    if not place:
        return False
    *above, last = place
    for part in above:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return True  # gone already
    if place in instead:
        data[last] = instead[place]
    elif not missing:
        try:
            del data[last]
        except (KeyError, IndexError, TypeError):
            return bool(above)
    elif above:
        return _take_out_of_parent(data)
    else:
        return False
    return True


def _take_out_of_parent(data: Any) -> bool:
    """Return a part that lacks a key it needs is emptied: what holds it is told as wrong in the next attempt."""
    if isinstance(data, dict) and data:
        data.clear()
        return True
    return False


def _misspelt_first(error: ValidationError) -> list[Any]:
    """Return what is wrong, misspelt keys before the missing ones that they were meant to be."""
    found = error.errors()
    misspelt = [each for each in found if each["type"] == "extra_forbidden"]
    return misspelt + [each for each in found if each["type"] != "extra_forbidden"]


def _explain(
    error: ValidationError, kind: Any, data: Any, path: Path, lines: Mapping[Location, int | str]
) -> DeclarationError:
    told = [_explain_one(each, kind, data, path, lines) for each in _misspelt_first(error)]
    first, *others = {
        str(each): each for each in told
    }.values()  # what stands for several may be wrong in each
    first.more = tuple(others)
    return first


def _explain_one(
    first: Any, kind: Any, data: Any, path: Path, lines: Mapping[Location, int | str]
) -> DeclarationError:
    location = _location(first, data)
    name = ".".join(str(part) for part in location)
    place = _where(path, location, lines)
    if first["type"] == "extra_forbidden":
        valid = _valid_keys(kind, location[:-1], data)
        guess = _nearest(str(location[-1]), valid) or "remove it."
        return DeclarationError(
            f"unknown key '{name}'", where=place, remedy=f"{guess} Valid keys here: {', '.join(valid)}"
        )
    if first["type"] == "missing":
        return DeclarationError(
            f"the key '{name}' is missing", where=place, remedy=f"add '{location[-1]}: ...'"
        )
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _explain_tag(first, location, path, lines)
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict | list) else f" (given: {first['input']!r})"
    quotes = "put it in quotes; YAML takes it for something else than text"
    remedy = quotes if first["type"] == "string_type" and given else None
    if first["type"] == "literal_error":
        known = re.findall(r"'([^']+)'", str(first["ctx"]["expected"]))
        remedy = _nearest(str(first["input"]), known) or "write one of these"
    return DeclarationError(
        f"'{name}': {message}{given}" if name else message, where=place, remedy=remedy or _CORRECT
    )


def _explain_tag(
    error: Any, location: Location, path: Path, lines: Mapping[Location, int | str]
) -> DeclarationError:
    """Return the key that names the kind of thing is missing, or names none that there is."""
    key = error["ctx"]["discriminator"].strip("'")
    name = ".".join(str(part) for part in (*location, key))
    place = _where(path, (*location, key), lines)
    if error["type"] == "union_tag_not_found":
        return DeclarationError(f"the key '{name}' is missing", where=place, remedy=f"add '{key}: ...'")
    known = sorted(tag.strip("' ") for tag in error["ctx"]["expected_tags"].split(","))
    tag = error["ctx"]["tag"]
    guess = _nearest(tag, known)
    return DeclarationError(
        f"unknown {key} '{tag}'", where=place, remedy=f"{guess} Valid here: {', '.join(known)}".strip()
    )


def _where(path: Path, location: Location, lines: Mapping[Location, int | str]) -> str:
    """Return the file, and the line of the innermost part of the location that has one."""
    ends = (location[:end] for end in range(len(location), 0, -1))
    line = next((lines[end] for end in ends if end in lines), None)
    if isinstance(line, str):
        return line
    return f"{path}, line {line}" if line else str(path)


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else ""


def _location(error: Any, data: Any) -> Location:
    """Where something is wrong in the data; of a contradiction inside one kind of a union, the whole of it."""
    location = _strip_tags(error["loc"], data)
    if error["type"] != "value_error" or not location:
        return location
    *above, last = location
    here = data
    for part in above:
        here = here[part]
    return location if not isinstance(here, dict) or last in here else tuple(above)


def _strip_tags(location: tuple[int | str, ...], data: Any) -> Location:
    """Drop the union tags that pydantic puts into a location, by walking it through the data."""
    kept: list[str | int] = []
    here = data
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(here, dict) and not last and not isinstance(here.get(part), dict | list):
            continue  # a tag, even where a key has its name
        if isinstance(here, dict) and (part in here or last):
            kept.append(part)
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            kept.append(part)
            here = here[part]
    return tuple(kept)


def _valid_keys(kind: Any, location: Location, data: Any) -> list[str]:
    """Return the keys that may stand at a location, found by walking the annotations along with the data."""
    annotations = [kind]
    for part in location:
        annotations = [inner for outer in annotations for inner in _step(outer, part, data)]
        data = data[part]
    models = [model for annotation in annotations for model in _models_in(annotation, data)]
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _step(annotation: Any, part: str | int, data: Any) -> list[Any]:
    """Return the annotations of an item of something annotated."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (list, tuple):
        return [argument for argument in arguments if argument is not Ellipsis]
    if origin is dict:
        return [arguments[1]]
    fields = [model.model_fields for model in _models_in(annotation, data)]
    named = [
        field.annotation for model in fields for name, field in model.items() if part in (name, field.alias)
    ]
    inner = arguments if origin in (Annotated, Union, types.UnionType) else ()
    return named or [found for option in inner for found in _step(option, part, data)]


def _models_in(annotation: Any, data: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation allows; of a tagged union only the one that the data name."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _models_in(get_args(annotation)[0], data)
    if origin in (Union, types.UnionType):
        inner = [model for part in get_args(annotation) for model in _models_in(part, data)]
        tag = data.get("kind") if isinstance(data, dict) else None
        return [model for model in inner if tag is not None and _tag_of(model) == tag] or inner
    if origin is tuple and isinstance(data, dict):  # one entry that stands for several
        return [model for part in get_args(annotation) for model in _models_in(part, data)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def _tag_of(model: type[BaseModel]) -> Any:
    field = model.model_fields.get("kind")
    values = get_args(field.annotation) if field is not None else ()
    return values[0] if len(values) == 1 else None
