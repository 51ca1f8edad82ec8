"""Strategies of hypothesis that spoil valid files: tables, YAML, JSON and binary headers."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import yaml
from hypothesis import strategies as st

__all__ = ["spoilt_bytes", "spoilt_json", "spoilt_record", "spoilt_table", "spoilt_values", "spoilt_yaml"]

Draw = Callable[[st.SearchStrategy[Any]], Any]

CELLS = (
    "", " ", "NA", "nan", "inf", "-inf", "1e400", "1e308", "-1e308", "5e-324", "-0", "9" * 400, "0x10", "1_000",
    "１２", "١", "½", "²", "\u202eabc", "\u200b", "\ufeff", "e\u0301", "ß", "İ", "\x1b[31m", "\x85",
    "\u2028", "\x0c",
    "a\0b", '"', "'", '""', "=cmd()", "..", "../..", "/", "/etc", "::", "[0]", "a::array[1]",
    "a.npz::x[99999999999]",
    "a.nii.gz::", ".nii", "a.dcm::[5]", "a.dcm::/(/", "*", "?", "2020-02-30", "10000-01-01", "true", "None", "1,5",
    "1.234", "1.000,5", "1.234,5", "x" * 5000, "[bold]", "{", "%s", "\\", "a\\b", "C:\\a.nii", "a\nb",
    "a\r\nb", "|",
    "L00a", "P00", " L00a ", "l00A", "R1", "T1C", "any", "1;2", "1+2", "-1", "0", "1", "2", "0.5", "1.0",
    "1e0", "1e-9",
    "256", "65536", "99999999999999999999", "malignant", "benign", "train", "test", "validation", "val",
    "con", "~",
    "~nobody/x.nii", "$HOME", "\U0001f600", "x" * 300 + ".nii.gz", "truth", "unaided", "0.1 0.2", "1 2 3",
)  # fmt: skip
"""What people, spreadsheets and broken programs leave in a cell."""
VALUES = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 10**400, 0.0, -0.5, 1e308, float("inf"),
    float("nan"), "", " ", "x",
    "x" * 5000, "\U0001f600", "a\nb", "1", "1e3", "null", "..", "/", "/etc", "*", "(", "[", "a:b", [], {},
    [[]], [None],
    {"": None}, [1, [2, [3]]], {"a": {"b": {}}}, {"name": "forest"}, [{"name": "forest"}, "forest"],
    ["T1C", "T1C"], ["T2"],
    {"T1C": 1}, {1: 2}, {None: 1}, {True: 1}, {"kind": "network"}, {"kind": []}, [0] * 300, ["x"] * 300,
    "2020-02-30",
)  # fmt: skip
"""What may stand where a declaration wants something else."""
TEXTS = (
    "\t", "- ", ": ", "&a [*a]", "&a", "*a", "!!python/object/apply:os.getcwd []", "!!binary x",
    "!!float x", "!!int x",
    "!!timestamp x", "!!set {a, b}", "!!omap [a: 1]", "!!str [a]", "<<: *a", "<<: {a: 1}", "<<: [1]",
    "? a", "%YAML 9.9\n",
    "---\n", "...\n", "|", ">-", "|9", "'", '"', "{", "}", "[", "]", "#", "@", "`", "\0", "\x07", "\ufeff",
    "\u2028", "\x85",
    "2020-13-45", "2020-02-30 25:61", "1:99:99", "0o9", "0b2", "9" * 5000, "1e999999", ".inf", ".nan",
    "\r", "=", "~",
    "{a: {a: {a: 1}}, a: 2}", "[" * 40, "[" * 3000, "{a: " * 60, "- " * 200, "? " * 100, "\U0001f600",
    "\\x", '"\\uD800"',
    '"\\UFFFFFFFF"', "=: 1",
)  # fmt: skip
"""What makes YAML hard to read."""


@st.composite
def spoilt_table(draw: Draw, valid: str) -> bytes:
    """A CSV with a few faults, in any encoding."""
    rows = [list(row) for row in csv.reader(io.StringIO(valid))]
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2, 3, 4]))):
        _spoil_rows(draw, rows)
    separator = draw(st.sampled_from([","] * 12 + [";", "\t", "|"]))
    end = draw(st.sampled_from(["\n"] * 9 + ["\r\n", "\r", "\n\n"]))
    if draw(st.integers(0, 9)):
        text = _quoted(rows, separator, end)
    else:
        text = end.join(separator.join(row) for row in rows)
    encoding = draw(
        st.sampled_from(
            ["utf-8"] * 20 + ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-7", "utf-32"]
        )
    )
    return draw(_damaged(text.encode(encoding, errors="replace")))


def _quoted(rows: list[list[str]], separator: str, end: str) -> str:
    told = io.StringIO(newline="")
    csv.writer(told, delimiter=separator, lineterminator=end).writerows(rows)
    return told.getvalue()


def _spoil_rows(draw: Draw, rows: list[list[str]]) -> None:
    """Spoil one thing: a cell, a column, a row or the header."""
    cell = draw(st.sampled_from(CELLS) | st.text(max_size=12).map(lambda text: text.replace("\ud800", "")))
    kind = draw(st.integers(0, 11))
    row = draw(st.integers(0, max(len(rows) - 1, 0)))
    if not rows or not rows[row]:
        rows.append([cell])
        return
    column = draw(st.integers(0, len(rows[row]) - 1))
    if kind <= 3:
        rows[row][column] = cell
    elif kind == 4:  # the whole column
        for one in rows[1:]:
            if column < len(one):
                one[column] = cell
    elif kind == 5:
        for one in rows:
            if column < len(one):
                del one[column]
    elif kind == 6:  # a column stands twice, or under another name
        for place, one in enumerate(rows):
            one.append(one[column] if column < len(one) and (place or draw(st.booleans())) else cell)
    elif kind == 7:
        del rows[row]
    elif kind == 8:
        rows.insert(row, list(rows[draw(st.integers(0, len(rows) - 1))]))
    elif kind == 9:
        rows[row].insert(column, cell)
    elif kind == 10:
        del rows[row][column]
    else:
        rows[0][min(column, len(rows[0]) - 1)] = cell


@st.composite
def spoilt_record(draw: Draw, valid: str) -> bytes:
    """A CSV below lines of "# key: value", in which keys or values are others, are gone or stand twice."""
    lines = valid.splitlines(keepends=True)
    head = [line for line in lines if line.startswith("#")]
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, len(head) - 1))
        key, _, value = head[row].partition(": ")
        other = draw(st.sampled_from([*CELLS, *TEXTS]) | st.text(max_size=12))
        head[row] = draw(
            st.sampled_from(
                [f"{key}: {other}\n", f"# {other}: {value}", head[row] * 2, "", f"{key}{other}: {value}"]
            )
        )
    body = "".join(lines[len(head) :])
    table = draw(st.just(body.encode()) | spoilt_table(body))
    return draw(_damaged("".join(head).encode("utf-8", "replace") + table))


@st.composite
def _damaged(draw: Draw, content: bytes) -> bytes:
    """Seldom: the file is cut off, bytes are other bytes, it is packed, empty or something else."""
    kind = draw(st.integers(0, 19))
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + draw(st.binary(max_size=20)) + content[place + 3 :]
    if kind == 2:
        return draw(
            st.sampled_from(
                [b"", b"\n", b"\0" * 50, b"PK\3\4", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b", b",,,\n"]
            )
        )
    if kind == 3:
        return gzip.compress(content)
    if kind == 4:
        return draw(st.binary(max_size=200))
    return content


@st.composite
def spoilt_values(draw: Draw, data: Any) -> Any:
    """Plain data in which one to three values are others, are gone, or have new neighbours."""
    changed = deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        changed = _spoil_value(draw, changed)
    return changed


def _spoil_value(draw: Draw, data: Any) -> Any:
    value = draw(st.sampled_from(VALUES) | st.integers() | st.floats() | st.text(max_size=8))
    inside = (
        list(data.items())
        if isinstance(data, dict)
        else list(enumerate(data))
        if isinstance(data, list)
        else []
    )
    kind = draw(st.integers(0, 9))
    if not inside or kind == 0:
        return deepcopy(value)
    key, old = draw(st.sampled_from(inside))
    if kind == 1 and isinstance(data, dict):
        del data[key]
    elif kind == 2 and isinstance(data, dict):
        data[draw(st.sampled_from(["x", "", " ", 1, None, "name", "kind", "title", key]))] = deepcopy(value)
    elif kind == 3 and isinstance(data, list):
        data.append(deepcopy(old))
    elif kind == 4 and isinstance(data, dict):
        data[draw(st.sampled_from([str(key).upper(), f"{key}s", f" {key}", str(key)[1:]]))] = data.pop(key)
    elif isinstance(old, dict | list) and kind < 9:
        data[key] = _spoil_value(draw, old)
    else:
        data[key] = deepcopy(value)
    return data


@st.composite
def spoilt_yaml(draw: Draw, valid: str) -> bytes:
    """A YAML file with wrong values, or with text that is hard to read, or is no YAML."""
    kind = draw(st.integers(0, 9))
    if kind < 6:
        data = draw(spoilt_values(yaml.safe_load(valid)))
        return yaml.safe_dump(data, allow_unicode=draw(st.booleans()), sort_keys=False).encode(
            "utf-8", "surrogatepass"
        )
    if kind == 6:
        return _bomb(draw(st.integers(2, 40)), draw(st.integers(2, 12)), valid)
    lines = valid.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, len(lines) - 1))
        column = draw(st.integers(0, len(lines[row])))
        what = draw(st.integers(0, 4))
        if what == 0:
            lines.insert(row, lines[draw(st.integers(0, len(lines) - 1))])  # a key stands twice
        elif what == 1 and len(lines) > 1:
            del lines[row]
        else:
            text = draw(st.sampled_from(TEXTS) | st.text(max_size=6))
            lines[row] = lines[row][:column] + text + lines[row][column:]
    return draw(_damaged("".join(lines).encode("utf-8", "surrogatepass")))


def _bomb(levels: int, width: int, valid: str) -> bytes:
    """Aliases of aliases: a "billion laughs"."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return ("\n".join(lines) + "\n" + valid).encode()


