from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.audit.audit import Audit, run_audit
from samesplit.audit.leaks import LEAKS
from samesplit.errors import DeclarationError

SHUFFLES = 6
LEFT_OUT = ("signed-rank", "undiscretised-information")
"""They fit two grids of their own each and let nothing in; see test_leaks.py."""


@pytest.fixture(scope="module")
def audited(noise: Path) -> Audit:
    """The leaks on the noise, once."""
    names = list(dict.fromkeys(leak.name for leak in LEAKS.values() if leak.name not in LEFT_OUT))
    return run_audit(noise, shuffles=SHUFFLES, jobs=1, leaks=names)


def rows_of(audit: Audit, labels: str) -> pd.DataFrame:
    table = audit.table[(audit.table["labels"] == labels) & audit.table["applied"]]
    return table.assign(key=table["leak"] + "/" + table["variant"]).set_index("key")


def covers_chance(rows: pd.DataFrame, which: str, confidence: float) -> pd.Series[bool]:
    """Whether intervals, which are 95 % ones, cover 0.5 when they are made for another confidence."""
    tail, usual = (stats.t.isf((1 - level) / 2, SHUFFLES - 1) for level in (confidence, 0.95))
    half = (rows[f"{which}_high"] - rows[f"{which}_low"]) / 2 * tail / usual
    return (rows[f"{which}_auc"] - 0.5).abs() <= half


def test_on_shuffled_labels_the_honest_pipeline_is_at_chance(audited: Audit) -> None:
    rows = rows_of(audited, "shuffled")
    model = rows.loc["selection-on-all-data/"]

    assert len(rows) >= 9
    assert model["honest_low"] <= 0.5 <= model["honest_high"]
    # Several counterparts at once: one in twenty intervals of 95 % leaves chance out by design.
    assert covers_chance(rows, "honest", 0.99).all(), rows[["honest_low", "honest_high"]]


def test_on_shuffled_labels_every_leak_that_lets_test_labels_in_is_above_chance(audited: Audit) -> None:
    rows = rows_of(audited, "shuffled")
    leaking = rows[rows["informative"]]

    assert set(leaking["leak"]) >= {
        "selection-on-all-data", "combat-on-all-data", "smote-before-folds", "patient-on-two-sides",
        "fitted-on-test", "new-split-per-cell", "best-of-n-on-test", "threshold-on-test",
    }  # fmt: skip
    assert (leaking["leaky_low"] > 0.5).all(), leaking[["leaky_auc", "leaky_low"]]


def test_leaks_that_let_no_test_label_in_stay_at_chance(audited: Audit) -> None:
    rows = rows_of(audited, "shuffled")
    quiet = rows[~rows["informative"]]

    assert set(quiet["leak"]) == {"scaling-on-all-data", "combat-on-all-data", "hard-label-auc"}
    assert covers_chance(quiet, "leaky", 0.99).all(), quiet[["leaky_low", "leaky_high"]]


def test_the_difference_is_that_of_the_two_aucs(audited: Audit) -> None:
    done = audited.table[audited.table["applied"]]

    np.testing.assert_allclose(done["difference"], done["leaky_auc"] - done["honest_auc"], atol=1e-12)


def test_the_best_of_all_cells_buys_something_where_there_is_nothing_to_find(audited: Audit) -> None:
    rows = audited.table[audited.table["leak"] == "best-of-n-on-test"].set_index("labels")

    # On real labels it need not: it keeps one cell for all folds, while the honest choice may change between them.
    assert rows.loc["shuffled", "difference"] > 0
    assert set(rows["candidates"]) == {6}


def test_a_leak_that_cannot_be_made_says_why(audited: Audit) -> None:
    table = audited.table.set_index("variant")
    note = table.loc["sequences as rows", "note"].iloc[0]

    assert "sequences" in note
    assert set(audited.table["leak"]) == {leak.name for leak in LEAKS.values()} - set(LEFT_OUT)


def test_what_is_written_is_the_table_a_record_and_a_page(audited: Audit) -> None:
    kept = pd.read_parquet(audited.folder / "audit.parquet")
    record = json.loads((audited.folder / "record.json").read_text())
    page = (audited.folder / "audit.html").read_text()

    assert len(kept) == len(audited.table) == len(pd.read_csv(audited.folder / "audit.csv"))
    assert record["fits"] > 0
    assert record["hashes"]["split"]
    for title in audited.table["title"]:
        assert title in page
    assert "<svg" in page


def test_a_second_audit_does_nothing_anew_and_says_the_same(
    audited: Audit, noise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a kept piece was done again")

    monkeypatch.setattr("samesplit.audit.procedure.Procedure.run", refuse)
    again = run_audit(noise, shuffles=2, jobs=1, leaks=["selection-on-all-data"], output=tmp_path / "again")
    both = [
        audit.table.query("leak == 'selection-on-all-data' and labels == 'real'")
        for audit in (audited, again)
    ]

    pd.testing.assert_frame_equal(*(part.reset_index(drop=True) for part in both))


def test_an_audit_on_a_cluster_sends_what_workers_cannot_see_and_says_the_same(
    noise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers stand in for another machine: what is sent is pickled, and no file of the audit is there."""
    sent: list[str] = []

    def elsewhere(function: Any, items: Any, *, address: str) -> Iterator[tuple[int, Any]]:
        for place in range(len(items)):
            parcel = pickle.dumps((function, items[place]))
            with monkeypatch.context() as far:
                far.setattr(
                    "samesplit.audit.work_units.read_table_file", lambda _: pytest.fail("no such disk")
                )
                call, item = pickle.loads(parcel)
                sent.append(address)
                yield place, call(item)

    monkeypatch.setattr("samesplit.execution.dispatch.map_on_dask", elsewhere)
    asked: dict[str, Any] = {"shuffles": 1, "leaks": ["hard-label-auc", "selection-on-all-data"], "jobs": 1}
    works = {}
    for name, scheduler in (("here", None), ("there", "tcp://far:8786")):
        root = tmp_path / name
        shutil.copytree(
            noise.parents[1], root, ignore=shutil.ignore_patterns("reports")
        )  # what other tests kept
        found = run_audit(root / "benchmarks" / "noise", **asked, scheduler=scheduler)
        works[name] = found.table
    assert set(sent) == {"tcp://far:8786"}
    pd.testing.assert_frame_equal(works["here"], works["there"])


def test_a_failing_leak_costs_its_own_row(
    noise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesplit.audit.leaks import preparation

    def fail(self: object, work: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(preparation._PreparedOnAll, "start", fail)
    monkeypatch.setattr(preparation._PreparedOnAll, "key", property(lambda self: "failing"))
    found = run_audit(
        noise,
        shuffles=0,
        jobs=1,
        leaks=["scaling-on-all-data", "hard-label-auc"],
        output=tmp_path / "failing",
    )
    rows = found.table.set_index("leak")

    assert not rows.loc["scaling-on-all-data", "applied"]
    assert "no such thing" in rows.loc["scaling-on-all-data", "note"]
    assert rows.loc["hard-label-auc", "applied"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"leaks": ["bad-luck"]}, "there is no leak"), ({"model": "zero-rule"}, "not a radiomics")],
)
def test_what_is_not_known_is_said_before_anything_is_done(
    noise: Path, asked: dict[str, object], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        run_audit(noise, jobs=1, **asked)  # type: ignore[arg-type]
