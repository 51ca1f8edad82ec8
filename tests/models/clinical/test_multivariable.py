from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.clinical.multivariable import (
    UnivariateMultivariableModel,
    UnivariateMultivariableSettings,
)
from samesplit.models.persistence import load_model
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.registry import read_model

BUILTIN = Path(__file__).parents[3] / "models"


def settings(**keys: Any) -> UnivariateMultivariableSettings:
    return UnivariateMultivariableSettings(name="um", title="UM", **keys)


def fold_of(lesions: pd.DataFrame, labels: np.ndarray, folder: Path) -> TrainingFold:
    """A fold whose training part has these clinical variables."""
    index = pd.Index([f"L{i:04d}" for i in range(len(lesions))], name="lesion_id")
    table = lesions.set_axis(index).assign(patient_id=[f"P{i}" for i in range(len(lesions))], site="A")
    cases = Cases(
        lesions=table,
        images=pd.DataFrame({"lesion_id": list(index)}),
        features=pd.DataFrame(index=index),
        predictions=pd.DataFrame(index=index),
        sequences=(),
        rater="R1",
    )
    truth = pd.Series(labels, index=index, name="label").astype(int)
    return TrainingFold(cases, truth, cases.select([]), truth.iloc[:0], seed=0, directory=folder)


def fitted(fold: TrainingFold, **keys: Any) -> UnivariateMultivariableModel:
    model = settings(**keys).build()
    model.fit(fold)
    return model


@pytest.fixture
def zhong(tmp_path: Path) -> TrainingFold:
    """Necrosis as in Zhong 2025, table 4, beside a number with an effect and one without."""
    rng = np.random.default_rng(1)
    labels = np.repeat([1, 0], [78, 25])
    lesions = pd.DataFrame(
        {
            "necrosis": np.repeat(["yes", "no", "yes", "no"], [32, 46, 1, 24]),
            "t1_ms": rng.normal(1300, 200, 103) + 200 * labels,
            "noise": rng.normal(size=103),
        }
    )
    return fold_of(lesions, labels, tmp_path)


def test_the_univariate_table_has_zhongs_odds_ratio_for_necrosis(zhong: TrainingFold) -> None:
    table = fitted(zhong).details()["univariate"].set_index("term")
    row = table.loc["necrosis=yes"]
    assert row[["odds_ratio", "ci_low", "ci_high"]].tolist() == pytest.approx(
        [16.696, 2.148, 129.772], abs=1e-3
    )
    assert row["p_value"] == pytest.approx(0.007, abs=5e-4)
    assert row["unit"] == "yes against no"
    assert table["outcome"].tolist() == ["entered", "entered", "P >= 0.05"]


def test_the_multivariable_model_is_that_of_statsmodels(zhong: TrainingFold) -> None:
    model = fitted(zhong)
    tables = model.details()
    table = tables["multivariable"].set_index("term")
    lesions = zhong.training.lesions
    z = (lesions["t1_ms"] - lesions["t1_ms"].mean()) / lesions["t1_ms"].std()
    X = sm.add_constant(
        pd.DataFrame({"t1_ms": z, "necrosis=yes": (lesions["necrosis"] == "yes").astype(float)})
    )
    reference = sm.Logit(zhong.training_labels, X).fit(disp=0)
    limits = np.exp(reference.conf_int())
    for term in ("t1_ms", "necrosis=yes"):
        expected = [np.exp(reference.params[term]), *limits.loc[term], reference.pvalues[term]]
        got = table.loc[term, ["odds_ratio", "ci_low", "ci_high", "p_value"]]
        np.testing.assert_allclose(got.astype(float), expected, rtol=1e-4)
    np.testing.assert_allclose(model.predict(zhong.training)["probability"], reference.predict(X), rtol=1e-5)
    assert table.loc["t1_ms", "unit"] == f"per SD ({lesions['t1_ms'].std():.4g})"


def test_odds_ratios_may_be_per_unit_and_predictions_stay(zhong: TrainingFold) -> None:
    by_sd, by_unit = fitted(zhong), fitted(zhong, per="unit")
    pd.testing.assert_series_equal(
        by_sd.predict(zhong.training)["probability"],
        by_unit.predict(zhong.training)["probability"],
        rtol=1e-6,
    )
    per_sd = by_sd.details()["multivariable"].set_index("term").loc["t1_ms"]
    per_unit = by_unit.details()["multivariable"].set_index("term").loc["t1_ms"]
    assert per_unit["unit"] == "per unit"
    assert per_unit["odds_ratio"] ** per_sd["scale"] == pytest.approx(per_sd["odds_ratio"], rel=1e-5)
    assert per_unit["p_value"] == pytest.approx(per_sd["p_value"], rel=1e-5)


