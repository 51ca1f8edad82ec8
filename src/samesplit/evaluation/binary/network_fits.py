"""What networks tell of their training, beside their AUC in the test part."""

from __future__ import annotations

import pandas as pd

__all__ = ["NETWORK_FIT_COLUMNS", "network_fits", "untrained_notes"]

_KEY = ["model", "seed", "repeat", "fold"]
NETWORK_FIT_COLUMNS = [
    *_KEY, "trials", "epoch", "steps", "steps_trained", "most_steps", "training_auc", "choosing_auc", "test_auc",
    "gap", "probability_range", "untrained",
]  # fmt: skip


def network_fits(kept: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Put the validation AUC that chose a network's weights beside the AUC of these weights in the test part.

    Args:
        kept: One row a fit, as networks write it while they are fitted: model, seed, repeat, fold, trials, epoch,
            steps, steps_trained, most_steps, training_auc, validation_auc, probability_range and untrained.
        folds: The AUC of every fitted model, see `spread.fold_table`.

    Returns:
        One row a fit, with the columns of `NETWORK_FIT_COLUMNS`; `gap` is `choosing_auc` minus `test_auc`, and NaN
        where one of them is.
    """
    both = kept.merge(folds[[*_KEY, "auc"]], on=_KEY, how="left")
    both = both.rename(columns={"validation_auc": "choosing_auc", "auc": "test_auc"})
    both["gap"] = both["choosing_auc"] - both["test_auc"]
    return both.sort_values(_KEY, ignore_index=True)[NETWORK_FIT_COLUMNS]


def untrained_notes(fits: pd.DataFrame | None) -> list[str]:
    """Say of each model how many of its fitted networks seem untrained, and why the first does.

    Args:
        fits: As `network_fits` returns them; None where no network was fitted.
    """
    notes: list[str] = []
    if fits is None:
        return notes
    for model, mine in fits.groupby("model", sort=False):
        bad = mine[mine["untrained"] != ""]
        if len(bad):
            notes.append(
                f"{model}: {len(bad)} of {len(mine)} fitted networks seem untrained "
                f"(for instance {bad['untrained'].iloc[0]}); their AUC says little about what a network can do"
            )
    return notes
