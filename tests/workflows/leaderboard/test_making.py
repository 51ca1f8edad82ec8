from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from board_study import BoardStudy
from samesplit.errors import PredictionsError, WorkspaceError
from samesplit.workflows.leaderboard.frozen import load_frozen
from samesplit.workflows.leaderboard.header import ModelCard
from samesplit.workflows.leaderboard.making import make_from_run, make_submission
from samesplit.workflows.leaderboard.submissions import read_submission

CARD = ModelCard("My model", "A. Author", "none", "ImageNet weights")


def plain(study: BoardStudy) -> Path:
    """Predictions without a header."""
    path = study.root / "predictions.csv"
    study.predictions(2.0).to_csv(path, index=False, lineterminator="\n")
    return path


def test_a_header_for_the_split_as_it_is_goes_before_the_table_as_it_is(study: BoardStudy) -> None:
    output = study.root / "mine.csv"

    path, made = make_submission(load_frozen(study.folder), plain(study), CARD, output=output, threshold=0.4)

    assert path == output
    lines = output.read_text().splitlines()
    split, cohort = study.hashes()
    assert lines[:3] == ["# samesplit-submission: 1", f"# split: {split}", f"# cohort: {cohort}"]
    assert lines[3:8] == [
        "# title: My model",
        "# authors: A. Author",
        "# code: none",
        "# training_data: ImageNet weights",
        "# threshold: 0.4",
    ]
    assert lines[8:] == plain(study).read_text().splitlines()
    assert made.sha256 == read_submission(output, load_frozen(study.folder)).sha256


def test_the_header_of_an_older_submission_is_left_out(study: BoardStudy) -> None:
    old = study.submit("old.csv", 2.0, split="ab" * 32)

    path, _ = make_submission(load_frozen(study.folder), old, CARD, output=study.root / "new.csv")

    assert path.read_text().count("# split:") == 1
    assert read_submission(path, load_frozen(study.folder)).header.card == CARD


def test_nothing_is_overwritten_without_being_asked(study: BoardStudy) -> None:
    output = study.root / "mine.csv"
    output.write_text("of great value")
    frozen = load_frozen(study.folder)

    with pytest.raises(PredictionsError, match="is there already"):
        make_submission(frozen, plain(study), CARD, output=output)
    assert output.read_text() == "of great value"

    make_submission(frozen, plain(study), CARD, output=output, replace=True)
    assert output.read_text().startswith("# samesplit-submission: 1")


def test_a_folder_that_is_not_there_yet_is_made(study: BoardStudy) -> None:
    path, _ = make_submission(load_frozen(study.folder), plain(study), CARD, output=study.submissions)

    assert path == study.submissions / "my-model.csv"
    assert path.is_file()


def test_a_card_and_a_table_at_fault_are_told_together_and_nothing_is_written(study: BoardStudy) -> None:
    table = study.root / "short.csv"
    study.predictions(1.0).iloc[1:].to_csv(table, index=False)
    output = study.root / "mine.csv"

    with pytest.raises(PredictionsError) as caught:
        make_submission(
            load_frozen(study.folder), table, ModelCard("", "A", "ftp://x", "none"), output=output
        )

    problems = [one.problem for one in (caught.value, *caught.value.more)]
    assert problems[:2] == ["is missing", "'code' is 'ftp://x'"]
    assert problems[2].startswith("1 lesion has no probability")
    assert not output.exists()


def write_run(study: BoardStudy, predictions: pd.DataFrame, *, split: str | None = None) -> Path:
    """A run's folder with what a submission is made from."""
    folder = study.root / "reports" / "spots" / "0f3a8c21d4"
    folder.mkdir(parents=True)
    record = {
        "split": {"sha256": split or study.hashes()[0]},
        "models": [{"name": "ridge", "title": "Ridge on all features", "kind": "estimator"}],
        "options": {"shuffle_labels": False},
    }
    (folder / "run.json").write_text(json.dumps(record))
    own = predictions.assign(model="ridge", seed=0, repeat=0, fold=0, subset="test", rater="R1")
    pd.concat([own, own.assign(rater="R2"), own.assign(subset="train")]).to_parquet(
        folder / "predictions.parquet"
    )
    (folder.parent / "latest.json").write_text(json.dumps({"run": folder.name}))
    return folder


def test_a_model_of_the_latest_run_becomes_a_submission(study: BoardStudy) -> None:
    write_run(study, study.predictions(2.0))
    card = ModelCard("", "A. Author", "none", "none")

    path, made = make_from_run(load_frozen(study.folder), "ridge", card, output=study.root / "base.csv")

    assert made.header.card.title == "Ridge on all features"
    given = study.predictions(2.0).set_index("lesion_id")["probability"]
    found = made.predictions.set_index("lesion_id")["probability"]
    pd.testing.assert_series_equal(found.sort_index(), given.sort_index())
    assert "train" not in path.read_text().split("training_data")[1]


def test_a_run_of_another_split_or_without_the_model_is_refused(study: BoardStudy) -> None:
    folder = write_run(study, study.predictions(2.0), split="ab" * 32)
    frozen, card = load_frozen(study.folder), ModelCard("", "A. Author", "none", "none")

    with pytest.raises(PredictionsError, match=r"was made on another split \(abababababab"):
        make_from_run(frozen, "ridge", card, run=folder)
    record = json.loads((folder / "run.json").read_text())
    record["split"]["sha256"] = frozen.split.sha256
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(PredictionsError, match="has no predictions of a model 'rigde'") as caught:
        make_from_run(frozen, "rigde", card, run=folder)
    assert str(caught.value.remedy).startswith("did you mean 'ridge'?")
    with pytest.raises(WorkspaceError, match="holds no finished run"):
        make_from_run(frozen, "ridge", card, run=study.root)


def test_a_model_of_a_run_that_lacks_lesions_is_told_by_the_name_of_the_run(study: BoardStudy) -> None:
    folder = write_run(study, study.predictions(2.0).iloc[3:])
    card = ModelCard("", "A. Author", "none", "none")

    with pytest.raises(PredictionsError, match="3 lesions have no probability") as caught:
        make_from_run(load_frozen(study.folder), "ridge", card, output=study.root / "base.csv")

    assert str(caught.value.where) == str(folder / "predictions of ridge")
    assert not (study.root / "base.csv").exists()
