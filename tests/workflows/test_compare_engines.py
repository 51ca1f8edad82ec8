"""Engines side by side on a benchmark: agreement per feature, and the table and page that are written."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from conftest import SmallStudy
from samesplit.errors import DeclarationError
from samesplit.features import engines
from samesplit.features.comparison.equivalence import NeutralSetting
from samesplit.features.comparison.extraction import EnginePair
from samesplit.reports.engine_comparison import EngineUse, comparison_page
from samesplit.workflows.compare_engines import CLASSES, agreement, compare_engines

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
    assert list(table["n_first"]) == [30] * 5
    assert list(table["n_second"]) == [30, 30, 30, 25, 0]
    assert list(table["reasons"]) == ["", "", "grid", "grid; undefined", "grid; undefined"]
    assert table["icc"][0] == pytest.approx(1)
    assert 0.9 < table["icc"][2] < 0.999
    assert table["icc_low"][2] < table["icc"][2] < table["icc_high"][2]
    assert (table["where"][2], table["largest_difference"][2]) == ("L7", pytest.approx(-4))
    expected = np.abs(other - truth)[:, 2] / np.maximum(np.abs(other), np.abs(truth))[:, 2]
    assert table["largest_relative_difference"][2] == pytest.approx(expected.max())
    assert table["median_relative_difference"][2] == pytest.approx(np.median(expected))
    assert table.loc[4, ["icc", "largest_difference", "median_relative_difference"]].isna().all()


def test_numbers_that_are_the_same_where_both_engines_have_one_are_not_the_same_feature() -> None:
    truth = np.random.default_rng(2).normal(10, 3, (12, 4))
    other = truth.copy()
    other[3, 1] = np.nan
    truth[5, 2], other[6, 2] = np.nan, np.nan
    truth[4, 3] = other[4, 3] = np.nan
    table = agreement(pair_of(truth, other))
    assert list(table["agreement"]) == ["same", "excellent", "excellent", "same"]
    assert list(table["reasons"]) == ["", "grid; undefined", "grid; undefined", ""]
    assert list(zip(table["n"], table["n_first"], table["n_second"], strict=True)) == [
        (12, 12, 12),
        (11, 12, 11),
        (10, 11, 11),
        (11, 11, 11),
    ]


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
    assert "ledger.csv" in page
    assert not re.search(r"(src|href)=\"http", page)


def test_two_engines_on_a_benchmark_write_a_table_and_a_page(small_study: SmallStudy, tmp_path: Path) -> None:
    found = compare_engines(
        small_study.folder,
        engines=["ibsi", "pyradiomics"],
        sequences=["T1C"],
        setting=NeutralSetting(None, bins=8),
        most_lesions=3,
        output=tmp_path / "out",
        jobs=1,
    )
    assert len(found.table) == 102
    assert set(found.table["n"]) == {3}
    assert found.ledger.empty
    assert found.failed == 0
    assert [path.name for path in found.files] == ["engines.csv", "ledger.csv", "engines.html"]
    unlike = set(found.table.loc[found.table["agreement"] != "same", "tag"])
    assert unlike == {"stat_kurt", "morph_pca_maj_axis", "morph_pca_min_axis", "morph_pca_least_axis"}
    assert set(found.table.loc[found.table["tag"].isin(unlike), "reasons"]) == {"definition"}
    again = pd.read_csv(found.files[0], keep_default_na=False, na_values=[""])
    assert list(again["tag"]) == list(found.table["tag"])
    assert "<svg" in found.files[2].read_text()
    assert int(found.summary().to_numpy().sum()) == 102


def spoil(study: SmallStudy) -> None:
    """The first lesion has an empty mask, the last one a mask beside its image, which is to be repaired."""
    empty = sitk.ReadImage(str(study.mask("L00a")))
    sitk.WriteImage(empty * 0, str(study.mask("L00a")))
    shifted = sitk.ReadImage(str(study.mask("L23a")))
    shifted.SetOrigin((0.4, 0.0, 0.0))
    sitk.WriteImage(shifted, str(study.mask("L23a")))
    declared = study.folder / "benchmark.yaml"
    declared.write_text(declared.read_text().replace("cohort:", "cohort:\n  geometry_repair: copy_header"))


def test_only_cases_that_failed_are_counted_as_failed_and_the_ledger_is_written(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    spoil(small_study)
    found = compare_engines(
        small_study.folder,
        engines=["ibsi", "pyradiomics"],
        sequences=["T1C"],
        setting=NeutralSetting(None, bins=8),
        most_lesions=3,
        output=tmp_path / "out",
        jobs=1,
    )
    ledger = pd.read_csv(tmp_path / "out" / "ledger.csv")
    assert found.failed == 1
    assert sorted(zip(ledger["lesion_id"], ledger["stage"], ledger["status"], strict=True)) == [
        ("L00a", "features/neutral-ibsi", "failed"),
        ("L00a", "features/neutral-pyradiomics", "failed"),
        ("L23a", "features/neutral-ibsi", "repaired"),
        ("L23a", "features/neutral-pyradiomics", "repaired"),
    ]
    assert "1 case could not be used by an engine; ledger.csv" in (tmp_path / "out/engines.html").read_text()


def test_a_profile_that_is_not_the_neutral_setting_is_a_reason(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    found = compare_engines(
        small_study.folder,
        engines=["ibsi", "pyradiomics"],
        profiles=["first-order"],
        sequences=["T1C"],
        setting=NeutralSetting(None),
        most_lesions=2,
        output=tmp_path / "out",
        jobs=1,
    )
    unlike = found.table[found.table["agreement"] != "same"].set_index("tag")
    assert unlike.loc["stat_kurt", "reasons"] == "definition; settings"
    assert unlike.loc["ih_entropy", "reasons"] == "settings"  # 32 bins and 16
    assert "<dt>settings" in found.files[2].read_text()


def test_a_default_engine_that_is_not_installed_is_left_out_and_told(
    small_study: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent:
        @property
        def version(self) -> str:
            raise DeclarationError("the engine 'mirp' is not installed", remedy="install it")

    monkeypatch.setitem(engines._ENGINES, "mirp", Absent())

    found = compare_engines(
        small_study.folder, sequences=["T1C"], setting=NeutralSetting(None, bins=8), most_lesions=2,
        output=tmp_path / "out", jobs=1,
    )  # fmt: skip

    assert {*found.table["first"], *found.table["second"]} == {"ibsi", "pyradiomics"}
    assert found.left_out == ("the engine 'mirp' is not installed: install it",)
    with pytest.raises(
        DeclarationError, match="'mirp' is not installed"
    ):  # asked for by name, it is an error
        compare_engines(small_study.folder, engines=["ibsi", "mirp"])


def test_what_cannot_be_compared_is_said_before_anything_starts(small_study: SmallStudy) -> None:
    for arguments, message in (
        ({"engines": ["pyradiomics"]}, "two or more different engines"),
        ({"engines": ["pyradiomics", "pyradiomics"]}, "two or more different engines"),
        ({"engines": ["pyradiomics", "ibis"]}, "no engine 'ibis'"),
        ({"engines": ["pyradiomics", "ibsi"], "sequences": ["T9"]}, "no sequence 'T9'"),
    ):
        with pytest.raises(DeclarationError, match=message):
            compare_engines(small_study.folder, **arguments)


@pytest.mark.skipif(find_spec("mirp") is None, reason="mirp is not installed: its refusal was NOT tried")
def test_an_unknown_sequence_is_said_with_mirp_too(small_study: SmallStudy) -> None:
    with pytest.raises(DeclarationError, match="no sequence 'T9'"):
        compare_engines(small_study.folder, engines=["pyradiomics", "mirp"], sequences=["T9"])


def test_sequences_without_an_image_are_an_error_with_a_remedy(small_study: SmallStudy) -> None:
    small_study.edit("images.csv", lambda table: table[table["sequence"] != "T2"])
    with pytest.raises(DeclarationError, match="no lesion has an image of T2") as caught:
        compare_engines(small_study.folder, engines=["ibsi", "pyradiomics"], sequences=["T2"])
    assert "T1C" in str(caught.value.remedy)


@pytest.mark.skipif(find_spec("mirp") is None, reason="mirp is not installed: this comparison was NOT made")
def test_slice_by_slice_a_default_engine_without_it_is_left_out_and_the_others_agree(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    found = compare_engines(
        small_study.folder, sequences=["T1C"], setting=NeutralSetting(None, ("2D_comb",), bins=8),
        most_lesions=2, output=tmp_path / "out", jobs=1,
    )  # fmt: skip

    assert {*found.table["first"], *found.table["second"]} == {"ibsi", "mirp"}
    (reason,) = found.left_out
    assert reason.startswith(
        "pyradiomics cannot aggregate textures 2D, slice-merged: compare engines that can"
    )
    print(
        found.table.loc[
            found.table["agreement"] != "same",
            [
                "tag",
                "aggregation",
                "n",
                "n_first",
                "n_second",
                "largest_difference",
                "largest_relative_difference",
                "reasons",
            ],
        ].to_string()
    )
    unlike = set(found.table.loc[found.table["agreement"] != "same", "reasons"])
    assert unlike <= {"enclosing", "spheroid"}
