from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits import Split, make_split, read_split, write_split
from samesplit.errors import SplitError
from samesplit.tables import IMAGES, LEDGER, empty_table
from samesplit.tasks import DEFAULT_TASK


def cohort_of(lesions: pd.DataFrame, labels: pd.Series[int]) -> Cohort:
    return Cohort(
        lesions, empty_table(IMAGES), {DEFAULT_TASK: labels.to_frame("label")}, empty_table(LEDGER), ""
    )


@pytest.fixture
def cohort(make_cohort: Any) -> Cohort:
    return cohort_of(*make_cohort(24, 10, lesions_each=2))


def split_of(cohort: Cohort, **options: Any) -> Split:
    settings = SplitSettings(**({"scheme": "kfold", "folds": 3} | options))
    return make_split(cohort.lesions, cohort.labels, settings, folder=Path())


@pytest.fixture
def frozen(cohort: Cohort, tmp_path: Path) -> Path:
    write_split(split_of(cohort), tmp_path)
    return tmp_path


def refused(folder: Path, cohort: Cohort) -> str:
    with pytest.raises(SplitError) as caught:
        read_split(folder, cohort)
    assert caught.value.remedy
    return str(caught.value).replace(str(folder), "")


def rewrite(folder: Path, text: str) -> None:
    """Replace splits.csv and make splits.json vouch for it, as a forger would."""
    (folder / "splits.csv").write_text(text)
    record = json.loads((folder / "splits.json").read_text())
    record["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "splits.json").write_text(json.dumps(record))


def test_what_was_written_is_read_back(cohort: Cohort, frozen: Path) -> None:
    split, back = split_of(cohort), read_split(frozen, cohort)
    pd.testing.assert_frame_equal(split.table, back.table)
    for name in ("scheme", "seed", "sha256", "cohort_sha256", "settings", "patients", "facts"):
        assert getattr(split, name) == getattr(back, name)
    assert back.sha256 == hashlib.sha256((frozen / "splits.csv").read_bytes()).hexdigest()
    assert back.lesions(cohort.lesions, 0, 1, "test") == back.lesions(
        cohort.lesions.set_index("lesion_id"), 0, 1, "test"
    )


def test_where_each_lesion_stands_is_the_split_by_lesions(cohort: Cohort, frozen: Path) -> None:
    split = read_split(frozen, cohort)

    places = split.places(cohort.lesions)

    assert list(places.columns) == ["repeat", "fold", "subset", "lesion_id"]
    for (repeat, fold, subset), part in places.groupby(["repeat", "fold", "subset"]):
        assert list(part["lesion_id"]) == split.lesions(cohort.lesions, repeat, fold, subset)
    assert len(places) == 3 * len(cohort.lesions)  # in each of three folds every lesion stands in one part


def test_without_labels_a_split_is_read_and_patients_are_still_checked(cohort: Cohort, frozen: Path) -> None:
    others = cohort_of(cohort.lesions, 1 - cohort.labels)  # nobody who lacks the labels could compare them
    assert "patients with another label" in refused(frozen, others)

    bare = read_split(frozen, others, labels_known=False)

    assert bare.cohort_sha256 == read_split(frozen, cohort).cohort_sha256
    assert bare.notes == ()
    fewer = cohort_of(cohort.lesions[cohort.lesions["patient_id"] != "P003"], cohort.labels)
    with pytest.raises(SplitError, match="P003"):
        read_split(frozen, fewer, labels_known=False)


def test_the_same_split_gives_the_same_bytes_without_a_date(cohort: Cohort, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_split(split_of(cohort), tmp_path / name)
    for file in ("splits.csv", "splits.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    content = (tmp_path / "a" / "splits.csv").read_bytes()
    assert content.startswith(b"patient_id,repeat,fold,subset\nP000,0,0,")
    assert b"\r" not in content
    record = json.loads((tmp_path / "a" / "splits.json").read_text())
    assert record["counts"]["repeat 0 fold 0"].startswith("train 13 patients (6 positive), validation 3 ")
    assert record["patients"]["P000"].startswith("lesions=2 positive=")


def test_ids_with_html_commas_and_quotes_survive(tmp_path: Path) -> None:
    ids = [f'<b>"{number}", & søn</b>' for number in range(12)]
    lesions = pd.DataFrame({"lesion_id": ids, "patient_id": ids})
    cohort = cohort_of(lesions, pd.Series([0, 1] * 6, index=ids))
    write_split(split_of(cohort, folds=2), tmp_path)
    assert read_split(tmp_path, cohort).patient_ids(0, 0, "test")[0].startswith("<b>")


def test_a_split_is_written_once(cohort: Cohort, frozen: Path) -> None:
    before = (frozen / "splits.csv").read_bytes()
    with pytest.raises(SplitError, match=r"there is a split already.*\nRemedy: use it as it is"):
        write_split(split_of(cohort, seed=1), frozen)
    assert (frozen / "splits.csv").read_bytes() == before
    write_split(split_of(cohort, seed=1), frozen, overwrite=True)
    assert read_split(frozen, cohort).seed == 1


def test_a_write_that_was_killed_half_way_can_be_finished(cohort: Cohort, frozen: Path) -> None:
    (frozen / "splits.json").unlink()
    with pytest.raises(SplitError, match="there is a split already"):
        write_split(split_of(cohort, seed=1), frozen)
    write_split(split_of(cohort), frozen)
    assert read_split(frozen, cohort).seed == 0


def test_missing_files(cohort: Cohort, frozen: Path, tmp_path: Path) -> None:
    assert "there is no splits.csv\nRemedy: make the split once with: samesplit split" in refused(
        tmp_path / "elsewhere", cohort
    )
    (frozen / "splits.csv").rename(frozen / "kept")
    assert "there is no splits.csv, only splits.json\nRemedy: bring back splits.csv" in refused(
        frozen, cohort
    )
    (frozen / "kept").rename(frozen / "splits.csv")
    (frozen / "splits.json").unlink()
    assert "there is no splits.json, only splits.csv\nRemedy: bring back" in refused(frozen, cohort)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not readable JSON"),
        ("[]", "lacks scheme, seed, sha256, cohort_sha256, settings, patients, facts, or holds something"),
        ('{"scheme": "kfold", "seed": "0"}', "lacks seed, sha256, cohort_sha256"),
    ],
)
def test_a_damaged_record(cohort: Cohort, frozen: Path, content: str, problem: str) -> None:
    (frozen / "splits.json").write_text(content)
    assert refused(frozen, cohort).startswith(f"/splits.json: {problem}")


def test_a_changed_file(cohort: Cohort, frozen: Path) -> None:
    path = frozen / "splits.csv"
    path.write_text(path.read_text().replace("test", "train", 1))
    assert refused(frozen, cohort).startswith("/splits.csv: was changed after it was made: its SHA-256 is ")


def test_changed_line_ends_are_named(cohort: Cohort, frozen: Path) -> None:
    path = frozen / "splits.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "(its line ends were turned into CR LF)" in refused(frozen, cohort)


def test_patients_added_removed_and_changed_are_named(cohort: Cohort, frozen: Path) -> None:
    lesions, labels = cohort.lesions, cohort.labels
    label = int(labels["P002-L0"])
    changed = labels.drop(["P000-L0", "P000-L1", "P001-L0"])
    changed["P002-L0"] = 1 - label
    changed["P002-L1"] = 1 - label
    changed["new"] = 1
    table = lesions[~lesions["lesion_id"].isin(["P000-L0", "P000-L1", "P001-L0"])]
    extra = pd.DataFrame({"lesion_id": ["new"], "patient_id": ["P999"]})
    text = refused(frozen, cohort_of(pd.concat([table, extra]), changed))
    assert text.startswith(
        "/splits.csv: was made for another cohort than lesions.csv holds now: 1 patients added ('P999'); "
        "1 patients removed ('P000'); 1 patients with another label ('P002'); "
        "1 patients with another number of lesions ('P001')\nRemedy: bring back the lesions.csv"
    )


def test_a_renamed_lesion_is_named(cohort: Cohort, frozen: Path) -> None:
    renamed = {"P003-L0": "P003-LX"}
    other = cohort_of(cohort.lesions.replace(renamed), cohort.labels.rename(renamed))
    assert "1 patients with other lesion ids, labels or strata ('P003')" in refused(frozen, other)


def test_a_forged_cohort_hash_is_still_refused(cohort: Cohort, frozen: Path) -> None:
    record = json.loads((frozen / "splits.json").read_text())
    (frozen / "splits.json").write_text(json.dumps(record | {"cohort_sha256": "0" * 64}))
    assert "the columns hashed, are not the same" in refused(frozen, cohort)


def test_a_changed_or_missing_strata_column(cohort: Cohort, tmp_path: Path) -> None:
    write_split(split_of(cohort, strata=["sex"]), tmp_path)
    assert read_split(tmp_path, cohort).settings["strata"] == ["sex"]
    other = cohort.lesions.assign(sex="other")
    assert "24 patients with other lesion ids, labels or strata ('P000', 'P001', " in refused(
        tmp_path, cohort_of(other, cohort.labels)
    )
    assert "was made with the column 'sex', which lesions.csv no longer has" in refused(
        tmp_path, cohort_of(cohort.lesions.drop(columns="sex"), cohort.labels)
    )


def test_a_patient_on_two_sides(cohort: Cohort, frozen: Path) -> None:
    text = (frozen / "splits.csv").read_text()
    side = text.splitlines()[1].split(",")[-1]
    other = "train" if side != "train" else "test"
    rewrite(frozen, text + f"P000,0,0,{other}\n")
    assert refused(frozen, cohort).startswith(
        f"/splits.csv: patient 'P000' stands on two sides, {' and '.join(sorted([side, other]))}, in repeat 0,"
    )


def test_a_patient_left_out(cohort: Cohort, frozen: Path) -> None:
    lines = (frozen / "splits.csv").read_text().splitlines(keepends=True)
    rewrite(frozen, "".join(lines[:1] + lines[2:]))
    assert "repeat 0, fold 0 has 1 patients fewer than the cohort has; not placed are: 'P000'" in refused(
        frozen, cohort
    )


def test_a_class_missing_from_a_part(cohort: Cohort, frozen: Path) -> None:
    table = pd.read_csv(frozen / "splits.csv")
    positive = cohort.lesions["patient_id"][cohort.lesions["lesion_id"].map(cohort.labels) == 1]
    tested = table["patient_id"].isin(positive) & (table["subset"] == "test") & (table["fold"] == 1)
    table.loc[tested, "subset"] = "train"
    rewrite(frozen, table.to_csv(index=False))
    assert "the test part of repeat 0, fold 1 " in refused(frozen, cohort)
    assert "without a positive lesion" in refused(frozen, cohort)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("patient_id,", "patient,", "the splits table lacks the column patient_id"),
        (",test", ",held-out", "must be 'train', 'validation' or 'test', found 'held-out'"),
        (",0,0,", ",0,x,", "line 2: column 'fold' must hold numbers, found 'x'"),
    ],
)
def test_a_malformed_table(cohort: Cohort, frozen: Path, old: str, new: str, problem: str) -> None:
    rewrite(frozen, (frozen / "splits.csv").read_text().replace(old, new))
    with pytest.raises(SplitError) as caught:
        read_split(frozen, cohort)
    assert problem in str(caught.value)
