"""The cases of nnU-Net: an image with all lesions in it, under the name of the first of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.benchmarks.splits import Split
from samesplit.errors import CohortError

__all__ = ["Case", "cases_of_images", "split_of_cases"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        name: As in file names: the id of the first of its lesions.
        lesions: All lesions in the image, sorted.
        images: The rows of the images table of its lesions, of one rater and the asked sequences.
        sequence: The sequence that tells which lesions lie in one image, and holds their masks.
    """

    name: str
    lesions: tuple[str, ...]
    images: pd.DataFrame
    sequence: str

    @property
    def masks(self) -> pd.DataFrame:
        """The rows of its lesions in the first sequence."""
        return self.images[self.images["sequence"] == self.sequence].sort_values("lesion_id")

    def first_image(self, sequence: str) -> str | None:
        """Return the image of a sequence, None where the case has none."""
        rows = self.images.loc[self.images["sequence"] == sequence, "image"]
        return str(rows.iloc[0]) if len(rows) else None


def cases_of_images(images: pd.DataFrame, sequences: Sequence[str]) -> tuple[Case, ...]:
    """Group lesions into cases: those that lie in the same image are one case.

    Args:
        images: The rows of the images table of one rater.
        sequences: The sequences that are asked for. The first tells which lesions lie in one image, and holds
            their masks; lesions without it make no case.

    Raises:
        CohortError: A lesion's id cannot be a file name.

    Example:
        >>> images = pd.DataFrame({"lesion_id": ["L1", "L2", "L3"], "sequence": "CT", "image": ["a", "a", "b"]})
        >>> [case.lesions for case in cases_of_images(images, ["CT"])]
        [('L1', 'L2'), ('L3',)]
    """
    asked = images[images["sequence"].isin(sequences)]
    of_first = asked[asked["sequence"] == sequences[0]]
    cases = []
    for _, rows in of_first.groupby("image", sort=False):
        lesions = tuple(sorted(map(str, rows["lesion_id"])))
        if not _NAME.fullmatch(lesions[0]):
            raise CohortError(
                f"the lesion id {lesions[0]!r} cannot be the name of an nnU-Net case",
                remedy="write ids with letters, digits, '.', '_' and '-' only",
            )
        cases.append(Case(lesions[0], lesions, asked[asked["lesion_id"].isin(lesions)], sequences[0]))
    return tuple(sorted(cases, key=lambda case: case.name))


def split_of_cases(split: Split, lesions: pd.DataFrame, cases: Sequence[Case]) -> list[dict[str, list[str]]]:
    """Return the frozen split as nnU-Net's folds, one a repeat and fold, in order.

    The test part is what nnU-Net validates on; the validation part goes back into training, out of which nnU-Net
    chooses nothing by its own validation cases.

    Args:
        split: The split.
        lesions: The lesions table.
        cases: The cases that exist.
    """
    name_of = {lesion: case.name for case in cases for lesion in case.lesions}

    def named(repeat: int, fold: int, *subsets: str) -> list[str]:
        ids = [lesion for subset in subsets for lesion in split.lesions(lesions, repeat, fold, subset)]
        return sorted({name_of[lesion] for lesion in ids if lesion in name_of})

    return [
        {
            "train": named(repeat, fold, "train", "validation"),
            "val": named(repeat, fold, "test"),
        }
        for repeat, fold in split.pairs()
    ]
