"""The results of two runs side by side, what was set otherwise in one of them, and what they are."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Fact, Facts, Prose, Row, Section, Table
from samesplit.reports.formatting import count_cell, text_cell
from samesplit.reports.run_folder import RunData
from samesplit.reports.settings_that_differ import differing

__all__ = ["both_runs", "differing_settings", "side_by_side", "version_of"]


_SIDE_BY_SIDE = {
    "binary": (
        ("sensitivity", "Sensitivity", 2),
        ("specificity", "Specificity", 2),
        ("brier", "Brier score", 3),
    ),
    "multiclass": (("accuracy", "Accuracy", 2), ("brier", "Brier score", 3)),
}
"""By kind of task: what stands beside the main quantity."""


def version_of(data: RunData) -> str:
    """Return the version of samesplit that made a run.

    Args:
        data: The run.
    """
    return str(data.section("versions").get("samesplit", ""))


def side_by_side(first: Context, second: Context) -> Section:
    """Put the results of both runs beside each other, for all models and readers of either.

    Args:
        first: The task in the first run.
        second: The same in the second run.
    """
    pair = (first, second)
    main = first.main
    quantities = ((main.quantity, main.title, 3), *_SIDE_BY_SIDE.get(first.data.task.kind, ()))
    columns = [Column(key="who", title="Model or reader" if first.readers or second.readers else "Model")]
    for side, name in ((0, "First run"), (1, "Second run")):
        columns.append(Column(key=f"n{side}", title="n", kind="number", group=name))
        columns += [
            Column(key=f"{key}{side}", title=title, kind="interval", group=name)
            for key, title, _ in quantities
        ]
    titles: dict[str, tuple[str, str]] = {}
    for context in pair:
        for model in context.models:
            group = "Controls" if model.is_control else "Models"
            titles.setdefault(model.name, (model.title, group))
        for reader in context.readers:
            titles.setdefault(reader.name, (reader.title, "Readers"))
    rows = []
    order = ["Models", "Controls", "Readers"]
    for name, (title, group) in sorted(titles.items(), key=lambda item: order.index(item[1][1])):
        cells: dict[str, Cell] = {"who": text_cell(title)}
        for side, context in enumerate(pair):
            found = {key: context.numbers.get(key, name) for key, *_ in quantities}
            counts = [one.n for one in found.values() if one is not None]
            cells[f"n{side}"] = count_cell(max(counts) if counts else None)
            for key, _, digits in quantities:
                one = found[key]
                cells[f"{key}{side}"] = Cell(text="–") if one is None else one.cell(digits)
        rows.append(Row(cells=cells, group=group, key=name))
    table = Table(
        id="verdicts-table",
        title="Results of the two runs",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"Intervals: {first.percent()} (first run), {second.percent()} (second run), by the methods that each "
            "run names in its own report. Whether two of these intervals overlap is no test of a difference: that "
            "is in the next section.",
        ),
    )
    return Section(id="verdicts", title="Results side by side", blocks=(table,))


def differing_settings(first: RunData, second: RunData) -> Section:
    """List what was set, measured or installed otherwise.

    Args:
        first: The first run.
        second: The second run.
    """
    found = differing(first.run, second.run)
    if not found:
        text = "The records of the two runs name the same data, settings, software and machine."
        return Section(id="settings", title="What differs", blocks=(Prose(text=text),))
    columns = (
        Column(key="place", title="Setting"),
        Column(key="first", title="First run", kind="code"),
        Column(key="second", title="Second run", kind="code"),
    )
    rows = tuple(
        Row(
            cells={
                "place": text_cell(one.place),
                "first": text_cell(one.first),
                "second": text_cell(one.second),
            },
            group=one.group,
        )
        for one in found
    )
    same = _same_hashes(first, second)
    table = Table(
        id="settings-table",
        title="Settings, data and software that differ",
        columns=columns,
        rows=rows,
        notes=(
            "From run.json of both runs, place by place; what stands in both alike is left out. A dash: the run "
            "has no such setting.",
        ),
    )
    return Section(id="settings", title="What differs", lead=same, blocks=(table,))


def _same_hashes(first: RunData, second: RunData) -> str:
    """Say of the split and the cohort whether they are the same, by their hashes."""
    parts = []
    for name, key in (("split", "sha256"), ("cohort", "cohort_sha256")):
        values = [str(data.section("split").get(key) or "") for data in (first, second)]
        if all(values):
            parts.append(f"{'Same' if values[0] == values[1] else 'Different'} {name} (by its SHA-256)")
    return f"{'. '.join(parts)}." if parts else ""


def both_runs(first: RunData, second: RunData) -> Section:
    """Name the two runs, with the command that makes each again.

    Args:
        first: The first run.
        second: The second run.
    """
    blocks = []
    for title, data in (("First run", first), ("Second run", second)):
        split = data.section("split")
        facts = [
            Fact(name="benchmark", text=str(data.run["benchmark"])),
            Fact(name="run", text=str(data.run["run"])),
            Fact(
                name="lesions", text=f"{len(data.cohort)} of {data.cohort['patient_id'].nunique()} patients"
            ),
            Fact(name="split", text=str(split.get("sha256") or ""), code=True),
            Fact(name="cohort", text=str(split.get("cohort_sha256") or ""), code=True),
            Fact(name="samesplit", text=version_of(data)),
            Fact(name="finished", text=str(data.run.get("finished") or "")),
            Fact(name="command", text=str(data.run.get("command") or ""), code=True),
        ]
        blocks.append(Facts(title=title, facts=tuple(fact for fact in facts if fact.text)))
    return Section(id="runs", title="The two runs", blocks=tuple(blocks))