@st.composite
def spoilt_json(draw: Draw, valid: str) -> bytes:
    """A JSON file with wrong values, doubled keys, or that is no JSON."""
    kind = draw(st.integers(0, 9))
    if kind < 7:
        data = draw(spoilt_values(json.loads(valid)))
        return json.dumps(data, skipkeys=True).encode()
    if kind == 7:
        depth = draw(st.sampled_from([10, 900, 100_000]))
        return ("[" * depth + "]" * depth).encode()
    place = draw(st.integers(0, len(valid) - 1))
    text = draw(
        st.sampled_from(["NaN", "Infinity", "1e999", "9" * 5000, '"', "{", ",", "\0", "'a'", "//", "\\ud800"])
    )
    return draw(_damaged((valid[:place] + text + valid[place:]).encode()))


NUMBERS = {
    "h": (0, 1, -1, 2, 4, 7, 8, 16, 64, 128, 256, 512, 768, 1024, 1280, 2304, 32767, -32768),
    "i": (0, 1, -1, 348, 540, 2**31 - 1, -(2**31)),
    "q": (0, 1, -1, 2**40, 2**62, -(2**63)),
    "f": (0.0, -0.0, 1.0, -1.0, 0.5, 1e-38, 1e38, float("nan"), float("inf"), float("-inf"), 352.0, 3e9),
    "d": (0.0, 1.0, -1.0, 1e-300, 1e300, float("nan"), float("inf")),
    "B": (0, 1, 255),
}
"""Numbers that break headers, by their type as `struct` has it."""


@st.composite
def spoilt_bytes(
    draw: Draw, valid: bytes, fields: tuple[tuple[int, str, str], ...] = (), header: int = 348
) -> bytes:
    """A binary file with one to four faults in its header.

    Args:
        draw: Given by hypothesis.
        valid: The file.
        fields: Byte, type and byte order of numbers in the header.
        header: How many bytes it has.
    """
    content = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        if fields and draw(st.integers(0, 4)):
            at, kind, order = draw(st.sampled_from(fields))
            struct.pack_into(order + kind, content, at, draw(st.sampled_from(NUMBERS[kind])))
        else:
            content[draw(st.integers(0, min(header, len(content)) - 1))] = draw(st.integers(0, 255))
    end = draw(st.integers(0, 9))
    if end == 0:
        return bytes(content[: draw(st.integers(0, len(content)))])
    if end == 1:
        return bytes(content) + draw(st.binary(max_size=40))
    return bytes(content)
