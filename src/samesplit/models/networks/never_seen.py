"""Sequences that no training lesion of a fold has: the weights that would see them are as they were drawn."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from samesplit.models.networks.preparation import PreparedInputs
from samesplit.models.protocol import Cases
from samesplit.tables import LEDGER, empty_table

__all__ = ["never_seen", "without_sequences"]

_REASON = "not looked at, since no training lesion of this fold has this sequence"


def never_seen(training: PreparedInputs, sequences: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sequences that no training lesion has; none where no lesion could be read at all."""
    return tuple(name for name, seen in zip(sequences, training.seen(), strict=False) if not seen)


def without_sequences(cases: Cases, names: tuple[str, ...]) -> tuple[Cases, pd.DataFrame]:
    """Take the images of some sequences away, as if the lesions did not have them.

    Returns:
        The cases, and a row for the case ledger for each image.
    """
    unknown = cases.images["sequence"].isin(names)
    if not unknown.any():
        return cases, empty_table(LEDGER)
    noted = cases.images.loc[unknown, ["lesion_id", "sequence"]].assign(
        rater=cases.rater, stage="networks", status="noted", reason=_REASON
    )
    return replace(cases, images=cases.images[~unknown]), noted