def test_the_tables_alone_give_the_probabilities(zhong: TrainingFold) -> None:
    model = fitted(zhong)
    tables = model.details()
    linear = np.full(103, tables["screening"]["intercept"].iloc[0])
    for row in tables["multivariable"].itertuples():
        values = zhong.training.lesions[row.variable]
        if np.isnan(row.scale):
            linear += row.coefficient * (values == row.term.partition("=")[2]).to_numpy()
        else:
            linear += row.coefficient * (values.to_numpy() - row.centre) / row.scale
    np.testing.assert_allclose(
        model.predict(zhong.training)["probability"], 1 / (1 + np.exp(-linear)), rtol=1e-9
    )


def test_too_few_events_are_warned_of(zhong: TrainingFold) -> None:
    summary = fitted(zhong).details()["screening"].iloc[0]
    assert (summary["events"], summary["candidates"], summary["passed"], summary["terms"]) == (25, 3, 2, 2)
    assert summary["events_per_candidate"] == pytest.approx(25 / 3)
    assert "8.3 events per candidate" in summary["warning"]
    assert "per term" not in summary["warning"]


def test_a_separated_candidate_enters_by_firths_likelihood_and_the_tables_say_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([1, 0], [30, 30])
    lesions = pd.DataFrame(
        {"sign": np.repeat([1.0, 0.0, 0.0], [15, 15, 30]), "x": rng.normal(size=60) + labels}
    )
    tables = fitted(fold_of(lesions, labels, tmp_path)).details()
    row = tables["univariate"].set_index("term").loc["sign"]
    assert row["method"] == "firth"
    assert row["odds_ratio"] == pytest.approx(15.5 * 30.5 / (15.5 * 0.5), rel=1e-6)
    assert (tables["multivariable"]["method"] == "firth").all()
    assert np.isfinite(tables["multivariable"][["odds_ratio", "ci_low"]]).all(axis=None)
    assert "separate the classes" in tables["screening"]["warning"].iloc[0]


@pytest.mark.parametrize("rule", ["prevalence", "smallest-p"])
def test_where_nothing_passes_the_declared_rule_holds_and_is_recorded(tmp_path: Path, rule: str) -> None:
    rng = np.random.default_rng(4)
    lesions = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60)})
    fold = fold_of(lesions, np.arange(60) % 3 == 0, tmp_path)
    model = fitted(fold, none_pass=rule, screen=1e-6)
    tables, predicted = model.details(), model.predict(fold.training)["probability"]
    assert tables["screening"]["fallback"].tolist() == [rule]
    if rule == "prevalence":
        np.testing.assert_allclose(predicted, 20 / 60)
        assert tables["multivariable"].empty
    else:
        first = tables["univariate"].sort_values("variable_p_value")["variable"].iloc[0]
        assert tables["multivariable"]["variable"].tolist() == [first]
        assert predicted.nunique() == 60


