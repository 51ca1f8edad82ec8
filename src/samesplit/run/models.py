"""The models of a benchmark: read, in the order in which they are made, and refused before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.declarations import read_yaml
from samesplit.errors import DeclarationError, Faults, WorkspaceError, gathering
from samesplit.extras import require_extra
from samesplit.models.protocol import Requirements
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings
from samesplit.run.model_tasks import tasks_of_models
from samesplit.run.simple_arm import simple_arm
from samesplit.workspace import Workspace

__all__ = ["Loaded", "load_models"]


class Loaded(NamedTuple):
    """The models of a benchmark."""

    models: tuple[ModelSettings, ...]
    """Their settings, members before the ensembles made of them."""
    simple_arm: str | None
    """The name of the strong simple model among them; None where there is none."""
    added: tuple[str, ...]
    """Those that the benchmark does not list."""
    tasks: dict[str, tuple[str, ...]]
    """The names of the tasks that each of them is fitted for."""


def load_models(
    workspace: Workspace,
    folder: Path,
    definition: BenchmarkDefinition,
    *,
    only: Sequence[str] = (),
    faults: Faults | None = None,
) -> Loaded:
    """Read the models of a benchmark and see to it that each can begin and is given what it needs.

    Args:
        workspace: Where the model files are.
        folder: The benchmark's folder.
        definition: Its definition.
        only: The models to run; empty means all.
        faults: Gathers what is wrong with any of them; without it, all of it is raised together.

    Returns:
        The models, the simple arm (see `samesplit.run.simple_arm`) among them.

    Raises:
        SamesplitError: (one of its kinds) There is no such model, its file or code cannot be loaded, it needs what
            the benchmark does not have, or cannot do the tasks that are asked.
    """
    with gathering(faults) as found:
        loaded: dict[str, ModelSettings] = {}
        listed = [model.name for model in definition.model_uses()]
        places = _places(folder, listed)
        combined = {one.name for one in (definition.factorial.models() if definition.factorial else ())}
        no_heads = _without_features(workspace, folder, definition, found)
        for model in definition.model_uses():
            if model.use in no_heads and model.name in combined:
                continue
            with found.kept():
                path = _file_of(workspace, model.use, places[model.name])
                loaded[model.name] = read_model(path, name=model.name, overrides=model.settings)
        arm: str | None = None
        added: tuple[str, ...] = ()
        with found.kept():
            arm, unlisted = simple_arm(workspace, folder, definition, loaded)
            if unlisted is not None:
                loaded[unlisted.name], added = unlisted, (unlisted.name,)
                places[unlisted.name] = str(folder / "benchmark.yaml")
                listed.append(unlisted.name)
        unknown = sorted(set(only) - set(listed))
        if unknown:
            raise _not_listed(workspace, folder, unknown, listed)
        tasks = tasks_of_models(
            definition.all_tasks(),
            loaded,
            {model.name: model.tasks for model in definition.model_uses()},
            places,
            found,
            optional=added,
        )
        loaded = {name: loaded[name] for name in loaded if name in tasks or name not in added}
        for name, settings in loaded.items():
            with found.kept():
                _check_given(_Given(definition, listed, places[name]), name, settings)
        ordered: list[str] = []
        for name in list(only) or [name for name in listed if name in loaded or name not in added]:
            with found.kept():
                _with_members_first(name, loaded, ordered, ())
        for name in (name for name in ordered if name in loaded):
            with found.kept():
                _check_installed(name, loaded[name], places[name])
    here = set(ordered) & set(tasks)
    return Loaded(
        tuple(loaded[name] for name in ordered if name in here),
        arm if arm in here else None,
        tuple(name for name in added if name in here),
        {name: tasks[name] for name in ordered if name in here},
    )


@dataclass(frozen=True)
class _Given:
    """What a benchmark gives to a model, and where the model stands in it."""

    definition: BenchmarkDefinition
    models: list[str]
    place: str

    def refuse(self, problem: str, remedy: str) -> DeclarationError:
        return DeclarationError(problem, where=self.place, remedy=remedy)


def _places(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the line of each model in benchmark.yaml."""
    path = folder / "benchmark.yaml"
    lines = read_yaml(path)[1] if path.is_file() else {}
    found = [lines.get(("models", place)) for place in range(len(names))]
    return {
        name: f"{path}, line {line}" if line else str(path) for name, line in zip(names, found, strict=True)
    }


def _without_features(
    workspace: Workspace, folder: Path, definition: BenchmarkDefinition, found: Faults
) -> set[str]:
    """Return the heads of `factorial` that cannot be read or do not learn from features, each with one fault."""
    heads = definition.factorial.heads if definition.factorial is not None else ()
    refused = set(heads)
    for head in heads:
        with found.kept():
            settings = read_model(_file_of(workspace, head, str(folder / "benchmark.yaml")))
            if "profiles" not in type(settings).model_fields:
                raise DeclarationError(
                    f"'{head}' is no head for 'factorial': it does not learn from features",
                    where=folder / "benchmark.yaml",
                    remedy="take it out of 'heads'; under 'models' it is judged in the same split beside them",
                )
            refused.discard(head)
    return refused


