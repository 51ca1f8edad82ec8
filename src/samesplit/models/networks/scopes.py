"""Settings of the whole process that a training changes, and puts back as they were."""

from __future__ import annotations

import logging
import random
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["deterministic", "quiet_lightning", "seeded", "single_thread"]

_EXPECTED_WARNINGS = (
    # One process loads small arrays; workers would cost more than they save, and cores are for other folds.
    r".*does not have many workers.*",
    # A fold may have one batch an epoch, and nothing is logged by steps.
    r".*The number of training batches.*",
    # The validation part of a fold may be empty; then there is no validation loop.
    r".*have no `val_dataloader`.*",
    # `accelerator: cpu` on a machine with a GPU is a choice.
    r".*GPU available but not used.*",
    r".*MPS available but not used.*",
    # Lightning's advice of faster, less exact matrix products; results are to be the same on every GPU.
    r".*Tensor Cores.*",
    # On a GPU some backward passes have no deterministic form; see `deterministic`.
    r".*does not have a deterministic implementation.*",
    # Processes that train one network together are forked before any thread of this package is begun.
    r".*multi-threaded, use of fork.*",
    # Lightning 2.6 reads trees through torch's private name for them.
    r".*isinstance\(treespec, LeafSpec\).*",
)


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch use one thread: folds run side by side, and two threads on a busy core are far slower than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators that networks draw from (torch, numpy's and Python's global ones), then restore them."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - users' networks may draw from it
    with torch.random.fork_rng():
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002


@contextmanager
def deterministic(*, strict: bool) -> Iterator[None]:
    """Let torch use deterministic algorithms only; not strict: where they exist."""
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True, warn_only=not strict)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's expected remarks from the user, and let Ctrl-C stay a `KeyboardInterrupt`."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if main else None
    with warnings.catch_warnings():
        for message in _EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        try:
            yield
        except SystemExit as error:  # Lightning ignores further Ctrl-C and ends the whole process
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise
        finally:
            if handler is not None:
                signal.signal(signal.SIGINT, handler)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
