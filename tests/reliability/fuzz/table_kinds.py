"""Tables: of a benchmark, of a reader study, of images to extract; and JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from conftest import build_small_study
from reliability.fuzz.kinds import Kind, Read, Spoilt
from reliability.fuzz.mutations import spoilt_json, spoilt_record, spoilt_table
from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.readings import load_readings
from samesplit.benchmarks.splits import read_fixed, read_split
from samesplit.models.external import read_predictions
from samesplit.tables import read_csv
from samesplit.workflows.extraction_images import images_to_extract
from samesplit.workflows.leaderboard.frozen import Frozen, load_frozen
from samesplit.workflows.leaderboard.header import Header, ModelCard, header_text
from samesplit.workflows.leaderboard.submissions import read_submission
from samesplit.workflows.readers.tables import read_study
from samesplit.workflows.split import freeze_split

__all__ = ["KINDS"]

PUBLISHED = """study,table_figure,task,n,n_pos,n_neg,model_or_reader,metric,value,ci_low,ci_high,p_value,comparator
Xi 2020,Table 2,kind,816,460,356,Clinical,F1,0.76,0.70,0.81,<0.001,Radiomics
Xi 2020,Table 2,kind,816,460,356,Clinical,ROC_AUC,0.73,,,,
"""


def _study(folder: Path) -> Path:
    """The folder of the small benchmark, its split frozen."""
    study = build_small_study(folder, patients=8)
    freeze_split(study.folder, changes={})
    return study.folder


def _table(name: str, content: Callable[[Path], str] | None = None) -> Callable[[Path], Path]:
    """Write the small benchmark, and a table into it that it has not."""

    def prepare(folder: Path) -> Path:
        path = _study(folder) / name
        if content is not None:
            path.write_text(content(path.parent))
        return path

    return prepare


@cache
def _definition(folder: Path, change: str = "") -> BenchmarkDefinition:
    path = folder / "benchmark.yaml"
    if change:
        path.write_text(path.read_text() + change)
    return read_benchmark(folder)


@cache
def _cohort(folder: Path) -> Cohort:
    return load_cohort(folder, _definition(folder))


def _expected(folder: Path) -> pd.DataFrame:
    """Where each lesion is to be predicted."""
    return _frozen(folder).expected


def _cohort_of(path: Path) -> Read:
    return Read(len(load_cohort(path.parent, _definition(path.parent)).ledger))


def _readings_of(path: Path) -> Read:
    folder = path.parent
    return Read(len(load_readings(folder, _definition(folder), _cohort(folder))[1]))


def _split_of(path: Path) -> object:
    return read_split(path.parent, _cohort(path.parent), settings=_definition(path.parent).split)


def _fixed_of(path: Path) -> object:
    settings = _definition(path.parent).split
    settings = settings.model_copy(update={"scheme": "fixed", "file": path.name})
    return read_fixed(settings, path.parent, _cohort(path.parent).lesions)


def _fixed_csv(folder: Path) -> str:
    parts = ["train", "train", "validation", "test"]
    patients = sorted(_cohort(folder).lesions["patient_id"].unique())
    rows = [f"{patient},0,0,{parts[place // 2 % 4]}" for place, patient in enumerate(patients)]
    return "\n".join(["patient_id,repeat,fold,subset", *rows]) + "\n"


def _splits_final(folder: Path) -> str:
    lesions = sorted(_cohort(folder).lesions["lesion_id"])
    by_patient = [lesion for lesion in lesions if lesion.endswith("a")]
    folds = [
        {"train": by_patient[:4], "val": by_patient[4:]},
        {"train": by_patient[4:], "val": by_patient[:4]},
    ]
    return json.dumps(folds)


def _predictions_csv(folder: Path) -> str:
    lesions = _cohort(folder).lesions["lesion_id"]
    return "lesion_id,probability\n" + "".join(
        f"{lesion},0.{place}\n" for place, lesion in enumerate(lesions, 10)
    )


def _predictions_of(path: Path) -> object:
    return read_predictions(path, name="mine", expected=_expected(path.parent))


def _detailed_csv(folder: Path) -> str:
    rows = _expected(folder)
    lines = [f"{r.lesion_id},0.5,0,{r.repeat},{r.fold},{r.subset},R1" for r in rows.itertuples()]
    return "\n".join(["lesion_id,probability,seed,repeat,fold,subset,rater", *lines]) + "\n"


def _features_csv(folder: Path) -> str:
    lesions = _cohort(folder).lesions["lesion_id"]
    lines = [f"{lesion},{place}.5,{place * 7 % 11},{place**2 * 1e-3}" for place, lesion in enumerate(lesions)]
    return "\n".join(["lesion_id,mean,entropy,volume", *lines]) + "\n"


def _feature_table(folder: Path) -> Path:
    path = _table("features.csv", _features_csv)(folder)
    _definition.cache_clear()
    text = (path.parent / "benchmark.yaml").read_text()
    text = text.replace("  sequences: [T1C, T2]\n", "").replace(
        "profiles: {first-order: [T1C, T2]}", "features: {file: features.csv}"
    )
    (path.parent / "benchmark.yaml").write_text(text)
    return path


def _reader_tables(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    cases = [f"C{number}" for number in range(8)]
    truth = "\n".join(["case,patient,truth", *(f"{c},P{n},{n % 2}" for n, c in enumerate(cases))])
    rows = [
        f"{r},{c},{m},{(n * 7 + len(m)) % 10},{n % 2}"
        for r in "AB"
        for m in ("a", "ab")
        for n, c in enumerate(cases)
    ]
    (folder / "truth.csv").write_text(truth + "\n")
    path = folder / "readings.csv"
    path.write_text("\n".join(["reader,case,modality,score,decision", *rows]) + "\n")
    return path


def _truth_table(folder: Path) -> Path:
    return _reader_tables(folder).with_name("truth.csv")


def _reader_study(path: Path) -> object:
    return read_study(path.with_name("readings.csv"), path.with_name("truth.csv"))


def _extraction(folder: Path) -> Path:
    path = _study(folder) / "cases.csv"
    (path.parent / "images.csv").rename(path)
    return path


@cache
def _frozen(folder: Path) -> Frozen:
    return load_frozen(folder)


def _submission(folder: Path) -> str:
    frozen = _frozen(folder)
    card = ModelCard("Mine", "A. Author", "https://example.org/mine", "none")
    header = Header(frozen.split.sha256, frozen.split.cohort_sha256, card, threshold=0.5)
    return header_text(header) + _predictions_csv(folder)


def _submission_of(path: Path) -> object:
    return read_submission(path, _frozen(path.parent))


def _record_spoilt(content: bytes) -> Spoilt:
    return spoilt_record(content.decode())


def _table_spoilt(content: bytes) -> Spoilt:
    return spoilt_table(content.decode())


def _json_spoilt(content: bytes) -> Spoilt:
    return spoilt_json(content.decode())


def _of_table(name: str, prepare: Callable[[Path], Path], read: Callable[[Path], Any]) -> Kind:
    return Kind(name, "tables", prepare, _table_spoilt, read)


KINDS = (
    _of_table("lesions.csv", _table("lesions.csv"), _cohort_of),
    _of_table("images.csv", _table("images.csv"), _cohort_of),
    _of_table("readings.csv", _table("readings.csv"), _readings_of),
    _of_table("predictions.csv", _table("predictions.csv", _predictions_csv), _predictions_of),
    _of_table("predictions.csv with folds", _table("predictions.csv", _detailed_csv), _predictions_of),
    _of_table("splits.csv", _table("splits.csv"), _split_of),
    _of_table("split made elsewhere", _table("mine.csv", _fixed_csv), _fixed_of),
    _of_table("table of features", _feature_table, _cohort_of),
    _of_table(
        "published.csv",
        _table("published.csv", lambda _: PUBLISHED),
        lambda path: load_published(path.parent),
    ),
    _of_table("readings of a reader study", _reader_tables, _reader_study),
    _of_table("truth of a reader study", _truth_table, _reader_study),
    _of_table("images to extract", _extraction, images_to_extract),
    _of_table("any table", _table("lesions.csv"), lambda path: read_csv(path, known=["lesion_id"])),
    Kind("submission to a board", "tables", _table("mine.csv", _submission), _record_spoilt, _submission_of),
    Kind("splits.json", "JSON", _table("splits.json"), _json_spoilt, _split_of),
    Kind("splits_final.json", "JSON", _table("splits_final.json", _splits_final), _json_spoilt, _fixed_of),
)
