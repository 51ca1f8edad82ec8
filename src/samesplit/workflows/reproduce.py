"""Recompute the printed numbers of a study and write what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from samesplit.errors import WorkspaceError
from samesplit.reports.reproduction_page import reproduction_page
from samesplit.reports.rows import records
from samesplit.reproduction.reproduce import Reproduction, reproduce
from samesplit.storage import write_json, write_text
from samesplit.tables import write_csv
from samesplit.version import __version__
from samesplit.workspace import builtin_folder, find_benchmark, find_workspace

__all__ = ["Reproduced", "reproduce_study"]


@dataclass(frozen=True)
class Reproduced:
    """What was found and where it was written.

    Attributes:
        found: Every printed number with its verdict, totals and findings.
        folder: With `reproduction.csv`, `reproduction.json` and `reproduction.html`.
    """

    found: Reproduction
    folder: Path


def reproduce_study(name_or_folder: str, *, output: Path | None = None) -> Reproduced:
    """Recompute the printed numbers of a benchmark, a study or any folder with `published.csv`, and write them.

    Args:
        name_or_folder: A folder that holds `published.csv`, or the name of a benchmark or study.
        output: Where to write; default: `reports/<name>` of the workspace.

    Raises:
        WorkspaceError: There is no such folder.
        SamesplitError: It has no `published.csv`, or the file is faulty.
    """
    folder, reports = _find(name_or_folder)
    found = reproduce(folder)
    into = output if output is not None else reports / folder.name
    into.mkdir(parents=True, exist_ok=True)
    studies = [str(name) for name in found.table["study"].unique() if name]
    record = {
        "samesplit": __version__,
        "name": folder.name,
        "title": f"{studies[0] if studies else folder.name}: printed numbers recomputed",
        "totals": dict(found.totals),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    findings = [(one.title, one.text, one.numbers) for one in found.findings]
    write_csv(
        found.table.astype({"recomputed": "str"}).replace({"recomputed": {"None": ""}}),
        into / "reproduction.csv",
    )
    numbers = found.table.astype("object").where(found.table.notna(), None)
    plain = [
        {"title": title, "text": text, "numbers": [] if table is None else _plain(table)}
        for title, text, table in findings
    ]
    write_json(into / "reproduction.json", {**record, "findings": plain, "numbers": records(numbers)})
    write_text(into / "reproduction.html", reproduction_page(found.table, findings, record))
    return Reproduced(found, into)


def _plain(table: pd.DataFrame) -> list[dict[str, object]]:
    return records(table.astype("object").where(table.notna(), None))


def _find(name_or_folder: str) -> tuple[Path, Path]:
    """Return the folder with the printed numbers and the folder of reports."""
    given, around = Path(name_or_folder), find_workspace(Path.cwd())
    named = [root / "benchmarks" / name_or_folder for root in (around.root, builtin_folder())]
    for folder in (given, *named):
        if (folder / "published.csv").is_file():
            whole = folder.resolve()
            mine = find_workspace(whole) if folder is given and whole.parent.name == "benchmarks" else around
            return whole, mine.reports
    if given.is_dir() and not (given / "benchmark.yaml").is_file() and not (given / "benchmarks").is_dir():
        return given.resolve(), around.reports
    try:
        workspace, folder = find_benchmark(name_or_folder, design=True)
    except WorkspaceError as error:
        raise WorkspaceError(
            str(error).partition("\n")[0],
            remedy=f"name a benchmark, a study or a folder with published.csv. {error.remedy or ''}".strip(),
        ) from error
    return folder, workspace.reports
