"""Whether a frozen split is still the one that benchmark.yaml asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits.fixed import read_fixed
from samesplit.declarations import read_yaml
from samesplit.errors import SplitError

__all__ = ["check_file", "check_settings", "declared_settings"]


def declared_settings(record: dict[str, Any]) -> dict[str, Any]:
    """Return what benchmark.yaml said when the split was frozen.

    That is what the split was made with, unless the command line changed some of it: then the record keeps both.
    """
    return dict(record.get("declared", record["settings"]))


def check_settings(record: dict[str, Any], settings: SplitSettings, folder: Path) -> None:
    """Check that the section `split` of benchmark.yaml says what it said when the split was frozen.

    Args:
        record: The content of `splits.json`.
        settings: The section as it is now.
        folder: The benchmark's folder.

    Raises:
        SplitError: It was edited since; the message names each key with both values.
    """
    now = settings.model_dump(mode="json")
    unsaid = {key: {} if key in ("test_sets", "never_tested") else now[key] for key in now}
    before = unsaid | declared_settings(record)
    changed = [key for key in now if before[key] != now[key]]
    if not changed:
        return
    asked = ", ".join(f"{key}: {_shown(now[key])}" for key in changed)
    frozen = ", ".join(f"{key}: {_shown(before[key])}" for key in changed)
    raise SplitError(
        f"split says {asked}, but the frozen split was made when it said {frozen}",
        where=_place(folder / "benchmark.yaml", changed),
        remedy=f"put back {frozen}; or, if the split is to be made anew on purpose: "
        f"samesplit split {folder.name} --overwrite",
    )


def check_file(made_with: dict[str, Any], folder: Path, lesions: pd.DataFrame, table: pd.DataFrame) -> None:
    """Check that the file of the scheme `fixed` still tests the patients that the frozen split tests.

    The frozen split is the truth: where the file is not at hand, there is nothing to check.

    Args:
        made_with: The settings that the frozen split was made with.
        folder: The benchmark's folder.
        lesions: The lesions table.
        table: The frozen split.

    Raises:
        SplitError: The file was edited since the split was frozen, or cannot be read.
    """
    file = made_with.get("file")
    if made_with.get("scheme") != "fixed" or not isinstance(file, str) or not (folder / file).is_file():
        return
    settings = SplitSettings.model_construct(**made_with)
    rows, test_sets = read_fixed(settings, folder, lesions)
    in_file = {row[:3]: row[3] for row in rows}
    frozen = {row[:3]: row[3] for row in table.itertuples(index=False, name=None)}
    with_validation = {key[1:] for key, side in in_file.items() if side == "validation"}
    for key in sorted(in_file.keys() | frozen.keys()):
        theirs, ours = in_file.get(key, "nowhere"), frozen.get(key, "nowhere")
        drawn = ours == "validation" and theirs == "train" and key[1:] not in with_validation
        if theirs != ours and not drawn:
            patient, repeat, fold = key
            text = f"puts patient {patient!r} of repeat {repeat}, fold {fold} into {theirs}; the frozen split has "
            raise _edited(text + f"the patient in {ours}", folder, settings)
    named = table[table["test_set"].notna()] if "test_set" in table else table[:0]
    before = {row[0]: row[-1] for row in named.itertuples(index=False, name=None)}
    for patient in sorted(test_sets.keys() | before.keys()):
        theirs, ours = test_sets.get(patient, "none"), before.get(patient, "none")
        if theirs != ours:
            text = f"puts patient {patient!r} into the test set {theirs}; the frozen split says {ours}"
            raise _edited(text, folder, settings)


def _edited(problem: str, folder: Path, settings: SplitSettings) -> SplitError:
    return SplitError(
        problem,
        where=folder / str(settings.file),
        remedy="bring back the file that the split was made from; or, if the split is to be made anew "
        f"on purpose: samesplit split {folder.name} --overwrite",
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "nothing" if value is None else str(value)


def _place(path: Path, keys: list[str]) -> str:
    """Return the file, and the line of the first changed key, else of `split`."""
    lines = read_yaml(path)[1] if path.is_file() else {}
    found = [lines[("split", key)] for key in keys if ("split", key) in lines] or [lines.get(("split",), 0)]
    return f"{path}, line {found[0]}" if found[0] else str(path)
