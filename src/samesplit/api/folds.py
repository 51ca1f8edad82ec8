"""One fold of the frozen split as a user's own training loop sees it: labels to learn from, lesions to predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from samesplit.api.datasets import case_dataset, case_dicts
from samesplit.api.given_predictions import as_predictions
from samesplit.api.study_data import StudyData
from samesplit.api.submissions import FoldKey, Submissions
from samesplit.errors import HiddenLabelsError, PredictionsError

if TYPE_CHECKING:
    from samesplit.api.torch_dataset import LesionDataset

__all__ = ["Fold", "LabelledLesions", "TestLesions"]


class _Lesions:
    """The lesions of one part of a fold."""

    def __init__(self, data: StudyData, lesions: Sequence[str]) -> None:
        self._data = data
        self._lesions = tuple(lesions)

    @property
    def lesions(self) -> list[str]:
        """The lesion_ids, sorted. Arrays of predictions are in this order."""
        return list(self._lesions)

    def __len__(self) -> int:
        return len(self._lesions)

    def as_dicts(
        self, sequences: Sequence[str] | None = None, *, rater: str | None = None
    ) -> list[dict[str, Any]]:
        """List the lesions as dictionaries, as MONAI's datasets take them.

        Args:
            sequences: Which images; all of the benchmark's when None.
            rater: Whose masks; the benchmark's rater when None.

        Returns:
            One dictionary a lesion: `lesion_id`, `image` and `mask` (a path; with several sequences a list
            of paths in their order), `mask_label` (the value that marks the lesion, or "any"), and outside
            the test part `label` (survival: `event` and `time`). A lesion that lacks one of the sequences
            is left out with a warning.

        Raises:
            CohortError: There is no such sequence or rater, or an image is no file that MONAI reads (an
                array in a numpy file, DICOM): `dataset` and `study.case` read those.
        """
        return case_dicts(self._data, self.lesions, self._targets(), sequences=sequences, rater=rater)

    def dataset(
        self,
        sequences: Sequence[str] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        transform: Callable[[dict[str, Any]], Any] | None = None,
        rater: str | None = None,
    ) -> LesionDataset:
        """Make a PyTorch dataset of the lesions.

        Args:
            sequences: Which images, in the order of the channels; all of the benchmark's when None.
            inputs: How each image becomes an array of one size, with the keys that `inputs:` has in the
                model file of a network: `{"view": "3d", "size": 32, "margin_mm": 5}`. Prepared arrays are
                kept in the workspace's cache. None gives whole images as they are, which must be on one
                grid for each lesion.
            transform: Called with each item; what it returns is the item.
            rater: Whose masks; the benchmark's rater when None.

        Returns:
            A `torch.utils.data.Dataset`; `dataset.lesions` are the lesion_ids of its items. An item is a
            dictionary: `image` (float32 tensor: channels, z, y, x; fewer axes for 2D views), `mask` (uint8,
            like the image; only without `inputs`), `lesion_id`, and outside the test part `label`
            (survival: `event` and `time`).

        Raises:
            MissingExtraError: PyTorch is not installed.
            DeclarationError: `inputs` says something that cannot be.
            CohortError: There is no such sequence or rater.
        """
        return case_dataset(
            self._data,
            self.lesions,
            self._targets(),
            sequences=sequences,
            inputs=inputs,
            transform=transform,
            rater=rater,
        )

    def _targets(self) -> pd.DataFrame | None:
        """Return what an item tells of the outcome; None in the test part."""
        return None


class LabelledLesions(_Lesions):
    """The training or validation lesions of a fold, with their labels."""

    @property
    def labels(self) -> pd.Series[int]:
        """The outcome by lesion_id, in the order of `lesions`.

        The number of the class in `study.classes` (binary: 1 is the positive class); for survival 1 where
        the event was seen and 0 where follow-up ended without it.
        """
        if self._data.task.kind == "segmentation":
            raise AttributeError("a segmentation task has no labels: masks are read with study.case")
        found: pd.Series[int] = self._data.outcomes["label"].loc[self.lesions]
        return found

    @property
    def times(self) -> pd.Series[float]:
        """The time to the event or to the end of follow-up, by lesion_id; survival only.

        Raises:
            AttributeError: The task is not survival.
        """
        if self._data.task.kind != "survival":
            raise AttributeError(f"a {self._data.task.kind} task has no times")
        found: pd.Series[float] = self._data.outcomes["time"].loc[self.lesions]
        return found

    def __repr__(self) -> str:
        return f"<{len(self)} lesions with labels>"

    def _targets(self) -> pd.DataFrame | None:
        if self._data.task.kind == "segmentation":
            return None
        names = {"label": "event"} if self._data.task.kind == "survival" else {}
        return self._data.outcomes.loc[self.lesions].rename(columns=names)


class TestLesions(_Lesions):
    """The test lesions of a fold. Their labels are not given out."""

    __test__ = False  # no test of pytest's

    @property
    def labels(self) -> pd.Series[int]:
        """Labels of test lesions are read by the evaluation alone.

        Raises:
            HiddenLabelsError: Always.
        """
        raise HiddenLabelsError(
            "the labels of test lesions are not given out: only the evaluation reads them",
            remedy="submit predictions with fold.submit(...) and compare with study.evaluate(); for choosing "
            "and early stopping there are fold.train.labels and fold.validation.labels",
        )

    @property
    def sets(self) -> pd.Series[str]:
        """The named test set of each lesion (`internal`, `external`, ...), in the order of `lesions`.

        Empty text where the benchmark names no sets. The evaluation judges them apart and together.
        """
        patients = self._data.cohort.lesions.set_index("lesion_id")["patient_id"].loc[self.lesions]
        names = self._data.split.test_set_of()
        return patients.map(lambda patient: names.get(patient, "")).astype("str").rename("test_set")

    @property
    def times(self) -> pd.Series[float]:
        """As for `labels`.

        Raises:
            HiddenLabelsError: Always.
        """
        self.labels  # noqa: B018 - raises
        raise AssertionError

    def __repr__(self) -> str:
        return f"<{len(self)} test lesions>"


class Fold:
    """One repeat and fold of the frozen split.

    Attributes:
        repeat: The repeat, from 0 on.
        number: The fold within the repeat, from 0 on.
        train: The lesions to fit on, with labels.
        validation: The lesions for choosing and early stopping, with labels; may be empty.
        test: The lesions to predict, without labels.
    """

    def __init__(self, data: StudyData, submissions: Submissions, repeat: int, number: int) -> None:
        def part(subset: str) -> list[str]:
            inside = data.split.lesions(data.cohort.lesions, repeat, number, subset)
            asked = data.outcomes.index
            return [lesion for lesion in inside if lesion in asked]

        self.repeat = repeat
        self.number = number
        self.train = LabelledLesions(data, part("train"))
        self.validation = LabelledLesions(data, part("validation"))
        self.test = TestLesions(data, part("test"))
        self._data = data
        self._submissions = submissions

    @property
    def submitted(self) -> tuple[str, ...]:
        """The names of the models whose predictions of this fold are kept already.

        A loop that was stopped goes on where it was with `if "My model" in fold.submitted: continue`.
        """
        return self._submissions.of_fold(self.repeat, self.number)

    def submit(
        self,
        predictions: Any,
        validation: Any = None,
        *,
        name: str,
        seed: int = 0,
        replace: bool = False,
    ) -> None:
        """Hand in the predictions of this fold's test lesions. They are kept on disk at once.

        Args:
            predictions: Of the test lesions: an array in the order of `fold.test.lesions` (shape (n,), or
                (n, K) as `predict_proba` gives it), a `pandas.Series` or dictionary by lesion_id, or a
                `pandas.DataFrame` with one column a class. Survival: risks, higher for an earlier event.
            validation: The same for `fold.validation.lesions`. From these the operating point of
                sensitivity and specificity is chosen; without them the model has none.
            name: What to call the model in tables and in the report; the same in every fold.
            seed: Which of several fits of the same model this is.
            replace: Put the predictions in the place of others of this name, seed and fold.

        Raises:
            PredictionsError: A lesion is missing, doubled or of another part; a value is missing, not a
                number or out of range; the benchmark has a model of this name; or other predictions of this
                fold have been submitted under it.
        """
        if self._data.task.kind == "segmentation":
            raise PredictionsError(
                "predicted masks are not submitted from Python",
                where=name,
                remedy="write them as files, and a table of their paths; join it with: samesplit compare "
                f"{self._data.definition.name} masks.csv --name '{name}'",
            )
        key = FoldKey(seed, self.repeat, self.number)
        sides = {
            lesion: side
            for side, part in (("train", self.train), ("validation", self.validation), ("test", self.test))
            for lesion in part.lesions
        }
        tables = {}
        for subset, given, part in (
            ("validation", validation, self.validation),
            ("test", predictions, self.test),
        ):
            if given is None and subset == "validation":
                continue
            tables[subset] = as_predictions(
                given,
                lesions=part.lesions,
                task=self._data.task,
                where=f"{name}, {key}, {subset}",
                elsewhere={lesion: side for lesion, side in sides.items() if side != subset},
            )
        self._check_name(name)
        self._submissions.keep(name, key, tables, replace=replace)

    def _check_name(self, name: str) -> None:
        from samesplit.run.external_predictions import slug

        own = {model.name for model in self._data.definition.model_uses()}
        if slug(name) in own:
            raise PredictionsError(
                f"the benchmark has a model called '{slug(name)}' already",
                where=name,
                remedy="choose another name",
            )

    def __repr__(self) -> str:
        return (
            f"<Fold {self.number} of repeat {self.repeat}: {len(self.train)} train, "
            f"{len(self.validation)} validation, {len(self.test)} test lesions>"
        )
