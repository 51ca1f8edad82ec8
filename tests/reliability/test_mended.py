"""Inputs that once ended in something else than success, a clear error or a row of the ledger."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from reliability.fuzz.kinds import named
from reliability.fuzz.trial import try_input

Change = Callable[[bytes], bytes]


def put(at: int, kind: str, value: float) -> Change:
    """Another number in a binary header."""

    def change(content: bytes) -> bytes:
        spoilt = bytearray(content)
        struct.pack_into(f"<{kind}", spoilt, at, value)
        return bytes(spoilt)

    return change


def instead(old: str, new: str) -> Change:
    """Other text, of the same length where the file has lengths."""

    def change(content: bytes) -> bytes:
        assert old.encode("latin-1") in content
        return content.replace(old.encode("latin-1"), new.encode("latin-1"), 1)

    return change


def nested(_: bytes) -> bytes:
    return b"[" * 100_000 + b"]" * 100_000


def without_settings(content: bytes) -> bytes:
    return json.dumps(
        json.loads(content) | {"settings": {}, "declared": json.loads(content)["settings"]}
    ).encode()


MENDED: tuple[tuple[str, str, Change], ...] = (
    ("image.nii", "bits of another type", put(72, "h", 8)),
    ("image.nii", "offset that is no number", put(108, "f", float("nan"))),
    ("image.nii", "negative offset", put(108, "f", -400.0)),
    ("image.nii", "two dimensions", put(40, "h", 2)),
    ("image.nii", "sform that is no number", put(280, "f", float("nan"))),
    ("image.nii", "infinite sform", put(300, "f", float("inf"))),
    (
        "image.nii",
        "axes to which none at right angles are near",
        lambda v: put(252, "h", -1)(put(304, "f", 1e38)(v)),
    ),
    ("splits.json", "nested without end", nested),
    ("splits.json", "settings without a scheme", without_settings),
    ("dataset.json of nnU-Net", "nested without end", nested),
    ("dataset.json of nnU-Net", "label that is no number", instead('"tumour": 2', '"tumour": "two"')),
    ("dataset.json of nnU-Net", "channel that is no number", instead('"0": "T1"', '"first": "T1"')),
    ("benchmark.yaml", "value of another type", instead("folds: 2", "folds: [2]")),
    (
        "slice of a CT series",
        "unknown representation of a value",
        instead("\x28\0\x10\0US", "\x28\0\x10\0Q?"),
    ),
    ("slice of a CT series", "what pydicom warns of", instead("UI\x08\0001.2.3.4\0", "UI\x08\0001.x.3.4\0")),
)


@pytest.mark.parametrize(
    ("name", "what", "change"), MENDED, ids=[f"{name}: {what}" for name, what, _ in MENDED]
)
def test_inputs_that_once_broke_a_reader_are_told_in_words(
    name: str, what: str, change: Change, tmp_path: Path
) -> None:
    kind = named(name)
    path = kind.prepare(tmp_path / "study")
    spoilt = change(path.read_bytes())
    path.write_bytes(spoilt)

    ending = try_input(lambda: kind.read(path))

    assert ending.kind != "fault", ending.what
