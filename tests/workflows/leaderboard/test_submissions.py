from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from board_study import TASKS, BoardStudy, write_board_study
from samesplit.errors import PredictionsError, SamesplitError, SplitError, WorkspaceError
from samesplit.workflows.leaderboard.frozen import load_frozen
from samesplit.workflows.leaderboard.hand_out import hand_out
from samesplit.workflows.leaderboard.submissions import Refusal, Submission, read_or_refuse, read_submission


def faults_of(path: Path, study: BoardStudy) -> list[SamesplitError]:
    """All that is wrong with a submission."""
    with pytest.raises(PredictionsError) as caught:
        read_submission(path, load_frozen(study.folder))
    return [caught.value, *caught.value.more]


def test_a_whole_submission_is_read_with_its_model_card(study: BoardStudy) -> None:
    path = study.submit("ridge.csv", 2.0, title="Ridge: on shape, and texture", threshold="0.4")

    found = read_submission(path, load_frozen(study.folder))

    assert found.header.card.title == "Ridge: on shape, and texture"
    assert found.header.threshold == 0.4
    assert found.operating_point == "threshold 0.4, fixed beforehand"
    assert sorted(found.predictions["lesion_id"]) == study.tested()


def test_all_that_is_wrong_with_a_header_is_told_at_once_with_its_line(study: BoardStudy) -> None:
    path = study.submit(
        "bad.csv", 2.0, split="0" * 64, cohort="1" * 64, titel="twice wrong", code="javascript:alert(1)",
        authors="A\u202eB", training_data=None, threshold="70%",
    )  # fmt: skip

    told = [(str(one.where).rpartition(", ")[2], one.problem) for one in faults_of(path, study)]

    starts = [
        ("line 2", "was made for another split: its header says 000000000000..., the split of spots is "),
        ("line 3", "was made for another cohort: its header says 111111111111..., the cohort of spots is "),
        ("line 5", "'authors' holds a line break, tab or character that cannot be seen"),
        ("line 6", "'code' is 'javascript:alert(1)'"),
        ("line 7", "the header has no key 'titel'"),
        ("line 8", "the threshold '70%' is no number in [0, 1]"),
    ]
    for start in starts:
        assert any(one[0] == start[0] and one[1].startswith(start[1]) for one in told), start
    assert any(problem == "its header lacks 'training_data'" for _, problem in told)
    assert len(told) == len(starts) + 1


def test_a_table_without_a_header_is_told_how_to_get_one(study: BoardStudy) -> None:
    path = study.root / "plain.csv"
    study.predictions(1.0).to_csv(path, index=False)

    (fault,) = faults_of(path, study)

    assert fault.problem == "has no header: a submission begins with the line '# samesplit-submission: 1'"
    assert "samesplit submit spots" in str(fault.remedy)


def test_another_format_asks_for_another_version(study: BoardStudy) -> None:
    path = study.submit("new.csv", 1.0, **{"samesplit-submission": "2"})

    assert faults_of(path, study)[0].problem == (
        "is a submission of the format 2, and this version of samesplit reads 1"
    )


def test_doubled_and_empty_lines_of_a_header_are_faults(study: BoardStudy) -> None:
    path = study.submit("doubled.csv", 1.0, title="")
    path.write_text("# split: again\n# no colon here\n" + path.read_text())

    problems = [one.problem for one in faults_of(path, study)]

    assert "'split' stands twice" in problems
    assert "'# no colon here' is no line of the header" in problems


def test_a_header_survives_a_spreadsheet_program(study: BoardStudy) -> None:
    path = study.submit("excel.csv", 1.0, title="Ridge, and more")
    lines = path.read_text().splitlines()
    padded = [f'"{line}",' if "," in line else f"{line}," for line in lines[:7]] + lines[7:]
    path.write_bytes("\r\n".join(padded).encode("utf-8-sig"))

    assert read_submission(path, load_frozen(study.folder)).header.card.title == "Ridge, and more"


