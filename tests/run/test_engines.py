"""Engines side by side on a benchmark: agreement per feature, and the table and page that are written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.errors import DeclarationError
from samesplit.features.comparison import EnginePair
from samesplit.features.equivalence import NeutralSetting
from samesplit.reports.engine_comparison import EngineUse, comparison_page
from samesplit.run.engines import CLASSES, agreement, compare_engines

COLUMNS = (
    "family",
    "feature",
    "tag",
    "ibsi_code",
    "aggregation",
    "column_first",
    "column_second",
    "reasons",
    "note",
)


def pair_of(first: np.ndarray, second: np.ndarray) -> EnginePair:
    names = [f"f{number}" for number in range(first.shape[1])]
    index = pd.MultiIndex.from_product(
        [[f"L{i}" for i in range(len(first))], ["R1"]], names=["lesion_id", "rater"]
    )
    features = pd.DataFrame("x", index=names, columns=list(COLUMNS)).assign(reasons="grid", note="")
    tables = [pd.DataFrame(values, index=index, columns=names) for values in (first, second)]
    return EnginePair("T2", "a", "b", features, *tables)


def test_agreement_has_icc_and_largest_differences_of_the_lesions_where_both_have_a_value() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(10, 3, (30, 5))
    other = truth.copy()
    other[:, 1] *= 1 + 1e-9
    other[:, 2] += rng.normal(0, 0.3, 30)
    other[7, 2] = truth[7, 2] - 4
    other[:, 3] = rng.normal(10, 3, 30)
    other[:5, 3] = np.nan
    other[:, 4] = np.nan
    table = agreement(pair_of(truth, other))
    assert list(table["agreement"]) == ["same", "same", "excellent", "poor", "not defined"]
    assert list(table["n"]) == [30, 30, 30, 25, 0]
    assert list(table["reasons"]) == ["", "", "grid", "grid", "grid"]
    assert table["icc"][0] == pytest.approx(1)
    assert 0.9 < table["icc"][2] < 0.999
    assert table["icc_low"][2] < table["icc"][2] < table["icc_high"][2]
    assert (table["where"][2], table["largest_difference"][2]) == ("L7", pytest.approx(-4))
    expected = np.abs(other - truth)[:, 2] / np.maximum(np.abs(other), np.abs(truth))[:, 2]
    assert table["largest_relative_difference"][2] == pytest.approx(expected.max())
    assert table["median_relative_difference"][2] == pytest.approx(np.median(expected))
    assert table.loc[4, ["icc", "largest_difference", "median_relative_difference"]].isna().all()


def test_zero_and_zero_are_the_same_number_and_a_changed_sign_is_not() -> None:
    table = agreement(pair_of(np.array([[0.0, 1.0], [0.0, 2.0]]), np.array([[0.0, -1.0], [0.0, 2.0]])))
    assert list(table["largest_relative_difference"]) == [0.0, 2.0]
    assert table["agreement"][0] == "same"


def test_a_constant_shift_lowers_the_agreement() -> None:
    values = np.random.default_rng(3).normal(0, 1, (40, 1))
    assert agreement(pair_of(values, values + 3))["agreement"][0] == "poor"


def test_the_page_holds_every_feature_escaped_and_names_the_reasons() -> None:
    values = np.random.default_rng(4).normal(5, 1, (6, 3))
    table = agreement(pair_of(values, values[::-1])).assign(feature="<b>")
    use = EngineUse("T2", "a", "1.0", "neutral-a", "2 mm", 6, 3, 1.5)
    page = comparison_page(
        "A & B", table, [use], {"grid": "Other corner.", "mask": "-"}, failed=1, classes=CLASSES
    )
    assert page.count("&lt;b&gt;") == 3
    assert "A &amp; B" in page
    assert "Other corner." in page
    assert "<dt>mask" not in page
    assert "1 case could not be used" in page
    assert not re.search(r"(src|href)=\"http", page)


def test_two_engines_on_a_benchmark_write_a_table_and_a_page(
    small_study: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesplit.features.engines import _ENGINES

    first = "ibsi" if "ibsi" in _ENGINES else "mirp"
    if first == "mirp":
        pytest.importorskip("mirp", reason="neither ibsi nor mirp is there: this comparison was NOT made")
    found = compare_engines(
        small_study.folder,
        engines=[first, "pyradiomics"],
        sequences=["T1C"],
        setting=NeutralSetting(None, bins=8),
        most_lesions=3,
        output=tmp_path / "out",
        jobs=1,
    )
    assert len(found.table) == 102
    assert set(found.table["n"]) == {3}
    assert found.ledger.empty
    unlike = set(found.table.loc[found.table["agreement"] != "same", "tag"])
    assert unlike == {"stat_kurt", "morph_pca_maj_axis", "morph_pca_min_axis", "morph_pca_least_axis"}
    assert set(found.table.loc[found.table["tag"].isin(unlike), "reasons"]) == {"definition"}
    again = pd.read_csv(found.files[0], keep_default_na=False, na_values=[""])
    assert list(again["tag"]) == list(found.table["tag"])
    assert "<svg" in found.files[1].read_text()
    assert int(found.summary().to_numpy().sum()) == 102


def test_what_cannot_be_compared_is_said_before_anything_starts(small_study: SmallStudy) -> None:
    for arguments, message in (
        ({"engines": ["pyradiomics"]}, "two or more different engines"),
        ({"engines": ["pyradiomics", "pyradiomics"]}, "two or more different engines"),
        ({"engines": ["pyradiomics", "ibis"]}, "no engine 'ibis'"),
        ({"engines": ["pyradiomics", "mirp"], "sequences": ["T9"]}, "no sequence 'T9'"),
    ):
        if "mirp" in arguments["engines"]:
            pytest.importorskip("mirp")
        with pytest.raises(DeclarationError, match=message):
            compare_engines(small_study.folder, **arguments)
