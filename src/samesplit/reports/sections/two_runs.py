"""What two runs are, and what was set, measured or installed otherwise in one of them."""

from __future__ import annotations

from samesplit.reports.document import Column, Fact, Facts, Prose, Row, Section, Table
from samesplit.reports.formatting import text_cell
from samesplit.reports.run_folder import RunData
from samesplit.reports.settings_that_differ import differing

__all__ = ["both_runs", "differing_settings", "version_of"]


def version_of(data: RunData) -> str:
    """Return the version of samesplit that made a run.

    Args:
        data: The run.
    """
    return str(data.section("versions").get("samesplit", ""))


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
