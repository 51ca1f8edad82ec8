"""Archives unpacked so that nothing can land outside the folder that was meant."""

from __future__ import annotations

import json
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from samesplit.errors import FetchError, WorkspaceError
from samesplit.storage import temporary_directory, write_json

__all__ = ["is_unpacked", "unpack"]


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: Path, *, sha256: str, unpacked_mb: float) -> list[Path]:
    """Unpack a .zip or .tar(.gz, .bz2, .xz) into a folder, and take the archive away.

    Every member is looked at before the first is written, and the files are moved to their place only when all
    are unpacked. A record beside the archive's place lists them, for `is_unpacked`.

    Args:
        archive: The archive.
        folder: Where its members go.
        sha256: The archive's hash, for the record.
        unpacked_mb: The declared size of all that comes out, in MB (10^6 bytes).

    Returns:
        The files, in the archive's order.

    Raises:
        FetchError: The archive is damaged or of another kind, more comes out of it than was declared, or a member
            is a link, a device, or would land outside the folder; nothing of it is left then.
        WorkspaceError: The disk is full or cannot be written.
    """
    try:
        limit = _Limit(unpacked_mb)
        with _members(archive, limit) as members:
            _check(members, archive)
            with temporary_directory(folder / "unpacking") as temporary:
                _extract(members, temporary, folder, limit)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        archive.unlink(missing_ok=True)
        raise FetchError(
            f"is not an archive that can be unpacked ({str(error).partition(chr(10))[0]})",
            where=archive,
            remedy="use .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz without a password, "
            "or leave out 'unpack' in benchmark.yaml",
        ) from error
    except FetchError:
        archive.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise WorkspaceError(
            f"cannot be unpacked ({error.strerror or error})",
            where=folder,
            remedy="free some disk space or choose a folder that you may write to, and fetch again",
        ) from error
    sizes = {member.name: member.size for member in members}
    write_json(_record(archive), {"sha256": sha256, "files": sizes})
    archive.unlink()
    return [folder / name for name in sizes]


def is_unpacked(archive: Path, folder: Path, *, sha256: str) -> bool:
    """Whether all files of the archive with this hash stand in the folder with their sizes."""
    try:
        record = json.loads(_record(archive).read_text(encoding="utf-8"))
        return record["sha256"] == sha256 and all(
            (folder / name).stat().st_size == size for name, size in record["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _record(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.unpacked.json")


@dataclass(frozen=True)
class _Limit:
    """How much may come out of an archive."""

    mb: float

    def check(self, size: int) -> None:
        """Refuse an archive out of which this many bytes come, or more."""
        if size > self.mb * 1e6:
            raise FetchError(
                f"unpacks to more than was declared: {size / 1e6:,.1f} MB and more, benchmark.yaml says "
                f"unpacked_mb: {self.mb:g}; nothing was unpacked",
                remedy="if the archive is the right one and you trust it, correct unpacked_mb in benchmark.yaml",
            )


@contextmanager
def _members(archive: Path, limit: _Limit) -> Iterator[list[_Member]]:
    """Yield the regular files of an archive; other members than files and folders are refused."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            limit.check(sum(info.file_size for info in file.infolist()))
            yield [_of_zip(file, info) for info in file.infolist() if not info.is_dir()]
    else:
        with tarfile.open(archive) as file:
            infos, size = [], 0
            for info in file:  # one by one: to list all of them is to unpack all of them
                size += info.size
                limit.check(size)
                infos.append(info)
            yield [_of_tar(file, info) for info in infos if not info.isdir()]


def _of_zip(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _refused(info.filename, "is a link or a device")
    # filename is cut at a NUL byte; the original name is what was meant.
    return _Member(info.orig_filename, info.file_size, lambda: file.open(info))


def _of_tar(file: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    if not info.isfile():
        raise _refused(info.name, "is a link or a device")

    def opened() -> IO[bytes]:
        content = file.extractfile(info)
        if content is None:
            raise tarfile.ReadError(f"member {info.name!r} has no content")
        return content

    return _Member(info.name, info.size, opened)


def _check(members: list[_Member], archive: Path) -> None:
    for member in members:
        path = PurePosixPath(member.name)
        if ".." in path.parts or path.is_absolute() or not path.parts:
            raise _refused(member.name, f"would land outside the folder {archive.parent}")
        if "\\" in member.name or ":" in member.name or "\0" in member.name:
            raise _refused(member.name, "has a name that means another place on some systems")


def _refused(name: str, reason: str) -> FetchError:
    return FetchError(
        f"the archive's member {name!r} {reason}; nothing was unpacked",
        remedy="do not trust this archive: tell whoever offers it, or get the files another way",
    )


def _extract(members: list[_Member], temporary: Path, folder: Path, limit: _Limit) -> None:
    needed, free = sum(member.size for member in members), shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(0, f"{needed / 1e9:.1f} GB needed, {free / 1e9:.1f} GB free")
    size = 0
    for member in members:
        target = temporary / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as content, target.open("wb") as file:
            while chunk := content.read(1 << 20):
                size += len(chunk)
                limit.check(size)  # what an archive says of itself may be a lie
                file.write(chunk)
    for member in members:
        target = folder / member.name
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise _refused(member.name, "would land outside the folder through a link that stands in it")
        target.parent.mkdir(parents=True, exist_ok=True)
        (temporary / member.name).replace(target)
