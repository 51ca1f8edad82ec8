"""What a leak is: a procedure that does one step wrong, its honest counterpart, and how scores are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from samesplit.audit.procedure import Procedure
from samesplit.audit.table import Table
from samesplit.models.radiomics.settings import RadiomicsGridSettings

__all__ = ["Audited", "Leak", "chosen_scores"]


@dataclass(frozen=True)
class Audited:
    """The cohort that is audited, as far as a leak must know it to say whether it applies.

    Attributes:
        table: One row a lesion.
        stacked: One row a sequence of a lesion, where sequences share features; else None.
        labels: 0 or 1 per lesion_id.
        sequences: Of the benchmark.
    """

    table: Table
    stacked: Table | None
    labels: pd.Series[int]
    sequences: tuple[str, ...]


class Leak(ABC):
    """One known mistake.

    Attributes:
        name: As the command line knows it.
        variant: Which form of it, where there are several; else empty.
        title: As people read it.
        done_in: What was done, and in which published study.
        measured: What is compared with what.
        informative: Whether it lets labels of test lesions into what is fitted, chosen or read off, so
            that it can rise above chance even where labels are shuffled.
        honest_title: What the honest counterpart is.
    """

    name: ClassVar[str]
    variant: ClassVar[str] = ""
    title: ClassVar[str]
    done_in: ClassVar[str]
    measured: ClassVar[str]
    informative: ClassVar[bool]
    honest_title: ClassVar[str] = "the model as it stands"

    @classmethod
    def key(cls) -> str:
        """Name and variant."""
        return f"{cls.name}/{cls.variant}" if cls.variant else cls.name

    def why_not(self, cohort: Audited, settings: RadiomicsGridSettings) -> str:
        """Why it cannot be made in this cohort with this model; empty when it can."""
        return ""

    def fair(self, settings: RadiomicsGridSettings) -> Procedure:
        """Return the honest counterpart."""
        return Procedure(settings)

    @abstractmethod
    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Return the procedure with the mistake."""

    def read_fair(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Return the rows and scores of which the honest AUC is taken.

        Args:
            scores: All folds of one repeat: fold, cell, row, label, score, test, chosen (whether the
                procedure chose
                that cell in that fold).
        """
        return chosen_scores(scores)

    def read_leaky(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Return the rows and scores of which the leaky AUC is taken; see `read_fair`."""
        return chosen_scores(scores)


def chosen_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the test scores of the chosen cells."""
    return scores[np.asarray(scores["test"] & scores["chosen"], dtype=bool)]
