"""What the pages for those who come from another tool say of its numbers is what that tool printed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "coming-from" / "r.md").read_text(encoding="utf-8")

Reference = Callable[[str], pd.DataFrame]


def block_with(text: str) -> str:
    """The one fenced block of the page that holds a text."""
    (found,) = [block for block in re.findall(r"```\w+\n(.*?)```", PAGE, re.DOTALL) if text in block]
    return found


@pytest.mark.data
def test_the_lines_for_vandyke_print_the_numbers_of_mrmcaov(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(shared_data / "reader_stats" / "vandyke.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(block_with('pd.read_csv("vandyke.csv")'), "coming-from/r.md", "exec"), {})
    expected = pd.read_csv(shared_data / "reader_stats" / "expected" / "mrmcaov_or_main.csv")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for line, (fixed, statistic) in zip(
        lines, {"none": "F", "reader": "X2", "case": "F"}.items(), strict=True
    ):
        of_analysis = expected[
            (expected["analysis_id"] == f"VanDyke|empirical_auc|jackknife|fixed_{fixed}")
            & (expected["table"] == "test_equality")
        ].set_index("stat")["value"]
        told = line.partition(" = ")[2].replace("p-value = ", "").split(", ")
        assert told == [f"{of_analysis[statistic]:.7f}", f"{of_analysis['p-value']:.8f}"]
        assert f"{statistic} = {of_analysis[statistic]:.7f}" in PAGE
        assert f"p-value = {of_analysis['p-value']:.8f}" in PAGE


@pytest.mark.data
def test_the_ratings_on_the_page_are_those_that_r_was_given(reference: Reference) -> None:
    readings = reference("sim_roemetz.csv").sort_values(["treatment", "reader", "case"])
    by_reader = readings.groupby(["treatment", "reader"])
    namespace: dict[str, dict[str, str]] = {}
    exec(re.search(r"^ratings = \{.*?^\}", block_with("ratings = {"), re.DOTALL | re.MULTILINE)[0], namespace)  # type: ignore[index]
    for treatment, rows in namespace["ratings"].items():
        for reader, digits in enumerate(rows.split(), 1):
            assert digits == "".join(by_reader.get_group((treatment, reader))["ord"].astype(str))
    for name, treatment in (("test_a", "testA"), ("test_b", "testB")):
        ranks = re.search(rf'{name} = """(.*?)"""', PAGE, re.DOTALL)[1].split()  # type: ignore[index]
        given = by_reader.get_group((treatment, 1))["rating"]
        np.testing.assert_array_equal(np.array(ranks, dtype=float), given.rank())


@pytest.mark.data
def test_the_numbers_of_r_on_the_page_are_those_of_the_reference_tables(reference: Reference) -> None:
    proc = reference("expected/proc.csv")
    of_reader = proc[proc["analysis_id"].isin(["sim testA 1", "sim testB 1", "sim reader 1"])]
    assert len(of_reader) == 6
    for value in of_reader["value"]:
        assert repr(value)[:10] in PAGE
    mrmcaov = reference("expected/mrmcaov_sim_cc0.csv")
    chosen = mrmcaov[mrmcaov["analysis_id"] == "sim_roemetz|ordinal_auc|jackknife|fixed_none"]
    wanted = [("test_equality", "all", each) for each in ("F", "df2", "p-value")]
    wanted += [("test_diffs", "testA - testB", each) for each in ("StdErr", "CI.Lower", "CI.Upper")]
    wanted += [("vcov_comps", each, "Estimate") for each in ("Cov1", "Cov2", "Cov3")]
    values = chosen.set_index(["table", "row", "stat"])["value"]
    for key in wanted:
        assert f"{values[key]:.10f}" in PAGE, key
