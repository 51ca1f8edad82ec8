"""`samesplit plan`: readers, a model, its validation and a comparison, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samesplit import cli
from samesplit.errors import ReadingsError, SamesplitError, StatisticsError
from samesplit.statistics.mrmc import ReaderStudy, model_against_readers, obuchowski_rockette
from samesplit.workflows.plan.model import plan_model, plan_validation
from samesplit.workflows.plan.readers import pilot_variance, plan_readers, typed_components

COMPONENTS = "modality_reader=0.0002,error=0.0008,cov1=0.00035,cov2=0.00034,cov3=0.00024,cases=114"


def call(line: str, *words: str | Path) -> str:
    result = CliRunner().invoke(cli.app, ["plan", *line.split(), *map(str, words)])
    if isinstance(result.exception, SamesplitError):
        return str(result.exception)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Readings of five readers under two modalities, the truth, and a model's predictions."""
    folder = tmp_path_factory.mktemp("pilot")
    rng = np.random.default_rng(4)
    truth = np.repeat([0, 1], 30)
    hard = rng.normal(size=60) + truth
    names = [f"case{place}" for place in range(60)]
    rows = [
        {
            "reader": f"r{j}",
            "case": name,
            "modality": modality,
            "score": hard[k] + rng.normal() + shift * truth[k],
        }
        for j in range(5)
        for modality, shift in (("aided", 1.0), ("unaided", 0.5))
        for k, name in enumerate(names)
    ]
    table = pd.DataFrame(rows)
    table.to_csv(folder / "readings.csv", index=False)
    pd.DataFrame({"case": names, "truth": truth}).to_csv(folder / "truth.csv", index=False)
    model = {"lesion_id": names, "probability": 1 / (1 + np.exp(-hard - rng.normal(size=60)))}
    pd.DataFrame(model).to_csv(folder / "model.csv", index=False)
    return folder


def study_of(pilot: Path) -> ReaderStudy:
    table = pd.read_csv(pilot / "readings.csv")
    truth = pd.read_csv(pilot / "truth.csv").set_index("case")["truth"]
    return ReaderStudy.from_columns(
        table["reader"], table["case"], table["score"], truth[table["case"]], modality=table["modality"]
    )


def test_components_of_a_pilot_study_are_those_of_its_analysis(pilot: Path) -> None:
    found = pilot_variance(pilot / "readings.csv", pilot / "truth.csv").variance
    parts = obuchowski_rockette(study_of(pilot)).components

    assert found.between_readers == pytest.approx(2 * parts.modality_reader)
    assert found.error == pytest.approx(2 * (parts.error - parts.cov1))
    assert found.covariance == pytest.approx(2 * (parts.cov2 - parts.cov3))
    assert found.cases == 60


def test_a_study_like_the_pilot_has_the_standard_error_that_the_pilot_had(pilot: Path) -> None:
    known = pilot_variance(
        pilot / "readings.csv", pilot / "truth.csv", predictions=pilot / "model.csv", compare=("unaided",)
    )
    planned = plan_readers(known, effect=0.05, readers=[5], cases=[60]).tables["power"].iloc[0]
    scores = pd.read_csv(pilot / "model.csv")["probability"]
    against = model_against_readers(study_of(pilot).select(modalities=["unaided"]), scores)

    if known.variance.between_readers >= 0:
        assert planned["standard_error"] == pytest.approx(against.difference.standard_error)
        assert planned["df"] == pytest.approx(against.difference.df)
    else:
        assert planned["standard_error"] > against.difference.standard_error


