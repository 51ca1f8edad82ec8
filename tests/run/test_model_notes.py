from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.run.model_notes import model_notes


def table(*folds: list[float], model: str = "net", subset: str = "test") -> pd.DataFrame:
    """Predictions of one model, one fold after the other."""
    return pd.concat(
        pd.DataFrame(
            {
                "model": model, "seed": 0, "repeat": 0, "fold": fold, "subset": subset, "rater": "R1",
                "lesion_id": [f"F{fold}L{i}" for i in range(len(values))], "probability": values,
            }
        )
        for fold, values in enumerate(folds)
    )  # fmt: skip


def notes(predictions: pd.DataFrame, **more: object) -> list[str]:
    return model_notes(predictions, pd.DataFrame(), titles={"net": "Net"}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("last_digits", [0.0, 1e-12])
def test_a_fold_in_which_all_lesions_get_one_probability_is_told(last_digits: float) -> None:
    (note,) = notes(table([0.3, 0.3 + last_digits, 0.3], [0.1, 0.6, 0.3]))
    assert "the same probability in 1 of 2 fits" in note


def test_probabilities_that_differ_a_little_are_no_constant() -> None:
    assert notes(table([0.3, 0.3 + 1e-7])) == []


def test_a_constant_by_design_a_single_lesion_and_the_validation_part_are_not_told() -> None:
    assert notes(table([0.3, 0.3]), constant={"net"}) == []
    assert notes(table([0.3], [0.5])) == []
    assert notes(pd.concat([table([0.3, 0.3], subset="validation"), table([0.1, 0.2])])) == []


def test_a_constant_under_the_masks_of_another_rater_alone_is_told() -> None:
    other = table([0.4, 0.4]).assign(rater="R2")
    (note,) = notes(pd.concat([table([0.1, 0.2]), other]))
    assert "in its one fit" in note


def test_calls_in_place_of_probabilities_are_told() -> None:
    (note,) = notes(table([0.0, 1.0, 1.0], [1.0, 0.0, 0.0]))
    assert "these are calls, not probabilities" in note
    assert notes(table([0.0, 1.0, 1.0], [1.0, 0.0, 0.5])) == []


def test_a_sigmoid_of_probabilities_is_told_of_code_that_is_not_ours() -> None:
    probabilities = np.linspace(0, 1, 30)
    twice = 1 / (1 + np.exp(-probabilities))
    (note,) = notes(table(list(twice)), raw={"net"})
    assert "a sigmoid is applied to probabilities" in note
    assert notes(table(list(twice))) == []
    assert notes(table(list(probabilities)), raw={"net"}) == []


def test_what_models_noted_themselves_is_counted_over_their_fits() -> None:
    told = pd.DataFrame(
        [("net", "one rare lesion", 0, 0, fold) for fold in (0, 0, 1)],
        columns=["model", "note", "seed", "repeat", "fold"],
    )
    found = model_notes(
        table([0.1, 0.2], [0.1, 0.2], [0.1, 0.2]), told, titles={"net": "Net", "other": "Other"}
    )
    assert found == ["Net: one rare lesion in 2 of 3 fits"]
