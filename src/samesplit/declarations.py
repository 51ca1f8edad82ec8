"""YAML files read into pydantic models, with errors that name the key, the file and the line."""

from __future__ import annotations

import difflib
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from samesplit.errors import DeclarationError

__all__ = ["Declaration", "parse_declaration", "read_declaration", "read_yaml"]

Location = tuple[str | int, ...]


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
    data: dict[str, Any], kind: Any, *, path: Path, lines: dict[Location, int] | None = None
) -> Any:
    """Check plain data against a declaration; see `read_declaration`."""
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        raise _explain(error, kind, data, path, lines or {}) from None


def read_yaml(path: Path) -> tuple[Any, dict[Location, int]]:
    """Read a YAML file and the line of each of its keys and items.

    Raises:
        DeclarationError: The file is missing, unreadable, not YAML, or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeclarationError("does not exist", where=path, remedy="check the name, or create it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(f"cannot be read ({error})", where=path) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if "\\t" in str(error.problem) or "\t" in "".join(text.splitlines()[line - 1 : line]):
            raise DeclarationError(
                "a tab stands where YAML wants spaces",
                where=f"{path}, line {line}",
                remedy="replace the tab by spaces",
            ) from None
        raise DeclarationError(f"is not YAML: {error.problem}", where=f"{path}, line {line}") from None
    except yaml.YAMLError as error:
        raise DeclarationError(f"is not YAML: {error}", where=path) from None
    lines: dict[Location, int] = {}
    if node is not None:
        _collect_lines(node, (), lines, path)
    return data, lines


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


def _explain(
    error: ValidationError, kind: Any, data: Any, path: Path, lines: dict[Location, int]
) -> DeclarationError:
    first = error.errors()[0]
    location = _strip_tags(first["loc"], data)
    line = next(
        (lines[location[:end]] for end in range(len(location), 0, -1) if location[:end] in lines), None
    )
    where = f"{path}, line {line}" if line else str(path)
    name = ".".join(str(part) for part in location)
    if first["type"] == "extra_forbidden":
        valid = _valid_keys(kind, location[:-1], data)
        near = difflib.get_close_matches(str(location[-1]), valid, n=1, cutoff=0.5)
        remedy = f"did you mean '{near[0]}'?" if near else "remove it"
        if valid:
            remedy += f" Valid keys here: {', '.join(valid)}"
        return DeclarationError(f"unknown key '{name}'", where=where, remedy=remedy)
    if first["type"] == "missing":
        return DeclarationError(
            f"the key '{name}' is missing", where=where, remedy=f"add '{location[-1]}: ...'"
        )
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict | list) else f" (given: {first['input']!r})"
    return DeclarationError(f"'{name}': {message}{given}" if name else message, where=where)


def _strip_tags(location: tuple[int | str, ...], data: Any) -> Location:
    """Drop the union tags that pydantic puts into a location, by walking it through the data."""
    kept: list[str | int] = []
    here = data
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(here, dict) and (part in here or last):
            kept.append(part)
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            kept.append(part)
            here = here[part]
    return tuple(kept)


def _valid_keys(kind: Any, location: Location, data: Any) -> list[str]:
    models = _models_in(kind, data)
    for part in location:
        data = _item(data, part)
        found: list[type[BaseModel]] = []
        for model in models:
            field = model.model_fields.get(str(part))
            if field is not None:
                found += _models_in(field.annotation, data)
        models = found or models
    return sorted({alias for model in models for alias in _field_names(model)})


def _item(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) else None


def _field_names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any, data: Any) -> list[type[BaseModel]]:
    """The models that an annotation allows; of a tagged union only the one that the data names."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _models_in(get_args(annotation)[0], data)
    if origin in (Union, types.UnionType, list, tuple, dict, typing.Literal):
        inner = [model for part in get_args(annotation) for model in _models_in(part, data)]
        tag = data.get("kind") if isinstance(data, dict) else None
        tagged = [m for m in inner if tag is not None and _tag_of(m) == tag]
        return tagged or inner
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return []


def _tag_of(model: type[BaseModel]) -> Any:
    field = model.model_fields.get("kind")
    values = get_args(field.annotation) if field is not None else ()
    return values[0] if len(values) == 1 else None
