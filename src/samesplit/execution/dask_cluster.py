"""Pieces of work on a running Dask cluster: nothing is assumed of its workers but the same code and the images."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from samesplit.errors import WorkspaceError
from samesplit.execution.processes import WorkerCrashed, one_thread
from samesplit.extras import require_extra
from samesplit.source import modules_under, source_digest
from samesplit.storage import library_digest
from samesplit.version import __version__

__all__ = ["map_on_dask"]

A = TypeVar("A")
R = TypeVar("R")

_PATIENCE_S = 60
_SAME_CODE = "install this very version of samesplit, with the same Python and libraries, on every worker"
_LIBRARIES = (
    "imbalanced-learn", "numba", "numpy", "pandas", "scikit-learn", "scipy", "simpleitk", "statsmodels", "xgboost",
)  # fmt: skip
"""Their results may differ from one version to the next."""
_DIED = (
    "its worker died, again and again, at last with nothing beside it: most likely the memory was not enough"
)


def map_on_dask(
    function: Callable[[A], R], items: Sequence[A], *, address: str, patience_s: float = _PATIENCE_S
) -> Iterator[tuple[int, R | WorkerCrashed]]:
    """Call a function on each item on the workers of a Dask cluster.

    A piece whose worker dies is done again by another, as often as the scheduler's `allowed-failures` says, and at
    the end once more alone. Workers may come and go. When the caller stops, what is under way is cancelled.

    Args:
        function: Can be pickled; must not raise. It gets one thread.
        items: Can be pickled.
        address: The scheduler's, for example `tcp://10.0.0.1:8786`.
        patience_s: How long to wait for the scheduler to answer and for its first worker, in seconds.

    Yields:
        The place of an item among `items` and its result, in order of completion.

    Raises:
        WorkspaceError: There is no scheduler or no worker, it went away, or its workers have other code.
    """
    if not items:
        return
    require_extra("cluster", needed_by="a Dask scheduler", where=address)
    client = _connect(address, patience_s)
    try:
        yield from _results(client, function, items, address)
    finally:
        client.close()


def _results(
    client: Any, function: Callable[[A], R], items: Sequence[A], address: str
) -> Iterator[tuple[int, R | WorkerCrashed]]:
    from distributed import CancelledError

    flying: dict[Any, int] = {}
    suspects: list[int] = []

    def submit(place: int) -> Any:
        with warnings.catch_warnings():
            # A few items at a time are on their way, and each is needed by one worker only.
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            future = client.submit(_on_worker, function, items[place], _code(), pure=False)
        flying[future] = place
        return future

    try:
        yield from _together(client, range(len(items)), submit, flying, suspects)
        for place in sorted(suspects):  # who sat beside a piece that killed its worker is not to blame
            yield from _together(client, [place], submit, flying, None)
    except (CancelledError, OSError) as error:
        raise WorkspaceError(
            "the Dask scheduler went away",
            where=address,
            remedy="start it again; what was finished is kept, and the same command goes on from there",
        ) from error
    except WorkspaceError:
        raise
    except Exception as error:
        raise WorkspaceError(
            f"a worker could not do its work ({type(error).__name__}: {error})",
            where=address,
            remedy=_SAME_CODE,
        ) from error
    finally:
        if client.status == "running":
            client.cancel(list(flying))


def _together(
    client: Any,
    places: Sequence[int],
    submit: Callable[[int], Any],
    flying: dict[Any, int],
    suspects: list[int] | None,
) -> Iterator[tuple[int, Any]]:
    """Keep every worker busy with some pieces, no more of them in flight than that takes."""
    from distributed import KilledWorker, as_completed

    waiting = iter(places)

    def more() -> list[Any]:
        room = 2 * sum(client.nthreads().values()) + 2 - len(flying)
        return [submit(place) for _, place in zip(range(room), waiting, strict=False)]

    done = as_completed(more(), loop=client.loop)
    for future in done:
        place = flying.pop(future)
        try:
            yield place, future.result()
        except KilledWorker:
            if suspects is None:
                yield place, WorkerCrashed(_DIED)
            else:
                suspects.append(place)
        done.update(more())


def _connect(address: str, patience_s: float) -> Any:
    from distributed import Client

    if not re.search(r":\d+/?$", address):
        raise WorkspaceError(
            "is no address of a Dask scheduler: it has no port",
            where=address,
            remedy="give what 'dask scheduler' says when it starts, for example tcp://10.0.0.1:8786",
        )
    try:
        client = Client(address, timeout=patience_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"no Dask scheduler answers ({error or 'it took too long'})",
            where=address,
            remedy="start one with 'dask scheduler' and give its address, for example tcp://10.0.0.1:8786",
        ) from error
    try:
        client.wait_for_workers(1, timeout=patience_s)
    except TimeoutError as error:
        client.close()
        raise WorkspaceError(
            f"the cluster has had no worker for {patience_s:g} s",
            where=address,
            remedy=f"start some with: dask worker {address} --nthreads 1",
        ) from error
    return client


def _code() -> str:
    """Name what must be the same on both sides: the code that may run on a worker, and its libraries."""
    rooms = modules_under(
        "audit",
        "evaluation",
        "execution",
        "features",
        "imaging",
        "models",
        "run.fold_tasks",
        "run.mask_measures",
        "run.mask_overlap",
        "run.mask_pairs",
        "statistics",
    )
    code = source_digest(*rooms)
    return f"{__version__}+{code[:12]}+{library_digest(*_LIBRARIES)[:12]}"


def _on_worker(function: Callable[[A], R], item: A, code: str) -> R:
    """Do one piece on a worker, unless its code is not the caller's: its results are kept under the caller's."""
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    if _code() != code:
        raise WorkspaceError(
            f"a worker has other code than the caller ({_code()}, not {code})",
            where=get_worker().address,
            remedy=_SAME_CODE,
        )
    one_thread()
    with threadpool_limits(1):
        return function(item)
