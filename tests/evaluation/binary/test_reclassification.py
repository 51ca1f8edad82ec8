from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.draws import Draws, make_draws
from samesplit.evaluation.binary.reclassification import COLUMNS, reclassification_table
from samesplit.statistics.reclassification import (
    integrated_discrimination_improvement,
    net_reclassification_improvement,
)


def _tables(seeds: int = 1) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(0)
    base = pd.DataFrame({"lesion_id": [f"L{i:03d}" for i in range(60)]})
    base["patient_id"] = "P" + base["lesion_id"].str[1:]
    base["label"] = rng.permutation(np.arange(60) % 2)
    latent = 1.2 * (base["label"] - 0.5)

    def model(strength: float, seed: int) -> pd.DataFrame:
        noise = np.random.default_rng(seed).normal(size=60)
        score = 1 / (1 + np.exp(-(strength * latent + noise)))
        return base.assign(score=score, seed=seed, repeat=0, fold=0, run=0, cell=0)

    network = pd.concat([model(1.5, 10 + seed) for seed in range(seeds)], ignore_index=True)
    return {"grid": model(1, 1), "clinical": model(0.3, 2), "network": network}


def _draws(tables: dict[str, pd.DataFrame], n_bootstrap: int = 200) -> Draws:
    return make_draws(tables["grid"], n_bootstrap=n_bootstrap, seed=0)


def test_every_model_stands_against_every_reference_but_itself() -> None:
    tables = _tables()
    found = reclassification_table(tables, ["grid", "clinical"], _draws(tables), categories=[0.3, 0.6])
    assert list(found.columns) == COLUMNS
    pairs = set(found[["model", "reference"]].itertuples(index=False, name=None))
    assert pairs == {("clinical", "grid"), ("network", "grid"), ("grid", "clinical"), ("network", "clinical")}
    assert (found.groupby(["model", "reference"]).size() == 9).all()
    assert ((found["ci_low"] <= found["estimate"]) & (found["estimate"] <= found["ci_high"])).all()


def test_the_estimates_are_those_of_the_statistics_and_the_intervals_near_theirs() -> None:
    tables = _tables()
    found = reclassification_table(tables, ["clinical"], _draws(tables, 1000), categories=[0.5])
    found = found[found["model"] == "network"].set_index(["measure", "categories"])
    y, old, new = tables["grid"]["label"], tables["clinical"]["score"], tables["network"]["score"]
    free = net_reclassification_improvement(y, old, new)
    by_category = net_reclassification_improvement(y, old, new, categories=[0.5])
    idi = integrated_discrimination_improvement(y, old, new)
    for key, expected in {
        ("nri_events", ""): free.events,
        ("nri_non_events", ""): free.non_events,
        ("nri", ""): free.nri,
        ("nri", "0.5"): by_category.nri,
        ("idi_events", ""): idi.events,
        ("idi", ""): idi.idi,
    }.items():
        row = found.loc[key]
        assert row["estimate"] == pytest.approx(expected.estimate)
        width = expected.ci_high - expected.ci_low
        assert row["ci_high"] - row["ci_low"] == pytest.approx(width, rel=0.15)
    row = found.loc["nri_events", ""]
    assert (row["share_up"], row["share_down"]) == pytest.approx((free.events_up, free.events_down))
    row = found.loc["nri_non_events", "0.5"]
    assert row["share_down"] == pytest.approx(by_category.non_events_down)
    assert found.loc[[("nri", ""), ("idi_events", "")], "share_up"].isna().all()


def test_several_seeds_are_paired_with_each_and_count_as_one() -> None:
    tables = _tables(seeds=3)
    found = reclassification_table(tables, ["clinical"], _draws(tables)).set_index(["model", "measure"])
    each = [
        net_reclassification_improvement(
            part["label"], tables["clinical"]["score"], part["score"]
        ).nri.estimate
        for _, part in tables["network"].groupby("seed")
    ]
    assert found.loc[("network", "nri"), "estimate"] == pytest.approx(np.mean(each))
    assert found.loc[("network", "nri"), "n"] == 60


def test_without_samples_there_is_no_interval_and_with_one_class_no_row() -> None:
    tables = _tables()
    found = reclassification_table(tables, ["grid"], _draws(tables, 0))
    assert found["ci_low"].isna().all()
    assert found["method"].eq("no interval").all()
    positive = {name: table[table["label"] == 1] for name, table in tables.items()}
    none = reclassification_table(positive, ["grid"], _draws(positive))
    assert none.empty
    assert list(none.columns) == COLUMNS
