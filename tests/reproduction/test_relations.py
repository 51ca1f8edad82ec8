from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reproduction.numbers import parse, read_printed
from samesplit.reproduction.relations import (
    Share,
    Sum,
    judge,
    locate,
    mean_and_sd,
    rounding_range,
    shares,
    sums,
)

MEN, WOMEN, ALL = ({"model_or_reader": name, "metric": "n"} for name in ("men", "women", "all"))


@pytest.fixture
def published(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "published.csv").write_text(
        "study,model_or_reader,metric,value\nA,men,n,55\nA,women,n,8\nA,all,n,65\nA,men,percent,85\n"
        "A,twice,n,1\nA,twice,n,2\n",
        encoding="utf-8",
    )
    return read_printed(tmp_path)


def test_a_number_is_found_where_exactly_one_row_fits(published: pd.DataFrame) -> None:
    found = locate(published, MEN)
    assert found is not None
    assert (found.row, found.number) == (2, 55)
    assert locate(published, {"model_or_reader": "twice"}) is None
    assert locate(published, {"model_or_reader": "nobody"}) is None
    assert locate(published, MEN, part="p_value") is None


def test_a_sum_and_its_parts_are_judged_by_each_other(published: pd.DataFrame) -> None:
    found = sums([Sum(ALL, (MEN, WOMEN))])(published)
    assert [(one.row, one.value, one.formula, one.verdict) for one in found] == [
        (4, 63, "55 + 8", "inconsistent"),
        (2, 57, "65 - 8", "inconsistent"),
        (3, 10, "65 - 55", "inconsistent"),
    ]
    assert [one.row for one in sums([Sum(ALL, (MEN, WOMEN), judged="total")])(published)] == [4]
    assert [one.row for one in sums([Sum(ALL, (MEN, WOMEN), judged="parts")])(published)] == [2, 3]


def test_a_relation_of_which_a_number_is_missing_says_nothing(published: pd.DataFrame) -> None:
    absent = {"model_or_reader": "children", "metric": "n"}
    assert sums([Sum(ALL, (MEN, absent)), Sum(absent, (MEN, WOMEN))])(published) == []
    percent = {"model_or_reader": "men", "metric": "percent"}
    assert shares([Share(percent, absent, 65), Share(percent, MEN, absent)])(published) == []


def test_a_percentage_is_judged_by_its_count(published: pd.DataFrame) -> None:
    percent = {"model_or_reader": "men", "metric": "percent"}
    (of_all,) = shares([Share(percent, MEN, ALL)])(published)
    assert (of_all.row, of_all.verdict, of_all.formula) == (5, "reproduced", "100 x 55 / 65")
    (of_others,) = shares([Share(percent, MEN, 63)])(published)
    assert (of_others.verdict, of_others.formula) == ("inconsistent", "100 x 55 / 63")


def test_rounding_of_the_inputs_is_allowed_for_and_said() -> None:
    inputs = [parse("2.9"), parse("2.8")]
    between = rounding_range(lambda a, b: a - b, inputs)
    assert between == pytest.approx((0.0, 0.2))
    within = judge(parse("0.2"), 0.1, "a - b", between=between)
    assert within.verdict == "reproduced"
    assert "within the rounding" in within.note
    assert judge(parse("0.3"), 0.1, "a - b", between=between).verdict == "inconsistent"
    assert judge(parse("0.2"), 0.1, "a - b").verdict == "inconsistent"


@pytest.mark.parametrize(("printed", "between", "verdict"), [
    ("<0.05", (0.04, 0.2), "reproduced"), ("<0.05", (0.06, 0.2), "inconsistent"),
    (">0.05", (0.01, 0.06), "reproduced"), (">0.05", (0.01, 0.04), "inconsistent"),
    ("not given", (0.0, 1.0), "inconsistent"),
])  # fmt: skip
def test_a_printed_bound_is_kept_by_some_number_of_the_range(
    printed: str, between: tuple[float, float], verdict: str
) -> None:
    recomputed = 0.2 if printed[0] == "<" else 0.01
    assert judge(parse(printed), recomputed, "", between=between).verdict == verdict


def test_a_mean_with_its_sd_is_read_and_nothing_else() -> None:
    pair = mean_and_sd(parse("2047.16±619.21"))
    assert pair is not None
    assert [each.number for each in pair] == [2047.16, 619.21]
    assert mean_and_sd(parse("2047.16")) is None
    assert mean_and_sd(parse("about±so")) is None
    assert mean_and_sd(None) is None
