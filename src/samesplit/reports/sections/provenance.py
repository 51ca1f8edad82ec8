"""Notes of the run, and its provenance: what is needed to trust it and to run it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Details, Fact, Facts, Prose, Row, Section, Table
from samesplit.reports.formatting import MISSING, counted, duration, join_words, text_cell

__all__ = ["notes", "provenance"]

_ELSEWHERE = (
    "Networks are not the same to the last digit on another processor or device, and may differ visibly; features "
    "of encoders are the same to about 1e-5 of the largest, other features, other models and statistics to about "
    "1e-9 (docs/reproducibility.md)."
)


def notes(context: Context) -> Section | None:
    """Build the remarks of the run."""
    remarks = list(context.data.notes)
    if not remarks:
        return None
    return Section(
        id="notes",
        title="Notes of the run",
        blocks=tuple(Prose(text=_in_words(context, remark)) for remark in dict.fromkeys(remarks)),
    )


def _in_words(context: Context, text: str) -> str:
    """Return a remark as a sentence that calls readers by their titles, which keep their first letter."""
    for reader in context.readers:
        if text.startswith(f"{reader.name}:"):
            return f"{reader.title}{text.removeprefix(reader.name)}."
    return _sentence(text)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def provenance(contexts: Sequence[Context]) -> Section:
    """Build hashes, versions, machine, durations, licences and the command.

    Args:
        contexts: The tasks of the run.
    """
    context = contexts[0]
    data = context.data
    facts = [
        Fact(name="Command", text=str(data.run.get("command") or "not recorded"), code=True),
        Fact(name="Run", text=f"{data.run['benchmark']} / {data.run['run']}"),
        Fact(name="Started, finished", text=_span(data.run)),
    ]
    source = data.section("data")
    facts += [
        Fact(name=title, text=str(source[key]))
        for key, title in (("licence", "Licence of the data"), ("source", "Source of the data"))
        if source.get(key)
    ]
    facts += _again(context)
    facts += _machine(data.section("machine"))
    facts += _fitted_on(data.run.get("fitted_on") or [])
    blocks: list[Block] = [Facts(facts=tuple(facts)), _models(contexts)]
    profiles = _profiles(context)
    blocks += [profiles] if profiles is not None else []
    weights = _weights(context)
    blocks += [weights] if weights is not None else []
    blocks += _hashes_and_versions(context)
    blocks += _seconds(data.section("seconds"))
    blocks.append(_settings(context))
    return Section(id="provenance", title="Provenance", blocks=tuple(blocks))


def _span(run: dict[str, Any]) -> str:
    parts = [str(run[key]) for key in ("started", "finished") if run.get(key)]
    return " – ".join(parts) or "not recorded"


def _again(context: Context) -> list[Fact]:
    """Return what has to be in place so that the command makes the same run."""
    data = context.data
    version = data.section("versions").get("samesplit")
    git = data.section("git")
    needed = [f"samesplit {version}"] if version else []
    needed += ["the versions below"]
    needed += ["the images with the hashes below"] if len(data.images) else []
    needed += ["the split as it stands in splits.csv"]
    facts = [Fact(name="To make it again", text=f"The command needs {join_words(needed)}.")]
    if git.get("commit"):
        state = "with changes that are not committed" if git.get("changed") else "nothing changed since"
        facts.append(Fact(name="Version control", text=f"workspace at commit {git['commit']}, {state}"))
    return facts


def _machine(machine: dict[str, Any]) -> list[Fact]:
    if not machine:
        return []
    text = []
    for key, value in machine.items():
        if value is None or value == "" or key == "instructions":
            continue
        name = {"memory_gb": "GB memory", "cores": "cores"}.get(key)
        if name and isinstance(value, int | float):
            text.append(f"{value:g} {name}")
        else:
            text.append(f"{key.replace('_', ' ')} {value}" if key == "device" else str(value))
    facts = [Fact(name="Machine", text=", ".join(text))]
    if machine.get("instructions"):
        facts.append(Fact(name="Processor instructions in use", text=str(machine["instructions"])))
    return facts


def _fitted_on(places: list[dict[str, Any]]) -> list[Fact]:
    """On which processors the models were fitted, and what that means for the numbers."""
    if not places:
        return []
    told = []
    for place in places:
        used = f" ({place['instructions']})" if place.get("instructions") else ""
        told.append(f"{place['processor']}{used}: {', '.join(map(str, place['models']))}")
    return [
        Fact(name="Models fitted on", text="; ".join(told)),
        Fact(name="On another processor", text=_ELSEWHERE),
    ]


def _models(contexts: Sequence[Context]) -> Table:
    """Return the models of all tasks, each once."""
    context = contexts[0]
    columns = [
        Column(key="who", title="Model"),
        Column(key="name", title="Name", kind="code"),
        Column(key="kind", title="Kind"),
        Column(key="seeds", title="Seeds"),
        Column(key="what", title="Description"),
    ]
    if len(contexts) > 1:
        columns.insert(4, Column(key="tasks", title="Tasks"))
    models = {model.name: model for each in contexts for model in each.models}
    asked = {
        name: [each.data.task.title for each in contexts if any(name == m.name for m in each.models)]
        for name in models
    }
    described = {
        str(item.get("name")): str(item.get("description") or "")
        for item in context.data.run.get("models", [])
    }
    rows = tuple(
        Row(
            cells={
                "who": text_cell(model.title),
                "name": text_cell(model.name),
                "kind": text_cell(model.kind),
                "seeds": text_cell(", ".join(map(str, model.seeds))),
                "what": text_cell(described.get(model.name, "")),
                **({"tasks": text_cell(", ".join(asked[model.name]))} if len(contexts) > 1 else {}),
            },
            key=model.name,
        )
        for model in models.values()
    )
    return Table(id="models-table", title="Models", columns=tuple(columns), rows=rows, sortable=False)


def _profiles(context: Context) -> Table | None:
    profiles = context.data.run.get("profiles") or []
    if not profiles:
        return None
    columns = (
        Column(key="name", title="Profile", kind="code"),
        Column(key="engine", title="Engine"),
        Column(key="sequences", title="Sequences"),
        Column(key="what", title="Description"),
    )
    rows = tuple(
        Row(
            cells={
                "name": text_cell(item.get("name")),
                "engine": text_cell(item.get("engine")),
                "sequences": text_cell(", ".join(map(str, item.get("sequences") or []))),
                "what": text_cell(item.get("description")),
            }
        )
        for item in profiles
    )
    return Table(id="profiles-table", title="Feature profiles", columns=columns, rows=rows, sortable=False)


def _weights(context: Context) -> Table | None:
    """Return the pretrained weights that features come from, or that models start from, each with its own."""
    told = [*(context.data.run.get("profiles") or []), *(context.data.run.get("models") or [])]
    encoders = [item for item in told if item.get("weights")]
    if not encoders:
        return None
    titles = {
        "network": "Network",
        "weights": "Weights",
        "source": "Source",
        "licence": "Licence",
        "sha256": "SHA-256",
    }
    columns = (
        Column(key="name", title="Profile or model", kind="code"),
        *(
            Column(key=key, title=title, kind="code" if key == "sha256" else "text")
            for key, title in titles.items()
        ),
    )
    rows = tuple(
        Row(
            cells={
                "name": text_cell(item.get("name")),
                **{key: text_cell(item["weights"].get(key) or MISSING) for key in titles},
            }
        )
        for item in encoders
    )
    notes = (
        "Nothing of the encoder of a profile is fitted in this run; a network starts from its weights. Whether "
        "their authors trained them on images of this cohort cannot be seen from the weights: see their source.",
    )
    return Table(
        id="encoders-table",
        title="Pretrained weights",
        columns=columns,
        rows=rows,
        notes=notes,
        sortable=False,
    )


def _hashes_and_versions(context: Context) -> list[Block]:
    data = context.data
    hashes = {"split": data.section("split").get("sha256")} | data.section("hashes")
    blocks: list[Block] = []
    rows = tuple(
        Row(cells={"what": text_cell(name), "value": text_cell(value)})
        for name, value in hashes.items()
        if value
    )
    if rows:
        columns = (Column(key="what", title="Content"), Column(key="value", title="SHA-256", kind="code"))
        blocks.append(Table(id="hashes-table", title="Hashes", columns=columns, rows=rows, sortable=False))
    versions = data.section("versions")
    if versions:
        facts = tuple(Fact(name=str(name), text=str(version)) for name, version in versions.items())
        blocks.append(Facts(title="Versions", facts=facts))
    return blocks


def _seconds(seconds: dict[str, Any]) -> list[Block]:
    if not seconds:
        return []
    numbers = {name: float(value) for name, value in seconds.items() if isinstance(value, int | float)}
    rows = [
        Row(cells={"stage": text_cell(name), "time": Cell(text=duration(value), value=value)})
        for name, value in numbers.items()
    ]
    columns = (Column(key="stage", title="Stage"), Column(key="time", title="Time", kind="number"))
    note = f"{counted(len(rows), 'stage')}. A stage whose inputs had not changed was not run again."
    return [Table(id="seconds-table", title="Durations", columns=columns, rows=tuple(rows), notes=(note,))]


def _settings(context: Context) -> Details:
    """Return the effective settings, flat, one click away."""
    data = context.data
    flat: list[Fact] = []
    for part in ("split", "statistics", "cohort", "options"):
        flat += _flat(part, data.section(part))
    for item in data.run.get("models", []):
        flat += _flat(f"models/{item.get('name')}", item.get("settings") or {})
    return Details(summary="Effective settings", blocks=(Facts(facts=tuple(flat)),))


def _flat(name: str, value: Any) -> list[Fact]:
    if isinstance(value, dict):
        return [fact for key, inner in value.items() for fact in _flat(f"{name}.{key}", inner)]
    return [Fact(name=name, text="none" if value is None else str(value), code=True)]
