"""Images and masks that are no DICOM: NIfTI-1 and -2, packed or not, NRRD, MetaImage and arrays."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from hypothesis import strategies as st

from reliability.fuzz.kinds import Kind, Spoilt
from reliability.fuzz.mutations import TEXTS, spoilt_bytes
from samesplit.imaging.case import read_case

__all__ = ["KINDS", "NIFTI_1", "NIFTI_2"]

NIFTI_1 = tuple(
    (at, kind, "<")
    for start, kind, count, step in (
        (0, "i", 1, 4), (40, "h", 8, 2), (68, "h", 4, 2), (76, "f", 8, 4), (108, "f", 3, 4), (123, "B", 1, 1),
        (252, "h", 2, 2), (256, "f", 18, 4), (344, "B", 4, 1), (348, "B", 4, 1),
    )
    for at in range(start, start + count * step, step)
)  # fmt: skip
"""Numbers of the header of NIfTI-1: sizes, type, spacings, offset, scale, units, qform and sform."""
NIFTI_2 = tuple(
    (at, kind, "<")
    for start, kind, count, step in (
        (0, "i", 1, 4), (4, "B", 8, 1), (12, "h", 2, 2), (16, "q", 8, 8), (104, "d", 8, 8), (168, "q", 1, 8),
        (176, "d", 2, 8), (344, "i", 2, 4), (352, "d", 18, 8), (500, "i", 1, 4),
    )
    for at in range(start, start + count * step, step)
)  # fmt: skip


def _ball(folder: Path, ending: str) -> tuple[Path, Path]:
    """A ball of 12 x 10 x 8 voxels, and its mask."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    ball = ((np.indices((8, 10, 12)) - np.array([3.5, 4.5, 5.5]).reshape(3, 1, 1, 1)) ** 2).sum(axis=0) <= 9
    paths = folder / f"image{ending}", folder / f"mask{ending}"
    for path, array in zip(
        paths, (rng.normal(100, 9, ball.shape).astype("f4"), ball.astype("u1")), strict=True
    ):
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing((1.0, 1.5, 2.0))
        sitk.WriteImage(volume, str(path))
    return paths


def _image(ending: str) -> Callable[[Path], Path]:
    return lambda folder: _ball(folder, ending)[0]


def _mask(ending: str) -> Callable[[Path], Path]:
    return lambda folder: _ball(folder, ending)[1]


def _nifti_2(folder: Path) -> Path:
    """The image as NIfTI-2, which SimpleITK does not write."""
    path = _ball(folder, ".nii")[0]
    one = path.read_bytes()
    two = bytearray(544)
    struct.pack_into("<i8s2h", two, 0, 540, b"n+2\0\r\n\x1a\n", *struct.unpack_from("<2h", one, 70))
    struct.pack_into("<8q", two, 16, *struct.unpack_from("<8h", one, 40))
    struct.pack_into("<8d", two, 104, *struct.unpack_from("<8f", one, 76))
    struct.pack_into("<q2d", two, 168, 544, 1.0, 0.0)
    struct.pack_into("<2i", two, 344, *struct.unpack_from("<2h", one, 252))
    struct.pack_into("<18d", two, 352, *struct.unpack_from("<18f", one, 256))
    struct.pack_into("<i", two, 500, one[123])
    path.write_bytes(bytes(two) + one[352:])
    return path


def _array(folder: Path) -> Path:
    _, mask = _ball(folder, ".nii.gz")
    np.savez(folder / "mask.npz", x=sitk.GetArrayFromImage(sitk.ReadImage(str(mask))))
    np.savez(folder / "image.npz", x=np.random.default_rng(3).normal(100, 9, (8, 10, 12)).astype("f4"))
    return folder / "image.npz"


def _single_array(folder: Path) -> Path:
    path = _array(folder)
    np.save(folder / "image.npy", np.load(path)["x"][None])
    np.save(folder / "mask.npy", np.load(folder / "mask.npz")["x"][None])
    return folder / "image.npy"


def read_pair(path: Path) -> object:
    """Read image and mask of a folder, whichever of them was spoilt."""
    ending = path.name.partition(".")[2]
    part = {"npz": "::x", "npy": "[0]"}.get(ending, "")
    spacing = 1.0 if part else None
    pair = [f"{path.with_name(f'{name}.{ending}')}{part}" for name in ("image", "mask")]
    return read_case(pair[0], pair[1], lesion_id="L1", spacing_mm=spacing)


def _header_1(content: bytes) -> Spoilt:
    return spoilt_bytes(content, NIFTI_1, 352)


def _header_2(content: bytes) -> Spoilt:
    return spoilt_bytes(content, NIFTI_2, 544)


def _packed(content: bytes) -> Spoilt:
    """The header inside is spoilt, or the archive around it."""
    return spoilt_bytes(gzip.decompress(content), NIFTI_1, 352).map(
        lambda spoilt: gzip.compress(spoilt, 1, mtime=0)
    ) | spoilt_bytes(content, (), len(content))


HEADER_VALUES = (
    "", "0 0 0", "-1 2 3", "99999 99999 99999", "nan nan nan", "1e400", "x", "3", "7", "MET_DOUBLE", "double",
    "gzip", "raw", "(0,0,0) (0,0,0) (0,0,0)", "/etc/passwd", "LIST",
)  # fmt: skip


@st.composite
def _text_header(draw: Callable[[st.SearchStrategy[object]], object], content: bytes) -> bytes:
    """A header of text lines, such as NRRD's or MetaImage's, with other values."""
    lines = content[:600].split(b"\n")
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, min(len(lines), 14) - 1))
        key, sign, _ = lines[row].partition(b"=" if b"=" in lines[row] else b":")
        other = draw(
            st.sampled_from([value.encode() for value in HEADER_VALUES])
            | st.sampled_from(TEXTS).map(lambda text: text.encode("utf-8", "replace"))
            | st.binary(max_size=8)
        )
        lines[row] = key + sign + b" " + other
    return b"\n".join(lines) + content[600:]


def _headers(content: bytes) -> Spoilt:
    return _text_header(content) | spoilt_bytes(content, (), 400)


def _any_bytes(content: bytes) -> Spoilt:
    return spoilt_bytes(content, (), len(content))


KINDS = (
    Kind("image.nii", "NIfTI", _image(".nii"), _header_1, read_pair),
    Kind("image.nii, version 2", "NIfTI", _nifti_2, _header_2, read_pair, "ledger"),
    Kind("image.nii.gz", "NIfTI", _image(".nii.gz"), _packed, read_pair),
    Kind("mask.nii.gz", "NIfTI", _mask(".nii.gz"), _packed, read_pair),
    Kind("image.nrrd", "other images", _image(".nrrd"), _headers, read_pair),
    Kind("image.mha", "other images", _image(".mha"), _headers, read_pair),
    Kind("image.npz", "other images", _array, _any_bytes, read_pair),
    Kind("image.npy", "other images", _single_array, _any_bytes, read_pair),
)
