"""A pipeline as Python code that one can read and run, with nothing but the classes that it is made of."""

from __future__ import annotations

import importlib
import inspect
import json
import math
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from samesplit.models.automl.sklearn_pipeline import plain_value

__all__ = ["one_line", "pipeline_code"]

_WIDTH = 100


def pipeline_code(pipeline: Pipeline, *, about: str) -> str:
    """Write a module that makes the unfitted pipeline, under the name `pipeline`.

    Parameters that are as their class has them by default are left out.

    Args:
        pipeline: Of classes that can be imported.
        about: What the module's docstring says.

    Returns:
        The source text: imports, then one assignment.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.pipeline import make_pipeline
        >>> code = pipeline_code(make_pipeline(LogisticRegression(C=0.5)), about="An example.")
        >>> print(code.partition("import")[2].strip())
        LogisticRegression
        from sklearn.pipeline import make_pipeline
        <BLANKLINE>
        pipeline = make_pipeline(LogisticRegression(C=0.5))
    """
    writer = _Writer()
    body = _laid_out(writer.of(pipeline), 0, len("pipeline = "))
    quoted = about.replace("\\", "\\\\").replace('"', '\\"')
    lines = [f'"""{quoted}"""', "", *writer.import_lines(), "", f"pipeline = {body}", ""]
    return "\n".join(lines)


def one_line(pipeline: Pipeline) -> str:
    """Write the same without the imports, in one line; equal pipelines have equal lines.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.pipeline import make_pipeline
        >>> one_line(make_pipeline("passthrough", LogisticRegression()))
        'make_pipeline("passthrough", LogisticRegression())'
    """
    return str(_Writer().of(pipeline))


@dataclass(frozen=True)
class _Call:
    """A call with its arguments written out, each of them text or a call again."""

    name: str
    arguments: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}{value}' for name, value in self.arguments)})"


@dataclass
class _Writer:
    """Writes values, and notes what has to be imported for them: from the module, the name, to the name here."""

    imports: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, value: Any) -> Any:
        """Return a value as text or a call."""
        value = plain_value(value)
        if isinstance(value, Pipeline):
            return self._call("sklearn.pipeline", "make_pipeline", [step for _, step in value.steps])
        if isinstance(value, FeatureUnion):
            branches = [branch for _, branch in value.transformer_list]
            return self._call("sklearn.pipeline", "make_union", branches)
        if isinstance(value, ColumnTransformer):
            parts = [(transformer, columns) for _, transformer, columns in value.transformers]
            kept = {"remainder": value.remainder}
            return self._call("sklearn.compose", "make_column_transformer", parts, kept)
        if isinstance(value, BaseEstimator):
            return self._call(_home(type(value)), type(value).__name__, [], _changed(value))
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return f'float("{value}")'
        if isinstance(value, (list, tuple)):
            inner = ", ".join(str(self.of(item)) for item in value)
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if isinstance(value, dict):
            return f"{{{', '.join(f'{self.of(key)}: {self.of(item)}' for key, item in value.items())}}}"
        if callable(value):
            return self._imported(_home(value), value.__name__)
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)

    def _call(self, module: str, name: str, given: list[Any], named: dict[str, Any] | None = None) -> _Call:
        arguments = [("", self.of(value)) for value in given]
        arguments += [(f"{key}=", self.of(value)) for key, value in (named or {}).items()]
        return _Call(self._imported(module, name), tuple(arguments))

    def _imported(self, module: str, name: str) -> str:
        """Return the name to use here; a second class of one name goes by its package's name too."""
        if (module, name) not in self.imports:
            taken = name in self.imports.values()
            self.imports[module, name] = f"{module.partition('.')[0].title()}{name}" if taken else name
        return self.imports[module, name]

    def import_lines(self) -> list[str]:
        """Sorted, the names of a module together."""
        modules: dict[str, list[str]] = {}
        for (module, name), here in sorted(self.imports.items()):
            modules.setdefault(module, []).append(name if name == here else f"{name} as {here}")
        return [f"from {module} import {', '.join(names)}" for module, names in modules.items()]


def _laid_out(value: Any, indent: int, before: int) -> str:
    """Write a call in one line if it fits, else one argument a line."""
    text = str(value)
    if not isinstance(value, _Call) or indent + before + len(text) <= _WIDTH or not value.arguments:
        return text
    inner = " " * (indent + 4)
    lines = [f"{inner}{name}{_laid_out(each, indent + 4, len(name) + 1)}," for name, each in value.arguments]
    return "\n".join([f"{value.name}(", *lines, f"{' ' * indent})"])


def _home(thing: Any) -> str:
    """Return the shortest module that offers a class or function, which is the public one."""
    parts = str(thing.__module__).split(".")
    for end in range(1, len(parts)):
        module = ".".join(parts[:end])
        if getattr(importlib.import_module(module), thing.__name__, None) is thing:
            return module
    return str(thing.__module__)


def _changed(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the parameters that are not as the class has them by default."""
    defaults = {name: each.default for name, each in inspect.signature(type(estimator)).parameters.items()}
    base = getattr(type(estimator)(), "get_params", dict)(deep=False) if _no_need(defaults) else {}
    changed = {}
    for name, value in estimator.get_params(deep=False).items():
        default = defaults.get(name, base.get(name, inspect.Parameter.empty))
        if isinstance(value, BaseEstimator) or not _same(value, default):
            changed[name] = value
    return changed


def _no_need(defaults: dict[str, Any]) -> bool:
    return all(
        default is not inspect.Parameter.empty or name in ("args", "kwargs")
        for name, default in defaults.items()
    )


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default or (value != value and default != default))
