"""One file from a URL to its place: verified by its SHA-256, and resumed where an attempt broke off."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pooch
import requests

from samesplit.errors import FetchError, WorkspaceError
from samesplit.storage import hash_file

__all__ = ["Progress", "download"]

Progress = Callable[[str, int, int | None], None]
"""Called with what is being fetched, how much of it is done, and how much there is (None: not known)."""

_CHUNK = 1 << 20
_TIMEOUT_S = 60


def download(url: str, sha256: str | None, target: Path, *, progress: Progress | None = None) -> Path:
    """Download a file unless it is there already with the right content.

    What has arrived when an attempt breaks off stays in `<target>.part`, and the next attempt asks
    for the rest only (HTTP servers that cannot do that send the whole file again). The file appears at
    its place only when its hash is right.

    Args:
        url: http://, https:// or file://.
        sha256: The hash that the file must have; None when the caller verifies the content.
        target: Where it goes.
        progress: Told the name of the file, the bytes here and the bytes in all.

    Raises:
        FetchError: The URL cannot be read, or what arrived has another hash.
        WorkspaceError: The folder cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    resumed = part.exists()
    try:
        if sha256 is not None and target.is_file() and hash_file(target) == sha256:
            return target
        with _quiet_pooch():
            try:
                _retrieve(url, sha256, target, part, progress)
            except ValueError:
                if not resumed:
                    raise
                _retrieve(url, sha256, target, part, progress)  # the old part was of another file
    except ValueError as error:
        raise FetchError(
            f"what arrived from {url} is not what was promised: its SHA-256 is not {str(sha256)[:12]}...",
            where=target,
            remedy="try again; if it stays so, the file was changed at its source: "
            "check it and correct sha256 in benchmark.yaml",
        ) from error
    except requests.RequestException as error:
        raise FetchError(
            f"{url} cannot be fetched ({error})",
            where=target,
            remedy="check the connection and the URL; the same command goes on from where it stopped",
        ) from error
    except OSError as error:
        raise WorkspaceError(
            f"cannot be written ({error.strerror or error})",
            where=target,
            remedy="free some disk space, or name a folder that you may write to in XDG_CACHE_HOME; "
            "the same command goes on from where it stopped",
        ) from error
    return target


def _retrieve(url: str, sha256: str | None, target: Path, part: Path, progress: Progress | None) -> None:
    def fetch_rest(url: str, output_file: str, _: object) -> None:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            for done, total in _stream(url, file):
                if progress is not None:
                    progress(target.name, done, total)
        part.replace(output_file)

    known = None if sha256 is None else f"sha256:{sha256}"
    pooch.retrieve(url, known, fname=target.name, path=target.parent, downloader=fetch_rest)


def _stream(url: str, file: BinaryIO) -> Iterator[tuple[int, int | None]]:
    """Append the rest of what the URL holds; yields the bytes here and in all."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _stream_file(Path(url2pathname(parts.path)), url, file)
    if parts.scheme in ("http", "https"):
        return _stream_http(url, file)
    raise FetchError(
        f"{url!r} is of a kind that cannot be fetched", remedy="use an https://, http:// or file:// URL"
    )


def _stream_file(source: Path, url: str, file: BinaryIO) -> Iterator[tuple[int, int | None]]:
    try:
        origin = source.open("rb")
    except OSError as error:
        raise FetchError(
            f"{url} cannot be read ({error.strerror})", remedy="check the URL in benchmark.yaml"
        ) from error
    with origin:
        total = source.stat().st_size
        if file.tell() > total:
            file.truncate(0)
        origin.seek(file.tell())
        while chunk := origin.read(_CHUNK):
            file.write(chunk)
            yield file.tell(), total


def _stream_http(url: str, file: BinaryIO) -> Iterator[tuple[int, int | None]]:
    start = file.tell()
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as response:
        if start and response.status_code == requests.codes.requested_range_not_satisfiable:
            return  # all of it is here; the hash decides
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            file.truncate(0)
        length = response.headers.get("Content-Length")
        total = None if length is None else file.tell() + int(length)
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            yield file.tell(), total


@contextlib.contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch from writing into the progress display."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
