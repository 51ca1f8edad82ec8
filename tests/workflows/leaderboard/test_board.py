from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from board_study import TASKS, BoardStudy, write_board_study
from samesplit.errors import CohortError, PredictionsError
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import BinaryTask
from samesplit.workflows.leaderboard import board as module
from samesplit.workflows.leaderboard.board import Board, board
from samesplit.workflows.leaderboard.frozen import load_frozen

pytestmark = pytest.mark.usefixtures("undrawn")
"""Figures are drawn in tests/reports/test_leaderboard_page.py."""


def states(made: Board) -> dict[str, str]:
    """How the evaluation of each submission stood."""
    return {one.file: one.state for one in made.states}


def judged(made: Board) -> pd.DataFrame:
    """The rows of the entries, by file."""
    return made.table[made.table["status"] == "judged"].set_index("file")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries that are judged, in their order; each gets the same numbers, since they do not matter here."""
    done: list[str] = []

    def judge(one: Any, _: Any) -> list[dict[str, Any]]:
        done.append(one.file)
        numbers = {"estimate": 0.7, "low": 0.6, "high": 0.8, "n": 60, "n_positive": 30}
        return [{"quantity": "auc", "group": "all", **numbers, "method": "DeLong", "note": ""}]

    monkeypatch.setattr(module, "judge", judge)
    return done


def test_entries_stand_by_their_auc_with_ranks_that_the_claims_leave(study: BoardStudy) -> None:
    for file, strength in (("weak.csv", 0.0), ("strong.csv", 4.0), ("middle.csv", 3.0)):
        study.submit(file, strength, seed=int(10 * strength))

    made = board(study.folder)

    found = judged(made)
    assert list(found.index) == ["strong.csv", "middle.csv", "weak.csv"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["rank_low"].tolist() == [1, 1, 3]
    assert found["rank_high"].tolist() == [2, 2, 3]
    assert found["groups"].tolist() == ["a", "a", "b"]
    assert (found["low"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["high"]).all()


def test_estimates_and_claims_are_those_of_one_evaluation_of_all_entries(study: BoardStudy) -> None:
    parts = []
    for file, strength in (("a.csv", 1.0), ("b.csv", 2.5), ("c.csv", 2.0)):
        study.submit(file, strength, seed=int(10 * strength))
        head = {"model": file, "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1"}
        parts.append(study.predictions(strength, seed=int(10 * strength)).assign(**head))
    truth = load_frozen(study.folder).truth("task")
    task = BinaryTask(question="", positive="bright", negative="dark")
    options = EvaluationOptions(n_bootstrap=100, seed=0)
    together = evaluate_task(task, pd.concat(parts, ignore_index=True), truth, options)

    made = board(study.folder)

    main = together.results[(together.results["group"] == "all")]
    found = judged(made).loc[["a.csv", "b.csv", "c.csv"]]
    for quantity, ours in (
        ("auc", ("estimate", "low", "high")),
        ("brier", ("brier", "brier_low", "brier_high")),
    ):
        theirs = main[main["quantity"] == quantity].set_index("model").loc[found.index]
        for one, other in zip(ours, ("estimate", "ci_low", "ci_high"), strict=True):
            np.testing.assert_allclose(found[one].astype(float), theirs[other], rtol=1e-8)
    reported = together.pairs.set_index(["model_a", "model_b"])
    for row in pd.read_csv(made.files[2]).to_dict("records"):
        pair = (row["file_a"], row["file_b"])
        same = reported.loc[pair if pair in reported.index else pair[::-1]]
        assert abs(row["difference"]) == pytest.approx(abs(same["difference"]), rel=1e-8)
        assert row["p_adjusted"] == pytest.approx(same["p_adjusted"], rel=1e-8)
        assert (row["claim"] == "not shown") == (same["claim"] == "not shown")


def test_what_was_judged_is_not_judged_again_and_a_new_entry_alone_is(
    study: BoardStudy, counted: list[str]
) -> None:
    study.submit("a.csv", 1.0)
    study.submit("b.csv", 2.0)
    assert states(board(study.folder)) == {"a.csv": "new", "b.csv": "new"}
    study.submit("c.csv", 3.0)
    counted.clear()

    made = board(study.folder)

    assert states(made) == {"a.csv": "kept", "b.csv": "kept", "c.csv": "new"}
    assert counted == ["c.csv"]


def test_a_change_of_the_evaluator_marks_entries_stale_and_judges_them_again(
    study: BoardStudy, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study.submit("a.csv", 1.0)
    first = board(study.folder)
    monkeypatch.setattr(
        "samesplit.workflows.leaderboard.judging.source_digest", lambda *_: "another evaluator"
    )

    asked = board(study.folder, check=True)
    assert states(asked) == {"a.csv": "stale"}
    assert asked.states[0].why == "the evaluator changed"
    assert not asked.current
    assert asked.files == ()
    assert counted == ["a.csv"]

    made = board(study.folder)
    assert states(made) == {"a.csv": "stale"}
    assert counted == ["a.csv", "a.csv"]
    assert board(study.folder, check=True).current
    pd.testing.assert_frame_equal(made.table, first.table)


def test_other_declared_statistics_make_entries_stale(study: BoardStudy, counted: list[str]) -> None:
    study.submit("a.csv", 1.0)
    board(study.folder)
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("bootstraps: 100", "bootstraps: 101"))

    assert (
        board(study.folder, check=True).states[0].why == "the statistics that benchmark.yaml declares changed"
    )


def test_a_change_of_how_predictions_are_read_makes_entries_stale(
    study: BoardStudy, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study.submit("a.csv", 1.0)
    board(study.folder)
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text() + "missing_values: ['-', gone]\n")
    (state,) = board(study.folder, check=True).states
    assert state.why == "the rater or the missing values that benchmark.yaml declares changed"

    from samesplit.source import closure
    from samesplit.workflows.leaderboard import judging

    looked_at: list[str] = []
    monkeypatch.setattr(judging, "source_digest", lambda *names: looked_at.extend(names) or "x")
    judging.evaluator()
    assert "samesplit.models.external_values" in closure(*looked_at)


def test_damaged_evaluations_are_made_again(study: BoardStudy, counted: list[str]) -> None:
    study.submit("a.csv", 1.0)
    study.submit("b.csv", 2.0)
    first = board(study.folder)
    for path in (study.root / "reports" / ".cache" / "board" / "spots").glob("*.json"):
        path.write_text(path.read_text()[:20])

    made = board(study.folder)

    assert counted == ["a.csv", "b.csv"] * 2
    pd.testing.assert_frame_equal(made.table, first.table)


def test_a_refused_submission_costs_itself_only(study: BoardStudy) -> None:
    study.submit("good.csv", 2.0)
    alone = judged(board(study.folder))
    study.submit("old.csv", 1.0, split="ab" * 32)
    short = study.submit("short.csv", 1.0)
    short.write_text("\n".join(short.read_text().splitlines()[:-1]))
    (study.submissions / "junk.csv").write_bytes(b"PK\x03\x04 no text")
    shutil.copy(study.submissions / "good.csv", study.submissions / "twice.csv")

    made = board(study.folder)

    pd.testing.assert_frame_equal(judged(made)[list(alone)], alone)
    refused = made.table[made.table["status"] == "refused"].set_index("file")["reason"]
    assert list(refused.index) == ["junk.csv", "old.csv", "short.csv", "twice.csv"]
    assert refused["twice.csv"] == "is the same file as good.csv"
    assert refused["short.csv"] == "its table does not fit the split: 1 fault"
    assert [one.file for one in made.refused] == list(refused.index)


def test_a_file_is_read_whatever_the_case_of_its_ending_and_refused_for_a_name_that_cannot_be_shown(
    study: BoardStudy,
) -> None:
    study.submit("a.CSV", 1.0)
    study.submit("b.csv", 2.0)
    (study.submissions / "b.csv").rename(os.fsdecode(bytes(study.submissions) + b"/b\xff.csv"))

    made = board(study.folder)

    assert list(judged(made).index) == ["a.CSV"]
    assert [(one.file, one.reason) for one in made.refused] == [
        ("b\\udcff.csv", "has a name with characters that cannot be shown")
    ]
    assert str(made.refused[0].error).encode()


def test_where_all_are_refused_the_page_says_so(study: BoardStudy) -> None:
    study.submit("old.csv", 1.0, split="ab" * 32)

    made = board(study.folder)

    assert "No submission could be judged" in made.files[0].read_text()
    assert made.table["status"].tolist() == ["refused"]


def test_the_same_folder_gives_the_same_bytes_wherever_it_lies(study: BoardStudy, tmp_path: Path) -> None:
    study.submit("a.csv", 1.0)
    study.submit("b.csv", 3.0, title="<b>Bold</b>")
    study.submit("old.csv", 1.0, cohort="ab" * 32)
    other = tmp_path / "quite" / "another place"
    shutil.copytree(study.root, other)

    first = board(study.folder)
    again = board(study.folder, output=tmp_path / "out")
    elsewhere = board("spots", start=other)

    for one in (again, elsewhere):
        assert [path.name for path in one.files] == [path.name for path in first.files]
        assert [path.read_bytes() for path in one.files] == [path.read_bytes() for path in first.files]
    for path in first.files:
        assert str(tmp_path) not in path.read_text()


def test_entries_that_are_equal_share_a_rank_and_keep_the_order_of_their_files(study: BoardStudy) -> None:
    study.submit("b.csv", 2.0, title="Same numbers, sent by another")
    study.submit("a.csv", 2.0, title="Same numbers")
    study.submit("c.csv", 0.0)

    found = judged(board(study.folder))

    assert list(found.index) == ["a.csv", "b.csv", "c.csv"]
    assert found["rank"].tolist() == [1, 1, 3]
    assert found["groups"].iloc[0] == found["groups"].iloc[1]


def test_an_operating_point_comes_from_validation_lesions_or_was_fixed(study: BoardStudy) -> None:
    study.submit("none.csv", 2.0)
    study.submit("fixed.csv", 2.0, threshold="0.5")
    path = study.submit("validated.csv", 2.0, seed=1)
    extra = "".join(f"{one},0.{place % 10}\n" for place, one in enumerate(study.tested("validation")))
    path.write_text(path.read_text() + extra)

    found = judged(board(study.folder))

    assert found.loc["none.csv", "sensitivity"] == ""
    assert found.loc["fixed.csv", "sensitivity"] > 0.5
    assert found.loc["fixed.csv", "operating_point"] == "threshold 0.5, fixed beforehand"
    assert found.loc["validated.csv", "operating_point"] == "validation lesions"
    assert found.loc["validated.csv", "sensitivity"] != ""


def test_no_label_prediction_or_lesion_is_on_the_page(study: BoardStudy) -> None:
    study.submit("a.csv", 1.0)
    study.submit("b.csv", 2.0)
    spoilt = study.submit("spoilt.csv", 1.0)
    spoilt.write_text(spoilt.read_text().replace("0.", "7.", 3))

    texts = [path.read_text() for path in board(study.folder).files]

    for text in texts:
        assert not any(lesion in text for lesion in study.lesions["lesion_id"])
        assert not any(patient in text for patient in study.lesions["patient_id"])


def test_without_labels_or_submissions_there_is_no_board(study: BoardStudy) -> None:
    with pytest.raises(PredictionsError, match="does not exist") as caught:
        board(study.folder)
    assert "samesplit submit spots" in str(caught.value.remedy)
    study.submissions.mkdir()
    with pytest.raises(PredictionsError, match="holds no submission"):
        board(study.folder)
    study.lesions[["lesion_id", "patient_id"]].to_csv(study.folder / "lesions.csv", index=False)
    with pytest.raises(CohortError, match="has no labels"):
        board(study.folder)


def test_submissions_to_a_benchmark_that_comes_built_in_lie_in_the_workspace(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="does not exist") as caught:
        board("demo-renal-mass", start=tmp_path)

    assert caught.value.where == str(tmp_path / "benchmarks" / "demo-renal-mass" / "submissions")


def test_each_task_has_a_ranking_of_its_own(tmp_path: Path) -> None:
    study = write_board_study(tmp_path / "tasks", declaration=TASKS)
    study.submissions.mkdir()
    known = study.lesions.set_index("lesion_id").loc[study.tested()]
    rng = np.random.default_rng(0)
    for number, strength in enumerate((0.0, 3.0)):
        risk = -strength * known["months"] / 20 + rng.normal(size=len(known))
        (study.submissions / f"risk{number}.csv").write_text(
            study.header(f"Risk {number}", task="recurrence")
            + pd.DataFrame({"lesion_id": known.index, "risk": risk}).to_csv(index=False)
        )
        scores = rng.normal(size=(len(known), 3))
        scores += strength * (known["colour"].to_numpy()[:, None] == np.array(["red", "green", "blue"]))
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        table = pd.DataFrame(shares, columns=["red", "green", "blue"]).assign(lesion_id=known.index)
        (study.submissions / f"colour{number}.csv").write_text(
            study.header(f"Colour {number}", task="kind_of_spot") + table.to_csv(index=False)
        )

    made = board(study.folder)

    found = judged(made)
    assert list(found.index) == ["colour1.csv", "colour0.csv", "risk1.csv", "risk0.csv"]
    assert found["task"].tolist() == ["kind_of_spot"] * 2 + ["recurrence"] * 2
    assert found["quantity"].tolist() == ["auc", "auc", "c_index", "c_index"]
    assert found["rank"].tolist() == [1, 2, 1, 2]
    page = made.files[0].read_text()
    for section in ("task-1-standing", "task-2-standing", "task-2-cards", "how"):
        assert f'<section id="{section}"' in page


def test_a_split_in_folds_is_judged_over_its_folds(tmp_path: Path) -> None:
    from board_study import BINARY

    declaration = BINARY.replace("scheme: holdout, test: 0.5", "scheme: kfold, folds: 2, repeats: 1")
    study = write_board_study(tmp_path / "folds", declaration=declaration)
    rng = np.random.default_rng(1)
    for number, strength in enumerate((1.0, 3.0)):
        score = strength * (study.lesions["label"].eq("bright") - 0.5) + rng.normal(size=len(study.lesions))
        table = pd.DataFrame(
            {"lesion_id": study.lesions["lesion_id"], "probability": 1 / (1 + np.exp(-score))}
        )
        study.submissions.mkdir(exist_ok=True)
        (study.submissions / f"m{number}.csv").write_text(
            study.header(f"M{number}") + table.to_csv(index=False)
        )

    made = board(study.folder)

    assert set(judged(made)["n"]) == {len(study.lesions)}
    assert "The split has 2 folds" in made.files[0].read_text()
    record = json.loads((study.folder / "splits.json").read_text())
    assert record["sha256"] in made.files[0].read_text()
