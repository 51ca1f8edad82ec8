"""The tables that predicted masks are judged from, cut down to what all models share, and groups of lesions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from samesplit.errors import PredictionsError, StatisticsError
from samesplit.evaluation.groups import Group, grouping_columns, values_of_columns
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.validation import common_units
from samesplit.ordering import below
from samesplit.tasks import SegmentationTask

__all__ = ["COMPONENTS", "OVERLAP", "MaskTables", "Part", "declared_groups", "parts_of", "read_tables"]

OVERLAP = "overlap"
"""The name of the table of overlaps among the details that an evaluation is given."""
COMPONENTS = "components"
"""The name of the table of predicted components among them."""

UNIT_AND_SEQUENCE = ["repeat", "fold", "lesion_id", "sequence"]
_FIT = ["model", "seed", "repeat", "fold"]
_BY_DEFAULT = ("scanner_vendor", "site")
_FEWEST_GROUPS, _MOST_GROUPS = 2, 20


@dataclass(frozen=True)
class MaskTables:
    """What all models predicted masks of.

    Attributes:
        overlap: A row a model, seed, repeat, fold, lesion and sequence of the test part, with `patient_id`.
        components: A row a predicted component in an image of these lesions, with `patient_id`; empty where
            components were not measured.
        examined: Whose images were looked at for components: rows of overlaps, also of patients without a lesion
            of the kind that is judged.
    """

    overlap: pd.DataFrame
    components: pd.DataFrame
    examined: pd.DataFrame

    def of_model(self, model: str) -> MaskTables:
        """Keep one model."""
        parts = (self.overlap, self.components, self.examined)
        return MaskTables(*(table[table["model"] == model] for table in parts))

    @property
    def models(self) -> list[str]:
        """The names of the models."""
        return sorted(map(str, self.overlap["model"].unique()))

    def measured(self, column: str) -> bool:
        """Whether something was measured."""
        return column in self.overlap


@dataclass(frozen=True)
class Part:
    """Some of the lesions, and the components that are counted with them.

    Attributes:
        group: How results call it.
        tables: Its rows, of all models.
    """

    group: Group
    tables: MaskTables


def read_tables(truth: pd.DataFrame, options: EvaluationOptions) -> tuple[MaskTables, list[str]]:
    """Return the test rows of the primary rater that every model has, with notes on the others.

    Args:
        truth: Indexed by lesion_id, with patient_id.
        options: With the details `overlap` and perhaps `components`.

    Raises:
        StatisticsError: The overlaps are not there.
        PredictionsError: No test lesion was predicted by all models.
    """
    if OVERLAP not in options.details:
        raise StatisticsError("the overlaps of the masks were not measured", where="segmentation")
    test = _of_test(options.details[OVERLAP], options)
    if test.empty:
        raise PredictionsError("no predictions of the subset 'test'", where="predictions")
    first = test["sequence"] == test.groupby("lesion_id")["sequence"].transform("min")
    _, notes = common_units(test[first])
    models = test["model"].nunique()
    common = test[test.groupby(UNIT_AND_SEQUENCE)["model"].transform("nunique") == models]
    common = common.assign(patient_id=common["lesion_id"].map(truth["patient_id"]))
    common = common.reset_index(drop=True)
    return MaskTables(common, _components(common, truth, options), common), notes


def _components(common: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions) -> pd.DataFrame:
    """Return the components of the images of some lesions."""
    given = options.details.get(COMPONENTS)
    if given is None:
        return pd.DataFrame(columns=[*_FIT, "sequence", "patient_id", "component_of"])
    test = _of_test(given, options)
    test = test.assign(patient_id=test["image_of"].map(truth["patient_id"]))
    key = [*_FIT, "sequence", "patient_id"]
    return test.merge(common[key].drop_duplicates(), on=key).reset_index(drop=True)


def _of_test(table: pd.DataFrame, options: EvaluationOptions) -> pd.DataFrame:
    test = table[table["subset"] == "test"]
    return test if options.primary_rater is None else test[test["rater"] == options.primary_rater]


def declared_groups(
    task: SegmentationTask, truth: pd.DataFrame, options: EvaluationOptions
) -> tuple[str, ...]:
    """Return the columns whose values are judged apart.

    Args:
        task: Names them; where it names none, scanner vendor and site count if there are several.
        truth: Indexed by lesion_id.
        options: May name more.
    """
    if task.groups is not None:
        named = task.groups
    else:
        several = truth[[column for column in _BY_DEFAULT if column in truth]].nunique()
        named = tuple(str(column) for column in several.index[several.between(_FEWEST_GROUPS, _MOST_GROUPS)])
    return grouping_columns(truth, tuple(dict.fromkeys((*options.groups, *named))))


def parts_of(
    task: SegmentationTask,
    tables: MaskTables,
    truth: pd.DataFrame,
    options: EvaluationOptions,
    notes: list[str],
) -> Iterator[Part]:
    """Yield all lesions, then single sequences, sizes and sides, then the values of columns.

    Args:
        task: Which sizes and sides, and by which columns.
        tables: All lesions.
        truth: Indexed by lesion_id.
        options: May name more columns.
        notes: Gets what is in no group, and why.
    """
    yield Part(Group(), tables)
    if len(set(tables.overlap["sequence"])) > 1:
        yield from _by_values(tables, "sequence")
    if tables.measured("diameter_mm"):
        yield from _by_size(tables, task.small_below_mm)
    if task.by_side and tables.measured("side"):
        yield from _by_values(tables, "side")
    lesions = pd.Series(tables.overlap["lesion_id"].unique(), dtype="str")
    columns = declared_groups(task, truth, options)
    for group, members in values_of_columns(truth, lesions, columns, notes=notes):
        rows = tables.overlap[tables.overlap["lesion_id"].isin(members)]
        parts = tables.components[tables.components["patient_id"].isin(rows["patient_id"])]
        yield Part(group, MaskTables(rows, parts, rows))


def _by_size(tables: MaskTables, small_below_mm: float) -> Iterator[Part]:
    """Yield small and other lesions, where there are both, each with the components of that size."""
    rows, parts = (
        table.assign(small=below(table["diameter_mm"].astype("float64"), small_below_mm))
        if "diameter_mm" in table
        else table.assign(small=False)
        for table in (tables.overlap, tables.components)
    )
    for is_small, name in (
        (True, f"below {small_below_mm:g} mm"),
        (False, f"{small_below_mm:g} mm and above"),
    ):
        mine = rows[rows["small"] == is_small]
        if 0 < len(mine) < len(rows):
            kept = parts[parts["small"] == is_small]
            yield Part(Group("size", name), MaskTables(mine, kept, tables.examined))


def _by_values(tables: MaskTables, column: str) -> Iterator[Part]:
    """Yield the lesions of each sequence, or side, with the components of it."""
    for value in sorted(map(str, tables.overlap[column].unique())):
        rows, parts = (
            table[table[column] == value] if column in table else table
            for table in (tables.overlap, tables.components)
        )
        examined = rows if column == "sequence" else tables.examined
        yield Part(Group(column, value), MaskTables(rows, parts, examined))
