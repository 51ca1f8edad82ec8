"""The frozen split: `splits.csv` and the `splits.json` that vouches for it, written once and read back."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.fingerprint import cohort_hash, patient_fingerprints, split_columns
from samesplit.benchmarks.lesion_classes import LesionClasses
from samesplit.benchmarks.splits.agreement import check_file, check_settings
from samesplit.benchmarks.splits.checks import (
    check_classes,
    check_never_tested,
    check_patients,
    check_sides,
    check_test_sets,
    some,
)
from samesplit.benchmarks.splits.split import SUBSETS, Split, settings_record, split_bytes
from samesplit.benchmarks.splits.test_sets import patients_never_tested
from samesplit.errors import SplitError
from samesplit.storage import write_bytes
from samesplit.tables import SPLITS, read_csv
from samesplit.version import __version__

__all__ = ["read_split", "write_split"]

_ANEW = "if the split is to be made anew on purpose, add --overwrite to: samesplit split "
_NEEDED = {
    "scheme": str, "seed": int, "sha256": str, "cohort_sha256": str, "settings": dict, "patients": dict,
    "facts": dict,
}  # fmt: skip


def write_split(
    split: Split, folder: Path, *, overwrite: bool = False, declared: SplitSettings | None = None
) -> Path:
    """Write `splits.csv` and `splits.json`, once.

    The JSON holds the hashes of the CSV and of the cohort, the scheme, its settings and what it found out, the
    counts of every part and one line a patient; it bears no date, so that the same split gives the same bytes.
    Where the command line changed what benchmark.yaml says, it holds that too, as `declared`.

    Args:
        split: The split.
        folder: The benchmark's folder.
        overwrite: Whether a split that is there already is replaced.
        declared: The section `split` of benchmark.yaml, for `read_split` to compare with.

    Returns:
        The path of `splits.csv`.

    Raises:
        SplitError: There is a split already.
        WorkspaceError: The folder cannot be written.
    """
    content, sha256 = split_bytes(split.table)
    record = {
        "samesplit": __version__,
        "scheme": split.scheme,
        "seed": split.seed,
        "settings": split.settings,
        "sha256": sha256,
        "cohort_sha256": split.cohort_sha256,
        "facts": split.facts,
        "counts": _counts(split),
        "patients": split.patients,
    }
    if declared is not None and settings_record(declared) != split.settings:
        record["declared"] = settings_record(declared)
    files = {
        folder / "splits.csv": content,
        folder / "splits.json": (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode(),
    }
    there = [path for path in files if path.exists()]
    half_done = len(there) == 1 and there[0].read_bytes() == files[there[0]]  # a killed write goes on
    if there and not overwrite and not half_done:
        raise SplitError(
            "there is a split already, and a split is written once",
            where=there[0],
            remedy="use it as it is; " + _ANEW + folder.name,
        )
    for path, content_of_file in files.items():
        write_bytes(path, content_of_file)
    return folder / "splits.csv"


def read_split(
    folder: Path,
    cohort: Cohort,
    *,
    settings: SplitSettings | None = None,
    classes: Sequence[LesionClasses] | None = None,
    labels_known: bool = True,
) -> Split:
    """Read a frozen split and refuse it unless it is whole, asked for, and belongs to the cohort.

    Args:
        folder: The benchmark's folder.
        cohort: Its cohort, as it is now.
        settings: The section `split` of benchmark.yaml, as it is now; None to take any split.
        classes: The classes of the lesions in each of several tasks; the cohort's when not given.
        labels_known: Whether the labels are at hand. Without them, as for somebody who was given the split and the
            ids alone, the hash of the cohort is taken from splits.json and cannot be compared with the lesions.

    Raises:
        SplitError: A file is missing or damaged; `splits.csv` is not the one that was written; benchmark.yaml,
            or the file of the scheme `fixed`, was edited since (the message names both values); the cohort has
            changed since (the message says which patients); a patient stands on two sides; a part lacks a class.
    """
    path, record_path = folder / "splits.csv", folder / "splits.json"
    for file in (path, record_path):
        if not file.is_file():
            other = record_path if file == path else path
            raise SplitError(
                f"there is no {file.name}" + (f", only {other.name}" if other.is_file() else ""),
                where=folder,
                remedy=f"bring back {file.name} from where the split was made; " + _ANEW + folder.name
                if other.is_file()
                else f"make the split once with: samesplit split {folder.name}",
            )
    record = _read_record(record_path)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != record["sha256"]:
        endings = " (its line ends were turned into CR LF)" if b"\r\n" in content else ""
        raise SplitError(
            f"was changed after it was made{endings}: its SHA-256 is {sha256[:12]}..., splits.json says "
            f"{record['sha256'][:12]}...",
            where=path,
            remedy="bring back the original file; " + _ANEW + folder.name,
        )
    if settings is not None:
        check_settings(record, settings, folder)
    table = read_csv(path, error=SplitError)
    if {name for name, column in SPLITS.columns.items() if column.required} <= set(table):
        check_sides(table, where=path)
    table = read_csv(path, SPLITS, error=SplitError)
    labels = (cohort.classes or _labels(cohort)) if classes is None else classes
    if labels_known:
        _same_cohort(record, cohort.lesions, labels, path)
    check_patients(table, cohort.lesions["patient_id"], where=path)
    check_test_sets(table, only_tested=record["settings"].get("test_sets", ()), where=path)
    notes: tuple[str, ...] = ()
    if labels_known:
        made_with = SplitSettings.model_construct(**record["settings"])
        check_never_tested(table, patients_never_tested(cohort.lesions, made_with), where=path)
        notes = check_classes(table, cohort.lesions, labels, where=path)
        if settings is not None:
            check_file(record["settings"], folder, cohort.lesions, table)
    return Split(
        table=table,
        scheme=record["scheme"],
        seed=record["seed"],
        sha256=sha256,
        cohort_sha256=record["cohort_sha256"],
        settings=record["settings"],
        patients=record["patients"],
        facts=record["facts"],
        notes=notes,
    )


def _labels(cohort: Cohort) -> pd.Series[int] | tuple[LesionClasses, ...]:
    """Return the labels of the cohort; where only masks are asked for there are none."""
    return cohort.labels if len(cohort.labels) else ()


def _counts(split: Split) -> dict[str, str]:
    """One line a fold: patients in each part and named test set, and how many of them have lesions of a class."""
    counts = {}
    for (repeat, fold), part in split.table.groupby(["repeat", "fold"]):
        texts = []
        for subset in SUBSETS:
            ids = part.loc[part["subset"] == subset, "patient_id"]
            texts.append(f"{subset} {len(ids)} patients ({_with_classes(split, ids)})")
        for name in split.test_sets():
            ids = part.loc[part["test_set"] == name, "patient_id"]
            texts.append(f"test set {name} {len(ids)} patients ({_with_classes(split, ids)})")
        counts[f"repeat {repeat} fold {fold}"] = ", ".join(texts)
    return counts


def _with_classes(split: Split, patients: Iterable[str]) -> str:
    """How many patients have a lesion of each class, from the lines that are kept of them."""
    lines = [split.patients[patient].split(" ")[1] for patient in patients]
    if not any(" classes=" in line for line in split.patients.values()):
        return f"{sum(line != 'positive=0' for line in lines)} positive"
    found = Counter(
        (task, name)
        for line in lines
        for task, _, names in (part.partition(":") for part in line.removeprefix("classes=").split(";"))
        for name in names.split("+")
        if name
    )
    told = [f"{task} {name} {count}" for (task, name), count in sorted(found.items())]
    return ", ".join(told) or "no classes"


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SplitError(
            f"is not readable JSON ({error})",
            where=path,
            remedy="bring back the original file; if it is lost, samesplit split with --overwrite makes the split "
            "anew",
        ) from None
    wrong = [
        key
        for key, kind in _NEEDED.items()
        if not isinstance(record, dict) or not isinstance(record.get(key), kind)
    ]
    if wrong:
        raise SplitError(
            f"lacks {', '.join(wrong)}, or holds something else there",
            where=path,
            remedy="bring back the original file",
        )
    return dict(record)


def _same_cohort(
    record: dict[str, Any],
    lesions: pd.DataFrame,
    labels: pd.Series[int] | Sequence[LesionClasses],
    path: Path,
) -> None:
    made_with = SplitSettings.model_construct(**record["settings"])
    columns = split_columns(record["scheme"], made_with.strata, made_with.rule_columns())
    absent = [column for column in columns if column not in lesions]
    if absent:
        raise SplitError(
            f"was made with the column '{absent[0]}', which lesions.csv no longer has",
            where=path,
            remedy="bring the column back; " + _ANEW + path.parent.name,
        )
    if cohort_hash(lesions, labels, columns) == record["cohort_sha256"]:
        return
    now = patient_fingerprints(lesions, labels, columns)
    raise SplitError(
        f"was made for another cohort than lesions.csv holds now: {_differences(record['patients'], now)}",
        where=path,
        remedy="bring back the lesions.csv that the split was made from; " + _ANEW + path.parent.name,
    )


def _differences(before: dict[str, str], now: dict[str, str]) -> str:
    changed = {patient for patient in before.keys() & now.keys() if before[patient] != now[patient]}
    kinds: dict[str, set[str]] = {"added": now.keys() - before.keys(), "removed": before.keys() - now.keys()}
    for patient in changed:
        (lesions, positive), (lesions_now, positive_now) = (
            line.split(" ")[:2] for line in (before[patient], now[patient])
        )
        what = (
            "with another number of lesions" if lesions != lesions_now
            else "with another label" if positive != positive_now
            else "with other lesion ids, labels or strata"
        )  # fmt: skip
        kinds.setdefault(what, set()).add(patient)
    told = [f"{len(ids)} patients {kind} ({some(ids)})" for kind, ids in sorted(kinds.items()) if ids]
    return "; ".join(told) or "the positive and the negative class, or the columns hashed, are not the same"
