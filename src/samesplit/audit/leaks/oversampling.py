"""Lesions of the rarer class made up before the folds, from those of the test part too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.pipeline import Pipeline

from samesplit.audit.leaks.base import Audited, Leak
from samesplit.audit.procedure import AsIs, FoldData, Procedure
from samesplit.audit.table import Parts
from samesplit.models.radiomics.oversampling import OversampleSettings, oversample
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.ordering import merge_equals

__all__ = ["SmoteBeforeFolds"]

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _MadeBeforehand(Procedure):
    """All rows are prepared by what was fitted on the training part, then oversampled together, then dealt out."""

    def start(self, work: FoldData) -> FoldData:
        asked = work.settings.oversample
        assert asked is not None  # both procedures of the leak are made with it
        fitted = Pipeline(work.settings.steps())
        fit_preparation(
            fitted, work.table(work.parts.train), work.y[work.parts.train], model=work.settings.name
        )
        ready = np.asarray(fitted.transform(work.table()))
        n = len(ready)
        X, y = oversample(ready, work.y, neighbours=asked.neighbours, seed=work.seed)
        made = np.arange(n, len(X))
        same = np.flatnonzero(work.y == y[-1]) if len(made) else made
        nearest = same[_nearest(X[made], ready[same])] if len(made) else made
        whole = (work.parts.train, work.parts.validation, work.parts.test)
        side = _sides(whole, len(made), n, np.random.default_rng([*work.draw, n]))
        return replace(
            work,
            X=X,
            y=y,
            patients=np.concatenate([work.patients, [f"made {number}" for number in made]]),
            parts=Parts(*(np.concatenate([rows, made[side == part]]) for part, rows in enumerate(whole))),
            settings=work.settings.model_copy(update={"oversample": None, "harmonise": None}),
            owner=np.concatenate([work.owner, work.owner[nearest]]),
            preparation=AsIs(),
        )


def _nearest(rows: Floats, among: Floats) -> Rows:
    """For each row the nearest other one; of equally near ones the first."""
    distances = cdist(rows, among)
    return np.asarray(merge_equals(distances, scale=distances.max(axis=1), axis=1).argmin(axis=1))


def _sides(whole: tuple[Rows, Rows, Rows], made: int, n: int, rng: np.random.Generator) -> Rows:
    """Return the part of each made lesion: that of a real lesion drawn at random, the same one in every fold.

    So a made lesion is tested once in each repeat of the split, as a real one is, and parts keep their shares.
    """
    part_of = np.full(n, -1)
    for part, rows in enumerate(whole):
        part_of[rows] = part
    followed = rng.choice(np.flatnonzero(part_of >= 0), size=made)
    return np.asarray(part_of[followed])


class SmoteBeforeFolds(Leak):
    """SMOTE before folds."""

    name = "smote-before-folds"
    title = "SMOTE before the folds"
    done_in = (
        "Xiong 2025, published code: SMOTE on the training part before its cross-validation, so "
        "inner scores are of "
        "lesions that the fit knows. Here it is made on the whole table before the split, as is also done."
    )
    measured = (
        "Lesions are made up between a lesion of the rarer class and one of its nearest neighbours of that class, "
        "test lesions included, and dealt out at random over the folds, where they are scored too (each counts "
        "for the patient of the nearest real lesion); "
        "against SMOTE inside the training part, where only real lesions are scored."
    )
    informative = True
    honest_title = "SMOTE inside the training part"

    def why_not(self, cohort: Audited, settings: RadiomicsGridSettings) -> str:
        """There is nothing to make up."""
        counts = np.bincount(cohort.table.labels(cohort.labels), minlength=2)
        return "both classes are as common, so no lesion is made up" if counts[0] == counts[1] else ""

    def _oversampled(self, settings: RadiomicsGridSettings) -> RadiomicsGridSettings:
        """Return the model's settings, with SMOTE where it has none."""
        return settings.model_copy(update={"oversample": settings.oversample or OversampleSettings()})

    def fair(self, settings: RadiomicsGridSettings) -> Procedure:
        """Made up inside the training part."""
        return Procedure(self._oversampled(settings))

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Made up before the folds."""
        return _MadeBeforehand(self._oversampled(settings))