def test_backward_elimination_leaves_out_the_worst_until_all_hold(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    lesions = pd.DataFrame({"x": x, "echo": x + rng.normal(size=200), "y": rng.normal(size=200)})
    labels = x + 0.8 * lesions["y"] + rng.logistic(size=200) > 0
    fold = fold_of(lesions, labels.to_numpy(), tmp_path)
    kept, all_in = fitted(fold, keep=0.05).details(), fitted(fold).details()
    assert all_in["multivariable"]["variable"].tolist() == ["x", "echo", "y"]
    assert kept["multivariable"]["variable"].tolist() == ["x", "y"]
    assert (kept["multivariable"]["variable_p_value"] < 0.05).all()
    outcome = kept["univariate"].set_index("variable")["outcome"]
    assert outcome["echo"].startswith("eliminated in step 1 (P = ")


def test_a_copy_of_a_better_candidate_and_those_beyond_the_limit_stay_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    base = {f"x{i}": rng.normal(size=120) + (1.5 - 0.2 * i) * labels for i in range(4)}
    lesions = pd.DataFrame(base | {"copy": 3 * base["x0"] + 1, "constant": 7.0})
    fold = fold_of(lesions, labels, tmp_path)
    outcome = fitted(fold, most=3).details()["univariate"].set_index("variable")["outcome"]
    assert outcome["copy"] == "determined by others with smaller P"
    assert outcome["constant"] == "one value only"
    assert sorted(outcome).count("entered") == 3
    assert sorted(outcome).count("not among the first 3") == 1


@pytest.mark.parametrize("seed", range(3))
def test_last_digits_change_no_outcome_of_the_screen(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    first, second = rng.normal(size=(2, 80)) + labels
    variables = {"b": 0.3 * second + 1, "first": first, "second": second, "a": 7 - 2 * first}
    noise = 1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, (80, 4))
    tables = fitted(fold_of(pd.DataFrame(variables) * noise, labels, tmp_path)).details()
    outcome = tables["univariate"].set_index("variable")["outcome"]
    # Of a variable and its copy in other units the one that stands first enters.
    assert outcome[outcome == "entered"].index.tolist() == ["b", "first"]


def test_a_gap_is_left_out_of_the_screen_and_filled_in_the_model(zhong: TrainingFold) -> None:
    zhong.training.lesions.iloc[:10, zhong.training.lesions.columns.get_loc("t1_ms")] = np.nan
    model = fitted(zhong)
    table = model.details()["univariate"].set_index("term")
    assert table["lesions"].to_dict() == {"necrosis=yes": 103, "t1_ms": 93, "noise": 103}
    gap = zhong.training.select(zhong.training.lesion_ids[:1])
    filled = zhong.training.select(zhong.training.lesion_ids[:1])
    filled.lesions["t1_ms"] = zhong.training.lesions["t1_ms"].median()
    pd.testing.assert_series_equal(model.predict(gap)["probability"], model.predict(filled)["probability"])


def test_a_variable_of_several_levels_passes_as_a_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    grade = rng.choice(["a", "b", "c"], 150)
    labels = (grade == "c") * 1.5 + rng.logistic(size=150) > 0
    tables = fitted(fold_of(pd.DataFrame({"grade": grade}), labels, tmp_path)).details()
    table = tables["univariate"]
    assert table["term"].tolist() == ["grade=b", "grade=c"]
    joint = table["variable_p_value"]
    assert joint.iloc[0] == joint.iloc[1]
    assert joint.iloc[0] < 0.05 < table["p_value"].iloc[0]
    assert tables["multivariable"]["term"].tolist() == ["grade=b", "grade=c"]


def test_features_may_be_candidates_by_pattern(make_fold: Any) -> None:
    fold, cases, truth = make_fold(n=120, effect=1.2)
    model = fitted(
        fold, inputs="both", variables=("age",), features=("original_firstorder_F1", "mr/T2/*_F[0-2]")
    )
    assert model.columns == [
        "age",
        "mr/T2/original_firstorder_F0",
        "mr/T1C/original_firstorder_F1",
        "mr/T2/original_firstorder_F2",
    ]
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.85
    assert model.settings.radiomic()
    with pytest.raises(ModelError, match="no feature is called 'nothing'"):
        fitted(fold, inputs="features", features=("nothing",))


def test_names_that_cannot_be_used_are_an_error() -> None:
    with pytest.raises(ValidationError, match="inputs is 'clinical'"):
        settings(features=("a",))
    with pytest.raises(ValidationError, match="inputs is 'features'"):
        settings(inputs="features", variables=("age",))


def test_test_lesions_and_row_order_change_nothing(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=100)
    model = fitted(fold)
    order = list(np.random.default_rng(0).permutation(fold.training.lesion_ids))
    turned = replace(
        fold, training=fold.training.select(order), training_labels=fold.training_labels.loc[order]
    )
    pd.testing.assert_series_equal(
        fitted(turned).predict(cases)["probability"], model.predict(cases)["probability"]
    )
    some = cases.lesion_ids[:5]
    pd.testing.assert_series_equal(
        model.predict(cases.select(some))["probability"], model.predict(cases)["probability"].loc[some]
    )


def test_a_kept_model_gives_the_same_predictions_again(zhong: TrainingFold, tmp_path: Path) -> None:
    for name, rule in (("kept", 0.05), ("empty", 1e-9)):
        model = fitted(zhong, screen=rule)
        model.save(tmp_path / name)
        loaded = load_model(tmp_path / name)
        pd.testing.assert_series_equal(
            loaded.predict(zhong.training)["probability"], model.predict(zhong.training)["probability"]
        )
        assert not list((tmp_path / name).glob("*.pkl"))


def test_the_built_in_file_screens_the_clinical_variables_at_five_percent() -> None:
    read = read_model(BUILTIN / "univariate-multivariable-logistic.yaml")
    assert isinstance(read, UnivariateMultivariableSettings)
    assert (read.inputs, read.screen, read.keep, read.none_pass) == ("clinical", 0.05, None, "prevalence")
    assert not read.radiomic()


def test_on_shuffled_labels_it_is_at_chance(make_fold: Any) -> None:
    scores = []
    for seed in range(6):
        fold, cases, truth = make_fold(n=60, n_test=400, shuffled=True, seed=seed)
        predicted = fitted(fold, inputs="features", none_pass="smallest-p", most=5).predict(cases)[
            "probability"
        ]
        scores.append(roc_auc_score(truth, predicted))
    assert abs(np.mean(scores) - 0.5) < 0.09
