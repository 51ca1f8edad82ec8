"""What every model file in `models/` says, whatever its kind."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from samesplit.declarations import Declaration
from samesplit.models.protocol import Cases, Model, Requirements
from samesplit.storage import hash_object
from samesplit.tasks import Task, TaskKind

__all__ = ["UNDECIDING", "ModelSettings", "Weights"]

Weights = Literal["none", "best", "all"]
UNDECIDING = {"title", "description", "seeds", "keep", "source", "licence", "sha256"}
"""Settings that do not decide how a fitted model behaves."""


class ModelSettings(Declaration):
    """The base of the settings of all kinds of model; a kind adds its own keys and `build`.

    Attributes:
        built_by: `module:class` of the model, where settings and model lie in modules of their own: settings
            import no model, so that reading a model file needs no library of its models.
        searches: Whether the model that is built `HasWorkUnits`: its fit is cut into pieces.
        constant: Whether every lesion gets the same probability by design.
        tasks: The kinds of task that the kind of model can do.
    """

    built_by: ClassVar[str] = ""
    searches: ClassVar[bool] = False
    constant: ClassVar[bool] = False
    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary"})
    name: str
    """Given by the file's name, or by the benchmark."""
    title: str
    """How the model is called in tables and figures."""
    description: str = ""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """The model is fitted once per seed in every fold; the report shows the spread."""
    sequences: tuple[str, ...] = ()
    """The sequences to use; empty means all of the benchmark's."""

    @abstractmethod
    def needs(self) -> Requirements:
        """Say what the model asks to be given."""

    @abstractmethod
    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh, unfitted model.

        Args:
            cache: A folder that all folds share, for what is the same in each (prepared images).
        """

    def task_kinds(self) -> frozenset[TaskKind]:
        """Return the kinds of task that the model can do; what depends on its settings says `check_task`."""
        return self.tasks

    def check_task(self, task: Task) -> None:
        """See to it that the model can do a task of a kind that it can do.

        Raises:
            DeclarationError: Something in its settings is for other tasks only.
        """

    def model_class(self) -> type[Any]:
        """Import the class that `built_by` names."""
        module, _, name = self.built_by.partition(":")
        found: type[Any] = getattr(importlib.import_module(module), name)
        return found

    def code(self) -> tuple[str, ...]:
        """Return the modules of the package that the model's code starts from; see `samesplit.source`."""
        modules = {kind.__module__ for kind in type(self).__mro__}
        return tuple(sorted(module for module in modules if module.startswith("samesplit.")))

    def keeps(self) -> Weights:
        """Which of the fitted models' weights are kept; all of those that are small."""
        return "all"

    def digest(self) -> str:
        """Compute a hash of all settings that decide how the model behaves, and of files where a kind has any."""
        return hash_object(self.model_dump(mode="json", exclude=UNDECIDING))

    def extras(self) -> dict[str, tuple[str, ...]]:
        """Name the optional packages that it needs, by the extra that installs them; see `samesplit.extras`."""
        return {}

    def check_ready(self) -> None:
        """See to it that nothing outside the settings (a class, a file) will be missed when the model is built.

        Raises:
            SamesplitError: (one of its kinds) Something is.
        """

    def remarks(self, cases: Cases) -> list[tuple[str, str]]:
        """Tell what the case ledger is to say of single lesions: their ids, and what is made of them."""
        return []

    def provenance(self) -> dict[str, str]:
        """Tell where pretrained weights come from, for the report: network, weights, source, licence, sha256."""
        return {}

    def radiomic(self) -> bool:
        """Whether the model learns from extracted features; the default reference is the first such."""
        return bool(self.needs().profiles)

    def only_clinical(self) -> bool:
        """Whether the model learns from clinical variables and from nothing else."""
        needs = self.needs()
        return bool(needs.clinical) and needs == Requirements(clinical=needs.clinical)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, for records and tracking."""
        return self.model_dump(mode="json")
