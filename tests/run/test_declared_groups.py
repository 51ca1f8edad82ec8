from __future__ import annotations

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.errors import DeclarationError
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark


def declare(study: SmallStudy, text: str) -> None:
    path = study.folder / "benchmark.yaml"
    old = "statistics: {reference: forest, bootstraps: 200}"
    assert old in path.read_text()
    path.write_text(
        path.read_text().replace(old, f"statistics: {{reference: forest, bootstraps: 200, {text}}}")
    )


def test_cut_columns_and_declared_families_reach_the_tables_of_a_run(small_study: SmallStudy) -> None:
    declare(
        small_study, "groups: [sex], group_cuts: {age: [60]}, families: {main: [clinical-logistic - forest]}"
    )
    plan = load_plan(small_study.folder, RunOptions(jobs=1))
    run_benchmark(plan)
    folder = plan.run_folder
    results = pd.read_parquet(folder / "results.parquet")
    assert {"age=under 60", "age=60 and over"} <= set(results["group"])
    assert {"sex", "age"} == set(pd.read_parquet(folder / "subgroups.parquet")["column"])
    main = results[(results["model"] == "clinical-logistic") & (results["quantity"] == "auc_difference")]
    main = main[(main["reference"] == "forest") & (main["group"] == "all")]
    assert main["p_adjusted"].tolist() == pytest.approx(main["p_value"].tolist(), nan_ok=True)
    assert pd.read_parquet(folder / "shift.parquet").empty
    assert "not applicable" in (folder / "report.md").read_text()


def test_a_family_with_an_unknown_model_is_refused_before_anything_is_fitted(small_study: SmallStudy) -> None:
    declare(small_study, "families: {main: [clinical - forest]}")
    with pytest.raises(DeclarationError, match="there is no such model"):
        load_plan(small_study.folder, RunOptions(jobs=1))
