"""Mistakes made after fitting: what is picked on the test part, and what is read off the scores.

The fitted models are those of the honest procedure: these leaks cost nothing beyond it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.audit.leaks.base import Leak, chosen_scores
from samesplit.audit.procedure import Procedure
from samesplit.evaluation.binary.operating_point import Policy, choose_threshold
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.ordering import first_best, probability_at_least
from samesplit.statistics.cross_validated import fold_aucs

__all__ = ["BestOfNOnTest", "HardLabelAuc", "ThresholdOnTest", "best_cell"]


def best_cell(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the test scores of the cell whose mean AUC over the test folds of one repeat is the highest.

    Args:
        scores: All folds of one repeat; see `Leak.read_fair`. Of equal cells the earlier one is taken.
    """
    test = scores[scores["test"]]
    means = {
        cell: fold_aucs(part["label"], part["score"], part["fold"]).mean()
        for cell, part in test.groupby("cell", sort=True)
    }
    best = list(means)[first_best(list(means.values()))]
    return test[test["cell"] == best]


class BestOfNOnTest(Leak):
    """Best of N on the test set."""

    name = "best-of-n-on-test"
    title = "Best of all cells on the test set"
    done_in = (
        "Xi 2020, published code: the test metrics of every trial are saved beside its validation "
        "metrics, with no "
        "lock on the test set. The best cell of a grid on the test set is what grids are often reported by."
    )
    measured = (
        "Every cell is fitted on the training part and scored on the test part; of each repeat the cell with the "
        "highest mean test AUC is reported."
    )
    informative = True

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Nothing is fitted in another way."""
        return Procedure(settings)

    def read_leaky(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Return the test scores of the cell that looks best."""
        return best_cell(scores)


class ThresholdOnTest(Leak):
    """Threshold on the test set."""

    name = "threshold-on-test"
    title = "Threshold chosen on the test set"
    done_in = (
        "Zhong 2025: the Youden cut-off is chosen on the very lesions that are scored; there is no hold-out."
    )
    measured = (
        "The AUC itself does not change. Compared is the AUC of the decisions, (sensitivity + "
        "specificity) / 2: with "
        "one Youden threshold chosen on the test lesions of the repeat, against each fold's own, chosen on its "
        "validation lesions (or, where it has none, on training lesions while they were held out)."
    )
    informative = True
    honest_title = "the threshold from development data"

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Nothing is fitted in another way."""
        return Procedure(settings)

    def read_fair(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Decisions at each fold's threshold from development data."""
        test = chosen_scores(scores)
        development = scores[~scores["test"]]
        thresholds = {
            fold: choose_threshold(part["label"], part["score"], Policy("youden")).value
            for fold, part in development.groupby("fold")
        }
        at = test["fold"].map(thresholds).fillna(0.5)
        return test.assign(score=probability_at_least(test["score"], at).astype("float64"))

    def read_leaky(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Decisions at the threshold that suits the test lesions best."""
        test = chosen_scores(scores)
        threshold = choose_threshold(test["label"], test["score"], Policy("youden")).value
        return test.assign(score=probability_at_least(test["score"], threshold).astype("float64"))


class HardLabelAuc(Leak):
    """AUC from hard labels."""

    name = "hard-label-auc"
    title = "AUC computed from hard labels"
    done_in = (
        "Xi 2020, published code: the AUC is computed from predicted classes, so it is (sensitivity "
        "+ specificity) / 2 "
        "at a probability of 0.5."
    )
    measured = "The same predictions, scored by their probabilities and by the class that has more of it."
    informative = False

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Nothing is fitted in another way."""
        return Procedure(settings)

    def read_leaky(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Return the predicted classes."""
        test = chosen_scores(scores)
        return test.assign(score=np.where(probability_at_least(0.5, test["score"]), 0.0, 1.0))