def test_a_lesion_that_lacks_is_refused_with_the_rule_of_the_board(study: BoardStudy) -> None:
    path = study.submit("short.csv", 1.0)
    path.write_text("\n".join(path.read_text().splitlines()[:-2]) + "\n")

    (fault,) = faults_of(path, study)

    assert fault.problem.startswith("2 lesions have no probability")
    assert "allow-missing" not in str(fault.remedy)
    assert "a board judges all entries on the same lesions" in str(fault.remedy)


def test_lines_that_cannot_be_are_told_all_at_once_with_their_lines(study: BoardStudy) -> None:
    path = study.submit("values.csv", 1.0)
    lines = path.read_text().splitlines()
    lines[8] = lines[8].split(",")[0] + ",1.7"
    lines[9] = "L999,0.5"
    path.write_text("\n".join(lines) + "\n")

    told = [(str(one.where), one.problem) for one in faults_of(path, study)]

    assert "line 9, lesion" in told[0][0]
    assert told[0][1] == "the probability 1.7 lies outside [0, 1]"
    assert told[1][0].endswith("line 10")
    assert told[1][1] == "the lesion 'L999' is not in the benchmark"


def test_the_public_reason_of_a_refusal_tells_nothing_of_single_lesions(study: BoardStudy) -> None:
    path = study.submit("values.csv", 1.0)
    lines = path.read_text().splitlines()
    lines[8] = lines[8].split(",")[0] + ",1.7"
    path.write_text("\n".join(lines) + "\n")

    found = read_or_refuse(path, load_frozen(study.folder))

    assert isinstance(found, Refusal)
    assert found.reason == "its table does not fit the split: 1 fault (first in line 9)"
    assert "1.7" in found.error.problem


def test_the_public_reason_of_another_split_names_both_and_no_folder(study: BoardStudy) -> None:
    found = read_or_refuse(study.submit("old.csv", 1.0, split="ab" * 32), load_frozen(study.folder))

    assert isinstance(found, Refusal)
    assert found.reason.startswith("was made for another split: its header says abababababab")
    assert found.reason.endswith("(line 2)")
    assert str(study.root) not in found.reason


def test_the_public_reason_of_a_header_full_of_faults_stays_short(study: BoardStudy) -> None:
    path = study.submit("long.csv", 1.0, task="x" * 100_000)
    path.write_text("# a: b\n" * 5000 + path.read_text())

    found = read_or_refuse(path, load_frozen(study.folder))

    assert isinstance(found, Refusal)
    assert len(found.reason) < 1500
    assert found.reason.endswith("and 4996 more")


def test_line_ends_of_old_macs_are_read(study: BoardStudy) -> None:
    path = study.submit("mac.csv", 1.0, title="Mac")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))

    assert read_submission(path, load_frozen(study.folder)).header.card.title == "Mac"


@pytest.mark.parametrize(
    "code", ["https:///x", "https://", "ftp://h.org", "https://h.org/a b", "data:text/html,x"]
)
def test_code_that_is_no_address_of_a_page_is_a_fault(study: BoardStudy, code: str) -> None:
    (fault,) = faults_of(study.submit("code.csv", 1.0, code=code), study)

    assert fault.problem == f"'code' is {code!r}"


def test_a_file_that_cannot_be_read_is_refused(study: BoardStudy) -> None:
    study.submissions.mkdir()
    (study.submissions / "folder.csv").mkdir()

    found = read_or_refuse(study.submissions / "folder.csv", load_frozen(study.folder))

    assert isinstance(found, Refusal)
    assert found.reason == "cannot be read (Is a directory)"


def without_labels(study: BoardStudy) -> None:
    """Leave of the benchmark what somebody may be given who must not see the labels."""
    study.lesions[["lesion_id", "patient_id"]].to_csv(study.folder / "lesions.csv", index=False)
    path = study.folder / "splits.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"patients": {}, "counts": {}}))


