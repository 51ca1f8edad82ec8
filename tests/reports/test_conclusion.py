from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from samesplit.reports.conclusion import answer
from samesplit.reports.context import make_context
from samesplit.reports.run_folder import read_run


@pytest.fixture
def say(small_run: Path) -> Callable[..., str]:
    """The answer for two models with a given difference to the reference, radiomics-grid."""

    def give(
        *,
        difference: tuple[float, float, float] | None = (0.05, 0.01, 0.09),
        p: float = 0.02,
        reference: str | None = "radiomics-grid",
        best: str = "clinical",
        readers: bool = False,
        shuffled: bool = False,
        low: float = 0.7,
    ) -> str:
        data = read_run(small_run)
        results = data.results.copy()
        auc = (results["quantity"] == "auc") & (results["group"] == "all")
        other = "clinical" if best == "radiomics-grid" else "radiomics-grid"
        for model, value in ((best, 0.85), (other, 0.80)):
            results.loc[auc & (results["model"] == model), ["estimate", "ci_low", "ci_high"]] = [
                value,
                low,
                0.9,
            ]
        if not readers:
            results = results[~results["model"].str.startswith("reader")]
        pair = (results["quantity"] == "auc_difference") & (results["reference"] == "radiomics-grid")
        pair &= results["model"] == "clinical"
        if difference is None:
            results = results[results["quantity"] != "auc_difference"]
        else:
            turn = 1 if best == "clinical" else -1
            low, high = sorted(turn * bound for bound in difference[1:])
            claim = "not shown" if p > 0.05 else "higher" if turn * difference[0] > 0 else "lower"
            names = [
                "estimate",
                "ci_low",
                "ci_high",
                "p_value",
                "p_adjusted",
                "claim",
                "false_claim_probability",
            ]
            results.loc[pair, names] = [turn * difference[0], low, high, p / 2, p, claim, p / 4]
        run = data.run | {"statistics": {"reference": reference}, "options": {"shuffle_labels": shuffled}}
        changed = replace(data, run=run, results=results)
        return answer(make_context(changed))

    return give


def test_the_best_model_that_is_shown_to_differ(say: Callable[..., str]) -> None:
    text = say()
    assert re.match(
        r"Clinical logistic regression has the highest AUC of 2 models, 0\.850 \(95 % interval 0\.700 to 0\.900\) "
        r"on \d+ lesions\. ",
        text,
    )
    assert text.endswith(
        "It is shown to be above the reference, Radiomics grid "
        "(difference +0.050, +0.010 to +0.090, Holm-adjusted p = 0.020, probability of a false claim 0.005)."
    )


def test_an_interval_that_holds_zero_is_not_shown_to_differ(say: Callable[..., str]) -> None:
    text = say(difference=(0.05, -0.01, 0.11), p=0.2)
    assert (
        "It is not shown to differ from the reference, Radiomics grid (difference +0.050, −0.010 to" in text
    )
    assert "equal" not in text


def test_an_adjusted_p_that_is_large_is_not_shown_to_differ(say: Callable[..., str]) -> None:
    assert "not shown to differ" in say(p=0.3)


def test_when_the_reference_is_best_the_next_model_is_compared_with_it(say: Callable[..., str]) -> None:
    text = say(best="radiomics-grid")
    assert text.startswith("Radiomics grid, the reference, has the highest AUC of 2 models, 0.850")
    assert (
        "The next, Clinical logistic regression, is shown to be below it (difference −0.050, −0.090 to"
        in text
    )


def test_without_a_reference_no_difference_is_stated(say: Callable[..., str]) -> None:
    text = say(reference=None)
    assert "No reference model is named, so no difference is stated" in text
    assert "shown to" not in text


def test_without_a_difference_the_answer_says_so(say: Callable[..., str]) -> None:
    assert "No difference to the reference could be computed" in say(difference=None)


def test_the_readers_mean_is_named_with_its_interval(say: Callable[..., str]) -> None:
    text = say(readers=True)
    assert re.search(
        r"The mean of 2 readers \(unaided\) has an AUC of 0\.\d{3} \(0\.\d{3} to [01]\.\d{3}\)", text
    )
    assert "to the reference" in text or "the reference (difference" in text


@pytest.mark.parametrize(
    ("p", "words"), [(0.2, "is not shown to differ from"), (0.01, "is shown to be above")]
)
def test_readers_are_shown_to_differ_only_where_random_readers_are(
    small_run: Path, p: float, words: str
) -> None:
    data = read_run(small_run)
    reference = str(data.reference)
    results = data.results.copy()
    mine = (results["quantity"] == "auc_difference") & (results["reference"] == reference)
    mine &= results["model"] == "readers:mean/unaided"
    results.loc[mine, "claim"] = "higher"
    row = {
        "model": reference, "modality": "unaided", "quantity": "auc", "estimate": -0.06, "ci_low": -0.2,
        "ci_high": 0.08, "p_value": p,
    }  # fmt: skip
    tables = {**data.tables, "readers/against_model": pd.DataFrame([row])}
    text = answer(make_context(replace(data, results=results, tables=tables)))
    assert (
        f"{words} the reference (difference +0.060, −0.080 to +0.200 with readers and lesions random" in text
    )


def test_shuffled_labels_must_give_chance(say: Callable[..., str]) -> None:
    assert "does not contain 0.5" in say(shuffled=True, low=0.7)
    assert "no leak is shown" in say(shuffled=True, low=0.45)


def test_no_auc_no_verdict(small_run: Path) -> None:
    data = read_run(small_run)
    nothing = replace(data, results=data.results[data.results["quantity"] != "auc"])
    assert answer(make_context(nothing)).startswith("No model could be evaluated")


def test_the_constant_model_never_leads_but_lesion_size_may(maker: ModuleType, tmp_path: Path) -> None:
    folder = maker.make_run(
        tmp_path / "run", n_lesions=60, folds=1, seeds=(0,), models=("lesion-size", "zero-rule"),
        reference="lesion-size", n_readers=0, bootstraps=0,
    )  # fmt: skip
    context = make_context(read_run(folder))
    assert answer(context).startswith("Lesion size alone, the reference, reaches an AUC of")