def test_the_command_writes_page_tables_and_record(pilot: Path, tmp_path: Path) -> None:
    told = call(
        "readers --pilot",
        pilot / "readings.csv",
        "--truth",
        pilot / "truth.csv",
        "--effect",
        "0.06",
        "--readers",
        "4,8",
        "--cases",
        "100,200",
        "--out",
        tmp_path,
    )

    assert "readers need" in told or "No number of cases" in told
    table = pd.read_csv(tmp_path / "power.csv")
    assert table[["readers", "cases"]].to_numpy().tolist() == [[4, 100], [4, 200], [8, 100], [8, 200]]
    record = json.loads((tmp_path / "record.json").read_text())
    page = (tmp_path / "plan.html").read_text()
    assert record["answer"] in page
    assert "<svg" in page
    assert "http" not in page.partition("<style>")[0]


def test_components_that_are_typed_in_plan_like_any(tmp_path: Path) -> None:
    told = call(f"readers --components {COMPONENTS} --effect 0.05 --readers 2,8 --cases 200")

    assert "8 readers need 130 cases" in told
    assert "none" in told


def test_too_few_readers_are_told_how_many_it_takes() -> None:
    told = call(f"readers --components {COMPONENTS} --effect 0.05 --readers 2 --cases 200")
    hopeless = call(f"readers --components {COMPONENTS} --effect 0.01 --readers 2 --cases 20")

    assert "With 200 cases, 6 readers are needed" in told
    assert "No number of cases" in hopeless
    assert "are needed" not in hopeless


def test_non_inferiority_of_a_model_is_planned_with_a_margin() -> None:
    typed = "reader=0.001,error=0.0009,cov2=0.0004,cases=200"
    told = call(f"readers --components {typed} --effect 0 --margin 0.05 --random cases")

    assert "non-inferiority within 0.05" in told


def test_a_model_is_planned_by_auc_or_r2(tmp_path: Path) -> None:
    told = call("model --parameters 12 --prevalence 0.3 --auc 0.8 --out", tmp_path)

    assert "412 patients with 124 events" in told
    assert "Optimism of Nagelkerke" in (tmp_path / "plan.html").read_text()
    survival = call(
        "model --outcome survival --parameters 25 --rate 0.065 --follow-up 2.07 --time 2 --r2 0.051"
    )
    assert "4,286 patients with 577 events" in survival
    continuous = plan_model(outcome="continuous", parameters=25, r2=0.2, mean=1.9, standard_deviation=0.6)
    assert continuous.record["answer"].startswith(
        "A model of 25 candidate parameters needs 918 patients to be"
    )


def test_a_validation_is_planned_from_a_distribution_or_predictions(pilot: Path, tmp_path: Path) -> None:
    told = call("validation --prevalence 0.3 --auc 0.8 --threshold 0.2 --out", tmp_path)
    assert "2,176 patients with 653 events" in told
    assert "net benefit" in (tmp_path / "plan.html").read_text()
    assert "needs 4,554 patients" in call(
        "validation --prevalence 0.018 --auc 0.8 --normal=-5,2.5 --width",
        "observed / expected=1",
    )
    assert "needs" in call("validation --prevalence 0.5 --auc 0.8 --predictions", pilot / "model.csv")
    assert "needs" in call("validation --prevalence 0.25 --auc 0.8 --beta 0.5,1.5")


def test_a_distribution_of_another_prevalence_is_told() -> None:
    from samesplit.statistics.planning import LinearPredictor

    plan = plan_validation(prevalence=0.1, auc=0.8, predictor=LinearPredictor.normal(0.0, 1.0))
    assert "has a prevalence of 0.5" in plan.record["notes"][0]


