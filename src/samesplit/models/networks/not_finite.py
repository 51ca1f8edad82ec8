"""Say which lesions made a loss that is not a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from samesplit.errors import ModelError
from samesplit.models.networks.batches import LesionDataset
from samesplit.models.networks.preparation import PreparedInputs

__all__ = ["check_finite", "check_inputs"]

_MOST_NAMES = 5


def check_inputs(inputs: PreparedInputs) -> None:
    """See to it that the inputs of all lesions hold numbers.

    Raises:
        ModelError: Some do not; the lesions are named.
    """
    bad = [index for index in range(len(inputs)) if not np.isfinite(inputs[index]).all()]
    if bad:
        raise ModelError(
            "the prepared input holds values that are not numbers, and so would the loss",
            where=_named(inputs, bad),
            remedy="look at the image for NaN or infinite values, mend it or leave the lesion out",
        )


def check_finite(losses: Tensor, places: Tensor, loader: Any, when: str) -> None:
    """See to it that the loss of each lesion is a number.

    Args:
        losses: Shape (batch,).
        places: Of the lesions in the loader's dataset, shape (batch,).
        loader: That they came from.
        when: For the message, as in `in step 3`.

    Raises:
        ModelError: One is not. The lesions are named whose loss it is: a network with batch normalisation spreads
            one over the batch.
    """
    bad = torch.nonzero(~torch.isfinite(losses)).flatten().tolist()
    if not bad:
        return
    dataset = getattr(loader, "dataset", None)
    where = None
    if isinstance(dataset, LesionDataset):
        where = _named(dataset.inputs, [int(places[at]) for at in bad])
    raise ModelError(
        f"the loss is no longer a number ({when})",
        where=where,
        remedy="lower 'learning_rate' under 'training', or set 'gradient_clip: 1'; the last checkpoint before it "
        "is kept, and a lesion that is named each time may have an image unlike all others",
    )


def _named(inputs: PreparedInputs, places: list[int]) -> str:
    names = sorted({inputs.lesion_ids[place] for place in places})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"lesion{'s' if len(names) > 1 else ''} {', '.join(names[:_MOST_NAMES])}{more}"
