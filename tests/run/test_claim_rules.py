from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.benchmarks.statistics_settings import StatisticsSettings
from samesplit.errors import DeclarationError
from samesplit.evaluation import Evaluation
from samesplit.run.claim_rules import check_families, claim_rules, with_families_told

FAMILIES = StatisticsSettings.model_validate(
    {
        "multiplicity": "benjamini-hochberg",
        "families": {"primary": ["cnn - forest", "cnn - readers:mean/unaided"]},
    }
)


def _judged(*pairs: tuple[str, str]) -> Evaluation:
    nothing = pd.DataFrame()
    results = pd.DataFrame(pairs, columns=["model", "reference"])
    return Evaluation(results, {}, nothing, nothing, nothing, nothing, nothing, {}, ("before",))


def test_a_comparison_with_a_model_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    check_families(FAMILIES, ["cnn", "forest"], Path())
    with pytest.raises(DeclarationError, match=r"compares 'forest' .* 'primary', .* no such model") as caught:
        check_families(FAMILIES, ["cnn", "forests"], Path())
    assert str(caught.value.remedy).startswith(
        "did you mean 'forests'? Models: cnn, forests; a reader is written"
    )
    with pytest.raises(DeclarationError) as caught:
        check_families(FAMILIES, ["x"], Path())
    assert str(caught.value.remedy).startswith("Models: x;")


def test_the_rules_hold_what_is_declared() -> None:
    rules = claim_rules(FAMILIES, ("ridge",))
    assert (rules.apart, rules.multiplicity) == (("ridge",), "Benjamini-Hochberg")
    assert rules.families["primary"][0] == ("cnn", "forest")


def test_a_declared_comparison_that_no_task_makes_is_told_once() -> None:
    rules = claim_rules(FAMILIES, ())
    judged = {"one": _judged(("forest", "cnn")), "two": _judged()}
    told = with_families_told(judged, rules)
    assert told["one"].notes == ("before", "declared comparison not made: cnn - readers:mean/unaided")
    assert told["two"].notes == ("before",)
    both = _judged(("forest", "cnn"), ("readers:mean/unaided", "cnn"))
    assert with_families_told({"one": both}, rules)["one"] is both
    assert with_families_told({}, rules) == {}
    assert with_families_told({"one": both}, claim_rules(StatisticsSettings(), ()))["one"] is both