def test_a_comparison_is_planned_with_the_power_of_more_and_fewer_patients(tmp_path: Path) -> None:
    told = call(
        "comparison --auc 0.8 --other 0.85 --prevalence 0.3 --correlation 0.6 --out",
        tmp_path,
    )
    assert "722 patients are needed" in told
    assert len(pd.read_csv(tmp_path / "power.csv")) == 5
    assert "<svg" in (tmp_path / "plan.html").read_text()
    margin = call("comparison --auc 0.85 --other 0.85 --prevalence 0.3 --margin 0.05 --patients 300,600")
    assert "non-inferiority within 0.05" in margin


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("readers --effect 0.05", "from a pilot study or from components"),
        ("readers --effect 0.05 --pilot none.csv", "no truth"),
        ("readers --effect 0.05 --components a=1", "does not name the variance components"),
        ("readers --effect 0.05 --components a=x", "does not name the variance components"),
        (f"readers --effect 0.05 --components {COMPONENTS} --random all", "not what a study speaks of"),
        (f"readers --effect 0.05 --components {COMPONENTS} --readers x", "not a whole number"),
        ("model --parameters 5 --outcome other", "no kind of outcome"),
        ("model --parameters 5", "needs --prevalence"),
        ("validation --prevalence 0.3 --auc 0.8 --normal 1", "not two numbers"),
        ("validation --prevalence 0.3 --auc 0.8 --normal 1,2 --beta 1,2", "one distribution"),
        ("validation --prevalence 0.3 --auc 0.8 --width auc", "names no width"),
    ],
)
def test_what_cannot_be_planned_is_one_clear_message(words: str, message: str) -> None:
    assert message in call(words)


def test_tables_that_do_not_fit_are_told_by_name(pilot: Path, tmp_path: Path) -> None:
    readings, truth = pilot / "readings.csv", pilot / "truth.csv"
    with pytest.raises(ReadingsError, match="no column for the case"):
        pilot_variance(write(tmp_path, "reader_id,score\nr1,1\n"), truth)
    with pytest.raises(ReadingsError, match="the truth has no case 'case0'"):
        pilot_variance(readings, write(tmp_path, "lesion_id,label\nother,1\n"))
    with pytest.raises(ReadingsError, match="have 2 modalities"):
        pilot_variance(readings, truth, predictions=pilot / "model.csv")
    with pytest.raises(ReadingsError, match="have 1 modalities"):
        pilot_variance(readings, truth, compare=("aided",))
    model = write(tmp_path, "lesion_id,probability\nother,0.5\n")
    with pytest.raises(ReadingsError, match="no prediction of 60 of 60 cases"):
        pilot_variance(readings, truth, predictions=model, compare=("aided",))
    words = pd.read_csv(truth, dtype=str)
    column = next(name for name in words if set(words[name]) == {"0", "1"})
    words[column] = words[column].map({"0": "benign", "1": "malignant"})
    named = write(tmp_path, words.to_csv(index=False))
    with pytest.raises(ReadingsError):
        pilot_variance(readings, named)
    assert pilot_variance(readings, named, positive="malignant") == pilot_variance(readings, truth)
    with pytest.raises(ReadingsError, match="no decision of cases of both classes"):
        pilot_variance(readings, truth, figure="sensitivity")
    with pytest.raises(StatisticsError, match="unknown figure of merit"):
        pilot_variance(readings, truth, figure="f1")
    assert "no column 'probability'" in call("validation --prevalence 0.5 --auc 0.8 --predictions", truth)


def write(folder: Path, text: str) -> Path:
    path = folder / f"table{len(list(folder.iterdir()))}.csv"
    path.write_text(text)
    return path


def test_components_of_one_modality_are_of_readers_minus_a_model() -> None:
    assert (
        typed_components("reader=0.001,error=0.0009,cov2=0.0004,cases=200").tested
        == "readers minus the model"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"effect": 0.0}, "no difference of 0 to find"),
        ({"effect": -0.06, "margin": 0.05}, "worse than the margin"),
        ({"effect": float("nan")}, "is no number"),
        ({"effect": 0.05, "power": 1.0}, "a power of"),
    ],
)
def test_a_reader_study_that_cannot_find_anything_is_refused(options: dict[str, float], message: str) -> None:
    pilot = typed_components("reader=0.001,error=0.0009,cov2=0.0004,cases=200")
    with pytest.raises(StatisticsError, match=message):
        plan_readers(pilot, readers=[4], cases=[100], **options)
