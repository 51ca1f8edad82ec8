"""What `benchmark.yaml` may say about the chain from an image to a diagnosis: localise, segment, classify."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from samesplit.declarations import Declaration

__all__ = ["ChainSettings"]


class ChainSettings(Declaration):
    """Classifiers judged once more on the masks that a model of masks has drawn of the same test lesions.

    In every fold a classifier is fitted as always, on the training lesions and the masks of the benchmark's rater.
    Its test lesions are given to it twice: with the rater's masks, and with those that the segmentation model of
    the same fold predicted. Lesions that were not found count as errors.
    """

    segmentation: Annotated[
        tuple[str, ...],
        BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
        Field(min_length=1),
    ]
    """The models of masks, by their names under `models`; each makes a chain of its own."""
    classifiers: tuple[str, ...] = ()
    """The models that diagnose; empty means all that look at features or images."""
    task: str | None = None
    """The task of masks; may be left out where there is one."""
    least_overlap: float = Field(default=0.1, gt=0, le=1)
    """The intersection over union with the rater's mask from which on a lesion counts as found."""
