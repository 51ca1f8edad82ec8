"""Say which lesions made a loss that is not a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from samesplit.errors import ModelError
from samesplit.models.networks.batches import LesionDataset

__all__ = ["check_finite"]

_MOST_NAMES = 5


def check_finite(losses: Tensor, places: Tensor, loader: Any, when: str) -> None:
    """See to it that the loss of each lesion is a number.

    Args:
        losses: Shape (batch,).
        places: Of the lesions in the loader's dataset, shape (batch,).
        loader: That they came from.
        when: For the message, as in `in step 3`.

    Raises:
        ModelError: One is not. Where the cause is a lesion's input it is named, else those whose loss it is: a
        network
            with batch normalisation spreads one bad number over the batch.
    """
    bad = ~torch.isfinite(losses)
    if not bool(bad.any()):
        return
    dataset = getattr(loader, "dataset", None)
    if not isinstance(dataset, LesionDataset):
        raise ModelError(f"the loss is no longer a number ({when})", remedy=_remedy(inputs=False))
    batch = places.tolist()
    of_input = [place for place in batch if not np.isfinite(dataset.inputs[place]).all()]
    lesions = _named(dataset, of_input or [batch[at] for at in torch.nonzero(bad).flatten().tolist()])
    if of_input:
        raise ModelError(
            f"the loss is no longer a number ({when}), because the prepared input holds values that are none",
            where=lesions,
            remedy=_remedy(inputs=True),
        )
    raise ModelError(f"the loss is no longer a number ({when})", where=lesions, remedy=_remedy(inputs=False))


def _named(dataset: LesionDataset, places: list[int]) -> str:
    names = sorted({dataset.inputs.lesion_ids[place] for place in places})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"lesion{'s' if len(names) > 1 else ''} {', '.join(names[:_MOST_NAMES])}{more}"


def _remedy(*, inputs: bool) -> str:
    if inputs:
        return "look at the image for NaN or infinite values, mend it or leave the lesion out"
    return (
        "lower 'learning_rate' under 'training', or set 'gradient_clip: 1'; the last checkpoint before it is "
        "kept, and a lesion that is named each time may have an image unlike all others"
    )