def test_without_labels_a_submission_is_checked_all_the_same(study: BoardStudy) -> None:
    good, old = study.submit("good.csv", 1.0), study.submit("old.csv", 1.0, cohort="ab" * 32)
    without_labels(study)
    frozen = load_frozen(study.folder)

    assert not frozen.labels_known
    assert isinstance(read_or_refuse(good, frozen), Submission)
    assert isinstance(read_or_refuse(old, frozen), Refusal)


def test_labels_of_the_test_part_alone_may_be_kept_back(study: BoardStudy) -> None:
    good = study.submit("good.csv", 1.0)
    without_labels(study)
    hidden = study.lesions["lesion_id"].isin(study.tested())
    shown = study.lesions.assign(label=study.lesions["label"].mask(hidden))
    shown[["lesion_id", "patient_id", "label"]].to_csv(study.folder / "lesions.csv", index=False)

    frozen = load_frozen(study.folder)

    assert not frozen.labels_known
    assert isinstance(read_or_refuse(good, frozen), Submission)


def test_without_labels_a_split_that_was_changed_is_refused(study: BoardStudy) -> None:
    without_labels(study)
    path = study.folder / "splits.csv"
    path.write_text(path.read_text().replace("train", "test", 1))

    with pytest.raises(SplitError, match="was changed after it was made"):
        load_frozen(study.folder)


def test_a_benchmark_of_several_tasks_asks_which_one_is_answered(tmp_path: Path) -> None:
    study = write_board_study(tmp_path / "tasks", declaration=TASKS)
    nameless = study.submit("nameless.csv", 1.0)
    wrong = study.submit("wrong.csv", 1.0, task="recurence")
    tested = study.tested()
    table = "lesion_id,risk\n" + "".join(f"{one},{place}\n" for place, one in enumerate(tested))
    right = study.submissions / "right.csv"
    right.write_text(study.header("Cox", task="recurrence") + table)

    assert faults_of(nameless, study)[0].problem == "does not say which task it answers"
    assert "did you mean 'recurrence'?" in str(faults_of(wrong, study)[0].remedy)
    assert read_submission(right, load_frozen(study.folder)).task == "recurrence"


def test_a_task_is_not_named_where_the_benchmark_has_one(study: BoardStudy) -> None:
    path = study.submit("named.csv", 1.0, task="spots")

    assert faults_of(path, study)[0].problem == (
        "names the task 'spots', and the benchmark has one task without a name"
    )


def test_what_is_handed_out_checks_a_submission_and_tells_no_label_of_a_tested_lesion(
    study: BoardStudy, tmp_path: Path
) -> None:
    good = study.submit("good.csv", 1.0)

    written, hidden, shown = hand_out(study.folder, tmp_path / "public")

    assert written == tmp_path / "public" / "spots"
    tested = set(study.tested())
    assert (hidden, shown) == (len(tested), len(study.lesions) - len(tested))
    table = pd.read_csv(written / "lesions.csv").set_index("lesion_id")
    assert table.loc[sorted(tested), "label"].isna().all()
    assert table.loc[~table.index.isin(tested), "label"].notna().all()
    assert list(table) == ["patient_id", "label"]
    assert "positive=" not in (written / "splits.json").read_text()
    frozen = load_frozen(written)
    assert not frozen.labels_known
    assert read_submission(good, frozen).sha256 == read_submission(good, load_frozen(study.folder)).sha256
    with pytest.raises(WorkspaceError, match="is there already"):
        hand_out(study.folder, tmp_path / "public")


def test_a_folder_of_this_machine_is_not_handed_out(study: BoardStudy, tmp_path: Path) -> None:
    images = study.folder / "images.csv"
    images.write_text("lesion_id,sequence,rater,image,mask\nL000a,T1,R1,/mnt/ward3/a.nii.gz,m.nii.gz\n")

    with pytest.raises(WorkspaceError, match="holds an absolute path") as caught:
        hand_out(study.folder, tmp_path / "public")

    assert caught.value.where == f"{images}, line 2"
    assert list((tmp_path / "public").iterdir()) == []
