"""One independent random stream for every named thing of the synthetic cohort."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *key: int | str) -> np.random.Generator:
    """Return the generator that belongs to `key`, whatever else has been drawn before.

    The key becomes the `spawn_key` of a `numpy.random.SeedSequence`, so the streams of two keys are
    independent and a lesion does not change when other lesions are added, dropped or reordered.

    Args:
        seed: Seed of the whole cohort.
        key: Whole numbers (patient, lesion, reader) and words (what is drawn).

    Returns:
        A fresh PCG64 generator.

    Example:
        >>> stream(1, 0, "shape").random() == stream(1, 0, "shape").random()
        True
        >>> stream(1, 0, "shape").random() == stream(1, 1, "shape").random()
        False
    """
    spawn_key = tuple(zlib.crc32(part.encode()) if isinstance(part, str) else int(part) for part in key)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))
