"""A factorial benchmark from its declaration to the report: two sets of features, two heads, the same folds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from conftest import SMALL_BENCHMARK, SmallStudy
from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import CohortError, DeclarationError
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark

ONE = "factorial: {features: {a: {lesion: [%s]}}, heads: [%s]}"
PARTS = {
    "profiles": "profiles: {first-order: [T1C, T2], roi-mean: [T1C, T2]}",
    "factorial": (
        "factorial:\n"
        "  features: {first-order: {lesion: [first-order]}, mean: {lesion: [roi-mean]}}\n"
        "  heads: [forest, bayes]"
    ),
}


def declare(study: SmallStudy, *, factorial: str = PARTS["factorial"], models: str = "[zero-rule]") -> Path:
    text = SMALL_BENCHMARK.replace("profiles: {first-order: [T1C, T2]}", PARTS["profiles"])
    text = text.replace("models: [zero-rule, clinical-logistic, forest]", f"models: {models}")
    text = text.replace("reference: forest", "reference: mean-lesion-bayes").replace(
        "readings: readings.csv", ""
    )
    (study.folder / "benchmark.yaml").write_text(text + factorial + "\n")
    bayes = "kind: estimator\ntitle: Bayes\ntarget: sklearn.naive_bayes.GaussianNB\n"
    (study.root / "models" / "bayes.yaml").write_text(bayes)
    return study.folder


def test_every_combination_is_a_model_of_the_run_and_the_report_says_what_each_factor_explains(
    small_study: SmallStudy, undrawn: None
) -> None:
    plan = load_plan(declare(small_study), RunOptions(jobs=1))
    combined = [
        "first-order-lesion-forest",
        "first-order-lesion-bayes",
        "mean-lesion-forest",
        "mean-lesion-bayes",
    ]
    assert [model.name for model in plan.models] == ["zero-rule", *combined]
    assert plan.models[1].needs().profiles == ("first-order",)

    done = run_benchmark(plan)

    assert not done.failures
    shares = pd.read_parquet(done.folder / "factorial.parquet").set_index("term")
    assert list(shares.index) == ["features", "head", "interactions", "folds", "folds by combinations"]
    assert shares["share"].sum() == pytest.approx(1)
    table = pd.read_parquet(done.folder / "factorial_models.parquet").set_index("model")
    results = pd.read_csv(done.folder / "results.csv")
    overall = results[(results["quantity"] == "auc") & (results["group"] == "all")].set_index("model")[
        "estimate"
    ]
    pd.testing.assert_series_equal(table["auc"], overall[combined], check_names=False)
    assert {"site=A", "site=B"} <= set(results["group"])
    page = done.report.read_text()
    assert "What each factor explains" in page
    assert "of the sites its AUC is lowest in" not in page.replace(
        "Of the sites", "of the sites"
    )  # too few of a class


@pytest.mark.parametrize(
    ("factorial", "models", "problem"),
    [
        (
            "factorial: {features: {a: {lesion: [shape]}}, heads: [forest, bayes]}",
            "[]",
            "names the profile 'shape'",
        ),
        (
            "factorial: {features: {a: {lesion: [roi-mean]}}, heads: [forest]}",
            "[]",
            "one combination is no factorial",
        ),
        (
            "factorial: {features: {a: {lesion: []}}, heads: [forest, bayes]}",
            "[]",
            "no profile under the mask regime",
        ),
        (
            "factorial: {features: {a: {b-c: [roi-mean]}, a-b: {c: [roi-mean]}}, heads: [forest]}",
            "[]",
            "both called 'a-b-c-forest'",
        ),
        (
            ONE % ("roi-mean", "forest, bayes"),
            "[{name: a-lesion-forest, use: forest}]",
            "'a-lesion-forest' stands under 'models'",
        ),
        ("features: table.csv", "[]", None),
    ],
)
def test_a_factorial_benchmark_that_cannot_be_is_refused_with_its_reason(
    small_study: SmallStudy, factorial: str, models: str, problem: str | None
) -> None:
    folder = declare(small_study, factorial=factorial, models=models)
    if problem is None:
        text = (folder / "benchmark.yaml").read_text().replace(PARTS["profiles"], "")
        (folder / "benchmark.yaml").write_text(text + PARTS["factorial"] + "\n")
        problem = "'factorial' compares profiles"
    with pytest.raises(DeclarationError, match=problem):
        read_benchmark(folder)


def test_a_head_that_looks_at_images_and_a_profile_under_the_name_of_another_regime_are_refused(
    small_study: SmallStudy,
) -> None:
    heads = "factorial: {features: {a: {lesion: [roi-mean]}}, heads: [forest, zero-rule]}"
    with pytest.raises(DeclarationError, match=r"'zero-rule' is no head.*does not learn from features"):
        load_plan(declare(small_study, factorial=heads), RunOptions(jobs=1))
    with pytest.raises(DeclarationError, match=r"there is no models/fores\.yaml") as caught:
        load_plan(declare(small_study, factorial=heads.replace("zero-rule", "fores")), RunOptions(jobs=1))
    assert str(caught.value).count("fores.yaml") == 1
    encoder = (
        "engine: encoder\ndescription: Random.\n"
        "settings: {network: resnet10, width: 0.125, weights: random, view: {view: 2d, size: 32, mask: box}}\n"
    )
    (small_study.root / "features" / "roi-mean.yaml").write_text(encoder)
    with pytest.raises(DeclarationError, match="under the mask regime lesion, and it says 'mask: box'"):
        load_plan(
            declare(small_study, factorial=ONE % ("roi-mean", "forest, bayes"), models="[]"),
            RunOptions(jobs=1),
        )


def test_results_are_grouped_by_the_columns_that_are_named(small_study: SmallStudy, undrawn: None) -> None:
    text = SMALL_BENCHMARK.replace("bootstraps: 200", "bootstraps: 200, groups: [sex]")
    (small_study.folder / "benchmark.yaml").write_text(text)
    done = run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1, only=("zero-rule", "forest"))))
    groups = set(pd.read_csv(done.folder / "results.csv")["group"])
    assert {"sex=F", "sex=M"} <= groups
    assert not any(group.startswith("site=") for group in groups)

    (small_study.folder / "benchmark.yaml").write_text(text.replace("[sex]", "[vendor]"))
    with pytest.raises(CohortError, match=r"no column 'vendor', which statistics\.groups"):
        run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1, only=("zero-rule", "forest"))))
