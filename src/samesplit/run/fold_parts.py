"""On which lesions each model is fitted: the folds of the split, and inner folds for models made of models.

An ensemble that learns how to combine its members needs predictions of lesions that the members have not learnt
from. So its members are fitted again: the training part of the fold is cut into inner folds by patient, and each
is predicted by members that were fitted on the others. The validation part is the same in all of them: networks
stop by it, and the ensemble does not learn from it. No test lesion is in an inner fold at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from samesplit.errors import ModelError
from samesplit.models.radiomics.search import inner_splits
from samesplit.models.settings import ModelSettings

__all__ = ["FoldPart", "PartsOfModels", "inner_parts", "parts_of_models"]


@dataclass(frozen=True)
class FoldPart:
    """The lesions of one fit, and the part that each is in.

    Attributes:
        task: The name of the task.
        repeat: Of the split.
        fold: Of the split.
        within: The inner folds that lead to it, outermost first: the seed of the cut, the number of folds and the
            number of the one held out. Empty for a fold of the split itself.
        subsets: `train`, `validation` or `test` per lesion_id. Of an inner fold, `test` is what is held out.
    """

    task: str
    repeat: int
    fold: int
    within: tuple[tuple[int, int, int], ...] = ()
    subsets: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def lesions(self, subset: str) -> list[str]:
        """Return the lesions of a subset, in order."""
        return sorted(lesion for lesion, known in self.subsets.items() if known == subset)

    @property
    def what(self) -> str:
        """The inner fold in words; empty for a fold of the split.

        Example:
            >>> FoldPart("primary", 0, 2, ((0, 5, 1),)).what
            'inner fold 2 of 5'
        """
        return " in ".join(
            f"inner fold {number + 1} of {folds}" for _, folds, number in reversed(self.within)
        )


def inner_parts(
    part: FoldPart,
    patients: Mapping[str, str],
    labels: Mapping[str, int],
    *,
    folds: int,
    seed: int,
    model: str,
) -> list[FoldPart]:
    """Cut the training part of a fold into inner folds, by patient, stratified by class.

    Args:
        part: Whose training part is cut; its validation part is that of every inner fold.
        patients: The patient of each lesion.
        labels: The class number of each lesion of the training part; others are not looked at.
        folds: How many; fewer where a class has fewer patients.
        seed: Of the cut.
        model: The ensemble's name, for messages.

    Raises:
        ModelError: A class of the training part is missing or comes from a single patient.

    Example:
        >>> whole = FoldPart("primary", 0, 0, (), {f"L{i}": "train" for i in range(4)})
        >>> cut = inner_parts(whole, {f"L{i}": f"P{i}" for i in range(4)}, {f"L{i}": i % 2 for i in range(4)},
        ...                   folds=2, seed=0, model="stacking")
        >>> [(inner.what, len(inner.lesions("train")), len(inner.lesions("test"))) for inner in cut]
        [('inner fold 1 of 2', 2, 2), ('inner fold 2 of 2', 2, 2)]
    """
    training = part.lesions("train")
    kept = dict.fromkeys(part.lesions("validation"), "validation")
    truth = np.asarray([labels[lesion] for lesion in training], dtype=np.int64)
    by = np.asarray([patients[lesion] for lesion in training], dtype=object)
    try:
        cut = inner_splits(truth, by, folds=folds, seed=seed, model=model)
    except ModelError as error:
        raise ModelError(
            f"a class of the training part (repeat {part.repeat}, fold {part.fold}) has lesions of fewer than two "
            "patients, so the members cannot be fitted again on a part of it",
            where=f"model '{model}'",
            remedy="make a split with fewer folds, or write 'out_of_fold: validation' in the model file",
        ) from error
    found = []
    for number, (_, held) in enumerate(cut):
        out = {training[place] for place in held}
        subsets = {lesion: "test" if lesion in out else "train" for lesion in training}
        within = (*part.within, (seed, len(cut), number))
        found.append(FoldPart(part.task, part.repeat, part.fold, within, subsets | kept))
    return found


@dataclass
class PartsOfModels:
    """Where each model has to be fitted, and the inner folds of each ensemble.

    Attributes:
        parts: By model, in order, the folds of the split first.
        inner: By ensemble, part and seed: the inner folds that it learns from.
        failures: By task and model: why it cannot be fitted.
    """

    parts: dict[str, dict[FoldPart, None]] = field(default_factory=dict)
    inner: dict[tuple[str, FoldPart, int], list[FoldPart]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def extra_fits(self, models: Iterable[ModelSettings]) -> int:
        """Count the fits on inner folds, over all models and their seeds."""
        return sum(
            len(model.seeds) * sum(bool(part.within) for part in self.parts[model.name]) for model in models
        )


def parts_of_models(
    models: Sequence[ModelSettings],
    folds: Mapping[str, Sequence[FoldPart]],
    patients: Mapping[str, str],
    outcomes: Mapping[str, pd.DataFrame],
) -> PartsOfModels:
    """Find out where each model is to be fitted, so that ensembles have what they learn from.

    Args:
        models: Members before the ensembles made of them.
        folds: By model: the folds of the split, of each of its tasks.
        patients: The patient of each lesion.
        outcomes: By task: a column `label` of class numbers, by lesion.
    """
    found = PartsOfModels({model.name: dict.fromkeys(folds[model.name]) for model in models})
    for model in reversed(models):
        needs = model.needs()
        for part in list(found.parts[model.name]):
            for member in needs.members:
                found.parts[member].setdefault(part)
            if not needs.inner_folds:
                continue
            labels = {str(lesion): int(label) for lesion, label in outcomes[part.task]["label"].items()}
            for seed in model.seeds:
                try:
                    cut = inner_parts(
                        part, patients, labels, folds=needs.inner_folds, seed=seed, model=model.name
                    )
                except ModelError as error:
                    found.failures.setdefault((part.task, model.name), str(error))
                    break
                found.inner[model.name, part, seed] = cut
                for member in needs.members:
                    found.parts[member].update(dict.fromkeys(cut))
    return found
