"""Fitted models applied to a table of new lesions, without a benchmark around it; MLflow loads them from here.

A kept model of rows of values needs nothing but the columns that it learnt from. Of a model that was fitted in
several folds or with several seeds the mean of all fits is taken: the numbers of a report are those of the single
fits, each judged on lesions that it has not seen, and the lesions of the benchmark are known to most of the fits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import ModelError
from samesplit.models.persistence import load_model
from samesplit.models.tabular import TabularModel

__all__ = ["FittedOnTables", "load_fits"]


class FittedOnTables:
    """Fits of one model that answer together.

    Args:
        fits: Fitted models, by the name of their folder: `seed0-repeat0-fold1`.
    """

    def __init__(self, fits: dict[str, TabularModel]) -> None:
        self.fits = fits

    @property
    def columns(self) -> list[str]:
        """The columns that any fit learnt from, in order."""
        return list(dict.fromkeys(column for fit in self.fits.values() for column in fit.columns))

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict the probabilities, or the risk, of each row: the mean over all fits.

        Args:
            model_input: One row a lesion, with the columns of `columns`; features are named
                `<profile>/<sequence>/<feature>`, clinical variables as in lesions.csv. Others are not looked at.
            params: Nothing, so far; MLflow hands it over.

        Returns:
            One row a lesion, NaN where nothing is known of it: `probability` of the positive class, one column a
            class of several, or `risk`.

        Raises:
            ModelError: A column is missing.
        """
        table = pd.DataFrame(model_input)
        missing = [column for column in self.columns if column not in table]
        if missing:
            raise ModelError(
                f"the table lacks {len(missing)} of {len(self.columns)} columns, the first: {missing[0]}",
                where="table to predict from",
                remedy="name features <profile>/<sequence>/<feature>, as study.features does",
            )
        numbered = table.reset_index(drop=True)
        told = [fit.predict_rows(numbered).reindex(numbered.index) for fit in self.fits.values()]
        mean = sum(told[1:], start=told[0]) / len(told)
        return mean.set_axis(table.index)


def load_fits(folder: Path) -> FittedOnTables:
    """Load all fits of a model.

    Args:
        folder: With a folder a fit, as a run's `models/<model>`.

    Raises:
        ModelError: There is none, or one that does not learn from rows of values.
    """
    places = sorted(path.parent for path in Path(folder).glob("*/model.json"))
    if not places:
        raise ModelError(
            "there is no fitted model", where=folder, remedy="push the run again: samesplit push"
        )
    fits: dict[str, TabularModel] = {}
    for place in places:
        model = load_model(place)
        if not isinstance(model, TabularModel):
            raise ModelError("the model does not learn from a table alone", where=place)
        fits[place.name] = model
    return FittedOnTables(fits)


def _load_pyfunc(path: str) -> FittedOnTables:
    """Load a model for MLflow, which asks for a function of this name."""
    return load_fits(Path(path))
