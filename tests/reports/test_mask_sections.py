"""The sections on predicted masks and on the chain from image to diagnosis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Figure, Prose, Section, Table
from samesplit.reports.sections.chain import chain
from samesplit.reports.sections.detection import detection
from samesplit.reports.sections.dice_covariates import dice_covariates
from samesplit.reports.sections.mask_groups import mask_groups
from samesplit.reports.sections.mask_measures import mask_measures
from samesplit.reports.task_info import TaskInfo

pytestmark = pytest.mark.usefixtures("undrawn")


def result(
    quantity: str, estimate: float, *, group: str = "all", model: str = "radiomics"
) -> dict[str, object]:
    return {
        "quantity": quantity, "model": model, "reference": "", "subset": "test", "group": group,
        "estimate": estimate, "ci_low": estimate / 2, "ci_high": min(1.5 * estimate, 1.0), "p_value": np.nan,
        "p_adjusted": np.nan, "claim": "", "n": 3, "n_positive": 0, "method": "m", "note": "",
    }  # fmt: skip


OVERLAP = pd.DataFrame(
    {
        "model": "radiomics", "lesion_id": ["L001", "L002", "L003"], "sequence": ["T1", "T1", "T2"],
        "dice": [0.8, 0.0, 0.7], "hd95_mm": [2.0, 60.0, 3.0], "nsd": [0.9, 0.0, 0.8],
        "detected": [True, False, True],
    }
)  # fmt: skip
RATES = [
    result(quantity, value, group=group)
    for group in ("all", "size=below 5 mm")
    for quantity, value in (
        ("detection_recall", 0.6), ("detection_precision", 0.5), ("detection_f1", 0.55),
        ("false_positives_per_patient", 0.4), ("patients_found", 0.9), ("dice", 0.5),
    )
]  # fmt: skip
REGRESSION = pd.DataFrame(
    {
        "model": "radiomics", "term": ["intercept", "diameter_mm", "scanner_vendor: B (against A)"],
        "coefficient": [0.5, 0.004, -0.1], "ci_low": [0.4, 0.003, -0.3], "ci_high": [0.6, 0.005, 0.1],
        "p_value": [0.001, 0.001, 0.3], "n": 3, "n_patients": 3, "r_squared": 0.4, "note": "",
    }
)  # fmt: skip
TYPES = pd.DataFrame(
    {
        "model": "radiomics", "column": ["mass_type"], "first": "cystic", "second": "solid", "design": "unpaired",
        "n_first": 1, "n_second": 2, "dice_first": 0.8, "dice_second": 0.35, "difference": 0.45,
        "ci_low": 0.1, "ci_high": 0.8, "p_value": 0.02, "p_adjusted": 0.02, "note": None,
    }
)  # fmt: skip


@pytest.fixture
def masks(task_contexts: tuple[Context, ...]) -> Context:
    task = TaskInfo("mask", "segmentation", "Where is the mass?")
    tables = {"overlap": OVERLAP, "dice_covariates": REGRESSION, "dice_by_type": TYPES}
    results = pd.DataFrame([*RATES, result("hd95_mm", 0.9)])
    return make_context(replace(task_contexts[0].data, task=task, tables=tables, results=results))


def without(context: Context, **changes: object) -> Context:
    return make_context(replace(context.data, **changes))  # type: ignore[arg-type]


def figure_of(section: Section | None, place: int = 0) -> Figure:
    assert section is not None
    block = section.blocks[place]
    assert isinstance(block, Figure)
    return block


def test_the_measures_stand_in_a_row_a_model_with_a_box_a_sequence(masks: Context) -> None:
    figure = figure_of(mask_measures(masks))
    assert "2 rows" in figure.alt
    assert figure.table is not None
    assert [column.title for column in figure.table.columns] == ["Model", "Dice", "HD95 (mm)"]
    (row,) = figure.table.rows
    assert row.cells["hd95_mm"].value == 0.9
    assert "diagonal of its image" in figure.table.notes[0]


def test_overlaps_without_distances_or_of_models_that_are_not_shown_have_no_boxes(masks: Context) -> None:
    alone = OVERLAP[["model", "lesion_id", "sequence", "dice"]]
    assert mask_measures(without(masks, tables={"overlap": alone})) is None
    assert mask_measures(without(masks, tables={"overlap": OVERLAP.assign(model="gone")})) is None


def test_detection_has_a_row_a_group_in_words(masks: Context) -> None:
    figure = figure_of(detection(masks))
    assert figure.table is not None
    assert [row.cells["group"].text for row in figure.table.rows] == ["all lesions", "size below 5 mm"]
    assert figure.table.rows[1].cells["detection_recall"].value == 0.6
    assert figure.table.rows[0].cells["false_positives_per_patient"].text == "0.40"


def test_a_rate_that_is_not_defined_is_not_drawn_and_without_rates_there_is_no_section(
    masks: Context,
) -> None:
    undefined = pd.DataFrame(RATES).assign(
        estimate=lambda rows: rows["estimate"].where(rows["quantity"] != "detection_precision"), ci_low=np.nan,
        ci_high=np.nan,
    )  # fmt: skip
    table = figure_of(detection(without(masks, results=undefined))).table
    assert table is not None
    assert table.rows[0].cells["detection_precision"].text == "–"
    assert detection(without(masks, results=undefined[undefined["quantity"] == "dice"])) is None


def test_small_units_of_covariates_are_made_readable(masks: Context) -> None:
    figure = figure_of(dice_covariates(masks))
    assert figure.table is not None
    cells = [row.cells for row in figure.table.rows]
    assert [cell["term"].text for cell in cells] == [
        "intercept", "diameter, per 10 mm", "scanner vendor: B (against A)",
    ]  # fmt: skip
    assert (cells[1]["coefficient"].value, cells[1]["coefficient"].high) == (pytest.approx(0.04), 0.05)
    assert "R² 0.40" in figure.table.notes[0]


def test_types_are_compared_in_a_table_of_their_own(masks: Context) -> None:
    section = dice_covariates(masks)
    assert section is not None
    table = section.blocks[1]
    assert isinstance(table, Table)
    assert table.rows[0].cells["n"].text == "1 / 2"
    assert table.rows[0].cells["p"].value == 0.02


def test_a_regression_that_could_not_be_fitted_says_why(masks: Context) -> None:
    failed = REGRESSION.iloc[:1].assign(coefficient=np.nan, note="not fitted: 2 patients are too few")
    section = dice_covariates(without(masks, tables={"dice_covariates": failed}))
    assert section is not None
    (block,) = section.blocks
    assert isinstance(block, Prose)
    assert block.text.endswith("the regression was not fitted: 2 patients are too few.")
    assert dice_covariates(without(masks, tables={})) is None


def group_row(value: str, sequence: str, dice: float, *, column: str = "test_set") -> dict[str, object]:
    return {
        "model": "radiomics", "column": column if value else "", "value": value, "sequence": sequence, "n": 10,
        "n_patients": 10, "dice_median": dice, "dice_median_low": dice - 0.1, "dice_median_high": dice + 0.1,
        "dice": dice, "dice_low": np.nan, "dice_high": np.nan, "found": 0.9, "found_low": 0.6, "found_high": 1.0,
    }  # fmt: skip


GROUPS = pd.DataFrame(
    [
        group_row(value, sequence, 0.8 - 0.1 * place, column=column)
        for sequence in ("", "T1")
        for place, (column, value) in enumerate(
            [("", ""), ("vendor", "GE"), ("vendor", "Siemens"), ("growth", "exophytic")]
        )
    ]
)
BETWEEN = pd.DataFrame(
    {
        "model": "radiomics", "column": ["vendor", "vendor", "growth"], "first": ["GE", "GE", "a"],
        "second": ["Siemens", "Siemens", "b"], "sequence": ["", "T1", ""], "n_first": 10, "n_second": 9,
        "median_difference": [0.1, 0.2, 0.0], "median_low": [0.05, np.nan, -0.1],
        "median_high": [0.2, np.nan, 0.1], "mean_difference": 0.1,
        "mean_low": 0.0, "mean_high": 0.2, "p_value": 0.04, "p_adjusted": 0.08, "note": "",
    }
)  # fmt: skip


def test_masks_stand_apart_by_group_and_sequence_with_the_differences_of_the_first_column(
    masks: Context,
) -> None:
    tables = {"dice_by_group": GROUPS, "dice_between_groups": BETWEEN}
    section = mask_groups(without(masks, tables=tables))
    medians, differences = (figure_of(section, place) for place in (1, 2))
    assert medians.title == "Median Dice by vendor"
    assert medians.table is not None
    assert [column.title for column in medians.table.columns][:4] == [
        "Sequence", "Median, all lesions", "Median, GE", "Median, Siemens",
    ]  # fmt: skip
    assert [row.cells["v2"].value for row in medians.table.rows] == [pytest.approx(0.6)] * 2
    assert medians.table.notes == ("GE: 10 lesions; Siemens: 10 lesions.",)
    assert differences.table is not None
    assert [row.cells["median"].value for row in differences.table.rows] == [0.1, 0.2]
    assert section is not None
    assert [block.kind for block in section.blocks] == ["prose", "figure", "figure", "details", "details"]
    assert isinstance(section.blocks[0], Prose)
    assert "GE 0.90 (0.60 to 1.00; 10 lesions) and Siemens 0.90" in section.blocks[0].text


def test_masks_without_groups_have_no_such_section(masks: Context) -> None:
    alone = {"dice_by_group": GROUPS[GROUPS["column"] == ""], "dice_between_groups": BETWEEN.iloc[:0]}
    assert mask_groups(without(masks, tables=alone)) is None
    assert mask_groups(without(masks, tables={})) is None
    single = GROUPS[GROUPS["sequence"] == ""]
    few = {"dice_by_group": single, "dice_between_groups": BETWEEN.iloc[:0]}
    section = mask_groups(without(masks, tables=few))
    assert section is not None
    assert [block.kind for block in section.blocks] == ["figure", "details"]


def test_the_regression_tells_how_many_were_missed_and_how_alike_covariates_are(masks: Context) -> None:
    told = REGRESSION.assign(inflation=[np.nan, 1.2, 12.3], condition=31.4, n_missed=2)
    table = figure_of(dice_covariates(without(masks, tables={"dice_covariates": told}))).table
    assert table is not None
    assert [row.cells["inflation"].text for row in table.rows] == ["–", "1.2", "12.3"]
    assert "2 rows of lesions that were missed among them; condition number 31" in table.notes[0]


def chain_row(quantity: str, estimate: float, p: float = np.nan) -> dict[str, object]:
    return {
        "segmentation": "unet", "model": "radiomics", "quantity": quantity, "estimate": estimate,
        "ci_low": estimate - 0.1, "ci_high": estimate + 0.1, "p_value": p, "n": 10, "n_patients": 10,
        "method": "m", "note": "",
    }  # fmt: skip


CHAIN = pd.DataFrame(
    [
        chain_row("accuracy_manual", 0.9), chain_row("accuracy_chain", 0.7),
        chain_row("accuracy_difference", -0.2, 0.04), chain_row("lesions_found", 0.8),
        chain_row("loss_localisation", 0.1),
    ]
)  # fmt: skip
CASES = pd.DataFrame(
    {
        "segmentation": "unet", "model": "radiomics", "manual_right": [True, True, False],
        "stage": ["right", "localisation", "classification"],
    }
)  # fmt: skip


def test_the_chain_has_both_arms_and_what_each_stage_costs(task_contexts: tuple[Context, ...]) -> None:
    tables = task_contexts[0].data.tables | {"chain": CHAIN, "chain_cases": CASES}
    data = task_contexts[0].data
    named = [*data.run["models"], {"name": "unet", "title": "3D U-Net"}]
    section = chain(without(task_contexts[0], tables=tables, run=data.run | {"models": named}))
    assert figure_of(section).title == "Where lesions are lost"
    assert section is not None
    arms, stages = section.blocks[1:]
    assert isinstance(arms, Table)
    assert isinstance(stages, Table)
    (row,) = arms.rows
    assert [row.cells[name].value for name in ("manual", "chain", "difference", "p")] == [
        0.9,
        0.7,
        -0.2,
        0.04,
    ]
    assert str(row.group).endswith("on masks of 3D U-Net")
    assert [row.cells["what"].text for row in stages.rows] == ["Lesions found", "Lost: not found"]


def test_a_chain_without_thresholds_has_no_bars_and_no_chain_no_section(
    task_contexts: tuple[Context, ...],
) -> None:
    tables = {"chain": CHAIN.iloc[:3], "chain_cases": CASES.iloc[:0]}
    section = chain(without(task_contexts[0], tables=tables))
    assert section is not None
    assert [block.kind for block in section.blocks] == ["table", "table"]
    assert chain(task_contexts[0]) is None
