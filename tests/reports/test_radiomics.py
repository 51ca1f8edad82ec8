from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.context import make_context
from samesplit.reports.document import Figure, Report, Section
from samesplit.reports.figures.grid import draw_grid
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.radiomics import radiomics
from samesplit.reports.sections.selection_stability import selection_stability


@pytest.fixture
def section(full_report: Report) -> Section:
    (found,) = (section for section in full_report.sections if section.id == "radiomics")
    return found


def _figure(section: Section, beginning: str) -> Figure:
    (found,) = (
        block for block in section.blocks if isinstance(block, Figure) and block.id.startswith(beginning)
    )
    return found


def test_the_number_of_candidates_stands_at_the_head(section: Section) -> None:
    assert "12 candidates were compared" in section.lead


def test_the_sparest_cell_within_one_standard_error_stands_beside_the_chosen_one(section: Section) -> None:
    table = _figure(section, "curse-").table
    assert table is not None
    for row in table.rows:
        assert row.cells["sparest"].text == "mrmr, logistic, 10"
        assert row.cells["sparest_inner"].text.startswith("0.")


def test_selectors_and_classifiers_are_shown_over_folds_and_over_draws(section: Section) -> None:
    folds, draws = _figure(section, "steadiness-inner-fold"), _figure(section, "steadiness-draw")
    assert "flatters" in folds.caption
    assert "flatters" not in draws.caption
    assert draws.table is not None
    assert [row.cells["selector"].text for row in draws.table.rows] == ["mrmr", "mrmr", "lasso", "lasso"]


def test_a_model_without_these_tables_has_no_such_figure(full_run: Path) -> None:
    assert selection_stability(make_context(read_run(full_run)), "clinical-logistic") == []


def test_seven_hundred_and_eighty_cells_are_all_written() -> None:
    selectors, classifiers = [f"s{i}" for i in range(13)], [f"c{i}" for i in range(10)]
    panels = {
        f"{k} features": pd.DataFrame(0.5 + k / 1000, selectors, classifiers)
        for k in (10, 20, 30, 40, 50, 100)
    }
    chosen = {title: pd.DataFrame(0, selectors, classifiers) for title in panels}
    chosen["30 features"].loc["s3", "c4"] = 2
    svg = draw_grid(panels, chosen=chosen, name="many", alt="all")
    written = [svg.count(f">.{round(100 * (0.5 + k / 1000))}<") for k in (20, 50)]
    assert sum(svg.count(f">{title}<") for title in panels) == 6
    assert min(written) >= 130
    assert svg.lower().count("stroke: #d55e00") == 1


@pytest.mark.usefixtures("undrawn")
def test_where_the_validation_part_chose_its_auc_stands_against_that_of_the_test_part(
    full_run: Path, copy_of: Callable[[Path], Path]
) -> None:
    folder = copy_of(full_run)
    path = folder / "summaries" / "chosen_cells.parquet"
    pd.read_parquet(path).assign(chooser="validation").to_parquet(path)
    path = folder / "results.parquet"
    results = pd.read_parquet(path)
    results.loc[results["quantity"] == "choosing_auc", "estimate"] = 0.5
    results.to_parquet(path)
    found = radiomics(make_context(read_run(folder)))
    assert found is not None
    assert "compared on the validation part" in found.lead
    curse = _figure(found, "curse-")
    assert "validation 0.500" in curse.caption