def _file_of(workspace: Workspace, use: str, place: str) -> Path:
    try:
        return workspace.find_yaml("models", use)
    except WorkspaceError as error:
        raise DeclarationError(error.problem, where=place, remedy=error.remedy) from None


def _check_given(given: _Given, name: str, settings: ModelSettings) -> None:
    """Refuse a model that would fail, or be without what it learns from, after everything else ran."""
    needs = settings.needs()
    cohort = given.definition.cohort
    for noun, wanted, there in (
        ("member", needs.members, given.models),
        ("sequence", needs.sequences, list(cohort.sequences)),
        ("profile", tuple(p for p in needs.profiles if p != "*"), list(given.definition.profiles)),
        ("clinical variable", tuple(v for v in needs.clinical if v != "*"), list(cohort.clinical)),
    ):
        missing = sorted(set(wanted) - set(there))
        if missing:
            near = difflib.get_close_matches(missing[0], there, n=1)
            raise given.refuse(
                f"the model '{name}' needs the {noun} {', '.join(missing)}, which the benchmark does not have",
                (f"did you mean '{near[0]}'? " if near else "")
                + f"the benchmark has: {', '.join(there) or 'none'}",
            )
    taken = needs.sequences or cohort.sequences
    if needs.reference_sequence and needs.reference_sequence not in taken:
        raise given.refuse(
            f"the model '{name}' cuts all sequences where {needs.reference_sequence} shows the lesion, and is not "
            f"given {needs.reference_sequence}",
            f"it is given: {', '.join(taken) or 'none'}; name one of them under 'grid', or write 'grid: first'",
        )
    _check_kinds_of_input(given, name, needs)


def _check_installed(name: str, settings: ModelSettings, place: str) -> None:
    """Refuse a model that will run and lacks packages or files; one that was not asked for may lack them."""
    for extra, packages in settings.extras().items():
        require_extra(extra, *packages, needed_by=f"the model '{name}'", where=place)
    settings.check_ready()


def _check_kinds_of_input(given: _Given, name: str, needs: Requirements) -> None:
    definition = given.definition
    features = bool(definition.profiles) or definition.features is not None
    fewer = f"or use it with what there is: {{name: {name}, use: {name}, settings: {{inputs: %s}}}}"
    other = fewer if needs.profiles and needs.clinical else "or take the model out"
    if needs.images and not definition.cohort.sequences:
        raise given.refuse(
            f"the model '{name}' opens images, and the benchmark has none",
            "name sequences under cohort.sequences and write images.csv, or take the model out",
        )
    given_sequences = needs.sequences or definition.cohort.sequences
    wanted = needs.number_of_sequences
    if wanted is not None and len(given_sequences) != wanted:
        raise given.refuse(
            f"the model '{name}' is made for {wanted} sequence{'s' if wanted > 1 else ''}, and would be given "
            f"{len(given_sequences)} ({', '.join(given_sequences)})",
            f"name those that it is to see: {{name: {name}, use: {name}, settings: {{sequences: [...]}}}}, or set "
            "'number_of_sequences: null' there, where the network can take another number",
        )
    if needs.perturbations is not None and definition.features is not None:
        raise given.refuse(
            f"the model '{name}' wants features measured again, which the table of 'features' cannot give",
            "leave its 'stability' out, or extract features with 'profiles'",
        )
    if needs.profiles and not needs.features_may_lack and not features:
        raise given.refuse(
            f"the model '{name}' learns from features, and the benchmark has none",
            "name a profile under 'profiles' or a table under 'features', " + other.replace("%s", "clinical"),
        )
    if needs.clinical and not definition.cohort.clinical:
        raise given.refuse(
            f"the model '{name}' learns from clinical variables, and the benchmark declares none",
            "declare columns of lesions.csv under cohort.clinical, " + other.replace("%s", "features"),
        )
    if needs.either and not features and needs.either not in definition.cohort.clinical:
        raise given.refuse(
            f"the model '{name}' needs the clinical variable '{needs.either}' or features, and the benchmark has "
            "neither",
            "declare the column under cohort.clinical, name a profile under 'profiles', or take the model out",
        )


def _not_listed(workspace: Workspace, folder: Path, unknown: list[str], there: list[str]) -> DeclarationError:
    """Models were asked for that benchmark.yaml does not list, whether or not there are files of them."""
    near = difflib.get_close_matches(unknown[0], there, n=1)
    files = [name for name in unknown if name in workspace.names("models")]
    hint = f"did you mean '{near[0]}'? " if near else ""
    if files:
        listed = ", ".join(f"'- {name}'" for name in files)
        hint = f"add {listed} under 'models:' there, since a run takes only what is listed; "
    return DeclarationError(
        f"'models' lists no model {', '.join(unknown)}",
        where=folder / "benchmark.yaml",
        remedy=f"{hint}its models are: {', '.join(there)}",
    )


def _with_members_first(
    name: str, loaded: dict[str, ModelSettings], ordered: list[str], above: tuple[str, ...]
) -> None:
    if name in above:
        raise DeclarationError(
            f"the models {' -> '.join((*above, name))} are made of each other", remedy="take one of them out"
        )
    if name in ordered or name not in loaded:
        return
    for member in loaded[name].needs().members:
        _with_members_first(member, loaded, ordered, (*above, name))
    ordered.append(name)
