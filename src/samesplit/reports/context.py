"""What all sections are made from: the run's data, who is judged, in which colour, and the numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from samesplit.reader_names import is_reader_name, parse_reader_name
from samesplit.reports.estimates import Numbers
from samesplit.reports.main_quantity import MainQuantity, main_quantity
from samesplit.reports.palette import READER, Style, styles_for
from samesplit.reports.run_folder import RunData

__all__ = ["Context", "ModelInfo", "ReaderInfo", "make_context", "make_contexts", "slug"]

_CONTROL_KINDS = ("zero-rule", "lesion-size")


@dataclass(frozen=True)
class ModelInfo:
    """A model as the report calls it.

    Attributes:
        name: As in the tables.
        title: As people read it.
        kind: As in its file; `external` for predictions made elsewhere.
        seeds: With which it was fitted.
        control: Whether the run added it for comparison; the benchmark does not list it.
        member: The model whose probabilities it calibrates; empty for all others.
    """

    name: str
    title: str
    kind: str
    seeds: tuple[int, ...] = ()
    control: bool = False
    member: str = ""

    @property
    def is_control(self) -> bool:
        """Whether it only shows what any model must beat."""
        return self.control or self.kind in _CONTROL_KINDS

    @property
    def is_constant(self) -> bool:
        """Whether it gives every lesion the same probability by design."""
        return self.kind == "zero-rule"


@dataclass(frozen=True)
class ReaderInfo:
    """A reader, or the mean over readers, with one modality.

    Attributes:
        name: As in the results, `reader:<id>/<modality>` or `readers:mean/<modality>`.
        reader: The reader's id; empty for the mean.
        modality: `unaided`, `aided` or another.
    """

    name: str
    reader: str
    modality: str

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean over readers."""
        return not self.reader

    @property
    def title(self) -> str:
        """As people read it."""
        return f"{self.reader or 'Mean of the readers'}, {self.modality}"


@dataclass(frozen=True)
class Context:
    """Everything a section may use.

    Attributes:
        data: The run's content.
        numbers: The results.
        models: In the order of the run, controls last.
        readers: By modality, unaided first; the mean stands after its readers.
        styles: How each model is drawn.
    """

    data: RunData
    numbers: Numbers
    models: tuple[ModelInfo, ...]
    readers: tuple[ReaderInfo, ...]
    styles: dict[str, Style]

    @property
    def main(self) -> MainQuantity:
        """What the models are ranked by."""
        return main_quantity(self.data.task.kind)

    @property
    def reference(self) -> ModelInfo | None:
        """The model that the others are compared with, when it has results."""
        return next((model for model in self.models if model.name == self.data.reference), None)

    @cached_property
    def development(self) -> dict[str, Numbers]:
        """The results on the validation and the training part, by its name; only parts that have some."""
        there = set(self.data.results["subset"])
        return {part: Numbers(self.data.results, part) for part in ("validation", "train") if part in there}

    def title(self, model: str) -> str:
        """Return the title of a model."""
        return next((info.title for info in self.models if info.name == model), model)

    def style(self, model: str) -> Style:
        """Return the style of a model; readers share one."""
        return self.styles.get(model, Style(READER, (), "o"))

    def summed_up(self, model: str, table: str) -> pd.DataFrame:
        """Return the rows of one model in a table of the statistics over its fits; empty when there are none."""
        found = self.data.table(f"summaries/{table}")
        return found[found["model"] == model] if "model" in found else found.iloc[:0]

    def found_by(self, model: str, table: str) -> pd.DataFrame:
        """Return the rows of one model in a table of what models found while fitting; empty when there are none.

        Args:
            model: Its name.
            table: The table's name, without `details/`.
        """
        rows = self.data.table(f"details/{table}")
        return rows[rows["model"] == model] if "model" in rows else pd.DataFrame()

    def percent(self) -> str:
        """Return the coverage of the intervals: `95 %`."""
        return f"{100 * self.data.confidence:g} %"


def make_contexts(tasks: Sequence[RunData]) -> tuple[Context, ...]:
    """Make the context of each task of a run; a model is drawn alike in all of them.

    Args:
        tasks: As `read_tasks` gives them.
    """
    alone = [make_context(data) for data in tasks]
    models = {model.name: model for context in alone for model in context.models}
    declared = [str(item["name"]) for item in tasks[0].run.get("models", []) if "name" in item]
    order = sorted(models, key=lambda name: declared.index(name) if name in declared else len(declared))
    styles = styles_for(order, [name for name in order if models[name].is_control])
    return tuple(replace(context, styles=styles) for context in alone)


def make_context(data: RunData) -> Context:
    """Find out which models and readers were evaluated in a task.

    Args:
        data: The run's content.
    """
    numbers = Numbers(data.results)
    judged = [name for name in numbers.models() if not is_reader_name(name)]
    declared = {str(item["name"]): item for item in data.run.get("models", []) if "name" in item}
    order = [name for name in declared if name in judged] + [name for name in judged if name not in declared]
    known = (_model(name, declared.get(name, {})) for name in order)
    models = tuple(sorted(known, key=lambda model: model.is_control))
    controls = [model.name for model in models if model.is_control]
    return Context(
        data=data,
        numbers=numbers,
        models=models,
        readers=_readers(numbers.models()),
        styles=styles_for([model.name for model in models], controls),
    )


def _model(name: str, declared: dict[str, object]) -> ModelInfo:
    seeds, settings = declared.get("seeds"), declared.get("settings")
    calibrated = declared.get("kind") == "calibrated" and isinstance(settings, dict)
    return ModelInfo(
        name=name,
        title=str(declared.get("title") or name),
        kind=str(declared.get("kind") or "external"),
        seeds=tuple(int(seed) for seed in seeds) if isinstance(seeds, list) else (),
        control=bool(declared.get("control")),
        member=str(settings.get("member", "")) if calibrated and isinstance(settings, dict) else "",
    )


def _readers(names: list[str]) -> tuple[ReaderInfo, ...]:
    found = []
    for name in names:
        reader = parse_reader_name(name)
        if reader is not None:
            found.append(ReaderInfo(name, reader.reader, reader.condition))
    return tuple(sorted(found, key=lambda r: (r.modality != "unaided", r.modality, r.is_mean, r.reader)))


def slug(text: str) -> str:
    """Return a name that can stand in an id of the page.

    Example:
        >>> slug("ResNet-18, 2.5D")
        'resnet-18-2-5d'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
