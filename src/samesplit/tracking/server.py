"""A tracking server elsewhere: whether anything answers there, and what is wrong with it in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from samesplit.errors import TrackingError

__all__ = ["check_server", "server_errors"]

_PATIENCE_S = 10.0
_PORTS = {"http": 80, "https": 443}


def check_server(address: str) -> None:
    """Fail at once where nothing listens: MLflow itself would try again for minutes.

    Args:
        address: Of the server; one that is not of http, such as `databricks`, is left to MLflow.

    Raises:
        TrackingError: Nothing listens at the address, or it is none.

    Example:
        >>> check_server("mlflow.db")
        Traceback (most recent call last):
        samesplit.errors.TrackingError: mlflow.db: is not the address of a tracking server
        Remedy: write it as http://HOST:PORT; without --to the run is pushed to the workspace's own mlflow.db
    """
    parts = urlsplit(address)
    if parts.scheme == "databricks" or address == "databricks":
        return
    if parts.scheme not in _PORTS or not parts.hostname:
        raise TrackingError(
            "is not the address of a tracking server",
            where=address,
            remedy="write it as http://HOST:PORT; without --to the run is pushed to the workspace's own mlflow.db",
        )
    try:
        port = parts.port or _PORTS[parts.scheme]
        socket.create_connection((parts.hostname, port), timeout=_PATIENCE_S).close()
    except (OSError, ValueError) as error:
        raise TrackingError(
            f"no tracking server answers there ({getattr(error, 'strerror', None) or error})",
            where=address,
            remedy="start it with `mlflow server`, or correct the address; the run and its report are finished",
        ) from error


@contextmanager
def server_errors(address: str) -> Iterator[None]:
    """Turn what MLflow says of a server into one clear error.

    Raises:
        TrackingError: The server refuses, or went away.
    """
    try:
        yield
    except OSError as error:  # of requests too
        raise _unreachable(address, error) from error
    except Exception as error:
        if type(error).__name__ not in ("MlflowException", "RestException"):
            raise
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> TrackingError:
    return TrackingError(
        f"the tracking server did not take the run ({str(error).splitlines()[0]})",
        where=address,
        remedy="see what the server says of it, then push again: what was half pushed is replaced; the run and "
        "its report are finished",
    )
