"""Fitted models on disk in open formats: JSON for what is plain, skops for scikit-learn. Never a pickle.

A kept model is a folder: `model.json` says the kind, the settings and the plain state; `fitted.skops` holds
what scikit-learn fitted. skops builds objects only of types that are trusted: its own list (numpy, scipy,
scikit-learn), the few of `TRUSTED`, and for a model of one's own those of the package or file that its
settings name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from samesplit.errors import ModelError
from samesplit.models.protocol import Model
from samesplit.models.registry import KINDS, settings_class
from samesplit.models.settings import ModelSettings
from samesplit.models.targets import TargetSettings
from samesplit.models.task_classes import check_task_of_saved, read_task
from samesplit.storage import write_bytes, write_json
from samesplit.tasks import Task
from samesplit.version import __version__

__all__ = ["Restorable", "load_fitted", "load_model", "save_model"]

TRUSTED = (
    "numpy.dtype",
    "samesplit.models.",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""Types trusted beyond skops' own list; those that end in a point stand for all that begin so."""
_WRAPPERS = tuple(f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "dask.array"))


@runtime_checkable
class Restorable(Protocol):
    """A model that can take up again what its `save` left."""

    task: Task | None
    """What it was fitted for; None before it is."""

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Become the fitted model that was saved in the folder; `state` is the plain part."""


def save_model(
    directory: Path,
    settings: ModelSettings,
    *,
    task: Task | None,
    state: dict[str, Any],
    fitted: object | None = None,
    trusted: Sequence[str] = (),
) -> None:
    """Write a fitted model.

    A fitted object that skops cannot hold (an estimator of one's own may) is left out, and `model.json`
    says why: predictions are the result of a run, the kept model is its by-product.

    Args:
        directory: Made when it does not exist.
        settings: What `build()` makes the unfitted model from.
        task: What it was fitted for.
        state: The plain part of the fitted model.
        fitted: The scikit-learn part.
        trusted: Further type names, or their beginnings ending in a point, that may be in `fitted`.

    Raises:
        WorkspaceError: The disk is full or the folder cannot be written.
    """
    reason = "" if fitted is None else _write_fitted(directory / "fitted.skops", fitted, trusted)
    if isinstance(settings, TargetSettings) and (file := settings.target_file()) is not None:
        write_bytes(directory / "target.py", file.read_bytes())
    write_json(
        directory / "model.json",
        {
            "samesplit": __version__,
            "settings": settings.to_dict(),
            "task": None if task is None else task.model_dump(mode="json"),
            "state": state,
            "not_kept_because": reason,
        },
    )


def _write_fitted(path: Path, fitted: object, trusted: Sequence[str]) -> str:
    """Write the skops file; where that is impossible, say why."""
    try:
        io = _skops()
        content = io.dumps(fitted)
        foreign = _foreign(io.get_untrusted_types(data=content), trusted)
    except Exception as error:  # a foreign class may fail in any way here, and only its keeping is lost
        return f"skops cannot hold it ({type(error).__name__}: {error})"
    if foreign:
        return f"it holds types that are not trusted: {', '.join(foreign)}"
    write_bytes(path, content)
    return ""


def load_fitted(directory: Path, *, trusted: Sequence[str] = ()) -> Any:
    """Read what `save_model` wrote as `fitted`.

    Raises:
        ModelError: The file is missing, damaged, or holds types that are not trusted.
    """
    path = directory / "fitted.skops"
    try:
        io = _skops()
        found = io.get_untrusted_types(file=path)
        foreign = _foreign(found, trusted)
        if not foreign:
            return io.load(path, trusted=found)
    except FileNotFoundError:
        raise ModelError("the fitted model was not kept", where=path, remedy="fit it again") from None
    except Exception as error:  # zipfile, json and skops have no common error for a damaged file
        raise ModelError(
            f"is not a readable skops file ({error})", where=path, remedy="fit the model again"
        ) from error
    raise ModelError(
        f"holds types that are not trusted: {', '.join(foreign)}",
        where=path,
        remedy="load only models that you or people you trust have made",
    )


def load_model(directory: Path, *, task: Task | None = None) -> Model:
    """Load a model that was saved with `Model.save`; it gives the same predictions again.

    Args:
        directory: Where it was saved.
        task: What it is to answer; None: whatever it was fitted for.

    Raises:
        ModelError: The folder holds no such model, one that cannot be trusted or was not kept, or one that was
            fitted for another kind of task or other classes.
    """
    path = directory / "model.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        values, state, reason = record["settings"], record["state"], record["not_kept_because"]
        known = read_task(record["task"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"is not the record of a kept model ({error!r})", where=path, remedy="fit the model again"
        ) from error
    if reason:
        raise ModelError(f"the fitted model was not kept: {reason}", where=path, remedy="fit it again")
    if values.get("kind") not in KINDS:
        raise ModelError(f"there is no kind of model called '{values.get('kind')}'", where=path)
    if (directory / "target.py").exists():
        values["target"] = f"target.py:{values['target'].rpartition(':')[2]}"
    settings = settings_class(values["kind"]).model_validate(values)
    if isinstance(settings, TargetSettings):
        settings.came_from(directory, str(path))
    model = settings.build()
    if not isinstance(model, Restorable):
        raise ModelError(f"models of the kind '{values['kind']}' are not loaded from here", where=path)
    if task is not None:
        check_task_of_saved(known, task, path)
    model.task = known
    model.restore(directory, state)
    return model


def _skops() -> Any:
    """skops.io, imported when it is needed and without torch and dask.

    It asks scikit-learn for its estimators, which imports every package of scikit-learn: with those that wrap
    other libraries' arrays, in which no estimator is, each fresh process would spend four seconds instead of one.
    """
    if "skops.io" not in sys.modules:
        unneeded = [name for name in _WRAPPERS if name not in sys.modules]
        sys.modules.update(dict.fromkeys(unneeded))  # type: ignore[arg-type]  # None: cannot be imported
        try:
            return import_module("skops.io")
        finally:
            for name in unneeded:
                del sys.modules[name]
    return import_module("skops.io")


def _foreign(types: Sequence[str], trusted: Sequence[str]) -> list[str]:
    def known(name: str) -> bool:
        return any(name.startswith(t) if t.endswith(".") else name == t for t in (*TRUSTED, *trusted))

    return sorted(name for name in types if not known(name))
