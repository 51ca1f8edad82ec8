from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.csv_files import read_cells
from samesplit.errors import CohortError, SamesplitError


def cells(tmp_path: Path, content: str | bytes) -> tuple[list[str], list[int], list[list[object]]]:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = read_cells(path, error=CohortError)
    filled = table.astype("object").where(table.notna(), None)
    return list(table.columns), list(table.index), filled.to_numpy().tolist()


def test_text_stays_text_and_rows_know_their_line(tmp_path: Path) -> None:
    text = '\n\na, b ,c\n007,NA,"x, y"\n\n , ,\n1e3,,"two\nlines"\nz,1,2\n'
    assert cells(tmp_path, text) == (
        ["a", "b", "c"],
        [4, 7, 9],
        [["007", "NA", "x, y"], ["1e3", None, "two\nlines"], ["z", "1", "2"]],
    )


def test_marks_and_line_ends_of_other_systems_are_understood(tmp_path: Path) -> None:
    assert cells(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n") == (["a", "b"], [2], [["1", "2"]])


def test_empty_columns_at_the_end_are_passed_over(tmp_path: Path) -> None:
    assert cells(tmp_path, "a,b,,\n1,2,,\n3,4\n,5,\n") == (
        ["a", "b"], [2, 3, 4], [["1", "2"], ["3", "4"], [None, "5"]],
    )  # fmt: skip


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert cells(tmp_path, "a,b\n") == (["a", "b"], [], [])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "t.csv: is empty\nRemedy: write a header row"),
        (
            "a,b\n1,2,3\n",
            "t.csv, line 2: the row has 3 cells, the header has 2\nRemedy: write one cell a column",
        ),
        ("a,b\n1,2\n\n3\n", "t.csv, line 4: the row has 1 cells, the header has 2"),
        ("a,,b\n1,2,3\n", "t.csv, line 1: column 2 has no name"),
        ("a,b,\n1,2,3\n", "t.csv, line 1: column 3 has no name"),
        ("a,b,a\n1,2,3\n", "t.csv, line 1: the column 'a' stands twice\nRemedy: keep one"),
        ("a;b\n1;2\n", "t.csv, line 1: the columns are separated by semicolons\nRemedy: save it as comma"),
        ("a\tb\n1\t2\n", "t.csv, line 1: the columns are separated by tabs"),
        ('a,b\n1,"2\n', "t.csv, line 2: is not a readable CSV file"),
        ("a\ns\u00f8n\n".encode("latin-1"), "t.csv: is not UTF-8 text (invalid start byte at byte 3)"),
    ],
)
def test_what_cannot_be_read_is_explained(tmp_path: Path, content: str | bytes, problem: str) -> None:
    with pytest.raises(CohortError) as caught:
        cells(tmp_path, content)
    assert problem in str(caught.value)
    assert caught.value.remedy


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(SamesplitError, match=r"gone.csv: does not exist\nRemedy: check the name"):
        read_cells(tmp_path / "gone.csv")
    with pytest.raises(SamesplitError, match=r"cannot be read \(Is a directory\)"):
        read_cells(tmp_path)
