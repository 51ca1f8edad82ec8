from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import ModelError
from samesplit.run.task_predictions import as_prediction_table, members_by_column
from samesplit.tables import check_table, prediction_schema
from samesplit.tasks import BinaryTask, MulticlassTask, SurvivalTask, Task

BINARY = BinaryTask(question="?", positive="p", negative="n")
CLASSES = MulticlassTask(question="?", classes=("c", "a", "b"))
SURVIVAL = SurvivalTask(question="?", time="months", event="died")
WHERE = {"model": "m", "seed": 0, "repeat": 0, "fold": 1, "subset": "test", "rater": "R1"}


def answers(*rows: list[float], task: Task) -> pd.DataFrame:
    return pd.DataFrame(
        rows, index=[f"L{i}" for i in range(len(rows))], columns=list(task.prediction_columns)
    )


def test_each_kind_of_answer_becomes_rows_of_its_schema() -> None:
    for task, table, expected in (
        (BINARY, answers([0.25], [np.nan], [1.0], task=BINARY), [["L0", 0.25], ["L2", 1.0]]),
        (SURVIVAL, answers([-3.0], [np.nan], task=SURVIVAL), [["L0", -3.0]]),
        (
            CLASSES,
            answers([0.5, 0.3, 0.2], [np.nan, 0.5, 0.5], task=CLASSES),
            [["L0", "c", 0.5], ["L0", "a", 0.3], ["L0", "b", 0.2]],
        ),
    ):
        rows = check_table(as_prediction_table(table, task, WHERE), prediction_schema(task))
        assert rows.iloc[:, 6:].to_numpy().tolist() == expected
        assert (rows[list(WHERE)] == pd.Series(WHERE)).all(axis=None)


def test_no_answers_are_an_empty_table_of_the_same_columns() -> None:
    for task in (BINARY, SURVIVAL, CLASSES):
        empty = as_prediction_table(answers(task=task), task, WHERE)
        assert check_table(empty, prediction_schema(task)).empty


@pytest.mark.parametrize(
    ("task", "row", "message"),
    [
        (BINARY, [1.5], "model m, lesion L0: gave a probability outside [0, 1] (1.5)\nRemedy: let predict return "
                        "probabilities of the positive class"),
        (CLASSES, [0.5, -0.1, 0.6], "gave a probability outside [0, 1] (0.5, -0.1, 0.6)\nRemedy: let predict "
                                    "return "
                                    "probabilities of all classes"),
        (CLASSES, [0.5, 0.4, 0.2], "gave probabilities that do not sum to 1 (0.5, 0.4, 0.2)"),
        (SURVIVAL, [np.inf], "gave a risk that is not finite (inf)\nRemedy: let predict return a number"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused(task: Task, row: list[float], message: str) -> None:
    with pytest.raises(ModelError) as caught:
        as_prediction_table(answers(row, task=task), task, WHERE)
    assert message in str(caught.value)


def test_other_columns_than_the_task_asks_for_are_refused() -> None:
    with pytest.raises(
        ModelError, match="gave the columns c, b, a\nRemedy: let predict return the columns c, a, b"
    ):
        as_prediction_table(answers([0.5, 0.3, 0.2], task=CLASSES)[["c", "b", "a"]], CLASSES, WHERE)


def test_members_come_back_side_by_side_with_the_mean_of_their_seeds() -> None:
    tables = []
    for seed, values in ((0, [0.2, 0.3, 0.5]), (1, [0.4, 0.3, 0.3])):
        tables.append(as_prediction_table(answers(values, task=CLASSES), CLASSES, WHERE | {"seed": seed}))
    tables.append(
        as_prediction_table(answers([1.0, 0.0, 0.0], task=CLASSES), CLASSES, WHERE | {"model": "k"})
    )
    wide = members_by_column(pd.concat(tables), CLASSES)
    assert wide["m"].columns.tolist() == ["c", "a", "b"]
    np.testing.assert_allclose(wide.loc["L0", "m"], [0.3, 0.3, 0.4], rtol=1e-12)
    np.testing.assert_allclose(wide.loc["L0", "k"], [1.0, 0.0, 0.0], rtol=1e-12)
    binary = pd.concat(
        as_prediction_table(answers([p], task=BINARY), BINARY, WHERE | {"seed": p}) for p in (0, 1)
    )
    assert members_by_column(binary, BINARY).loc["L0", "m"] == 0.5
