from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samesplit.csv_files import MISSING_WORDS, read_cells
from samesplit.errors import CohortError, Faults, SamesplitError


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
        ("", "t.csv: is empty\nRemedy: write the names of the columns"),
        (
            "a,b\n1,2,3\n",
            "t.csv, line 2: the line has 3 cells, the header has 2\nRemedy: write one cell a column",
        ),
        ("a,b\n1,2\n\n3\n", "t.csv, line 4: the line has 1 cells, the header has 2"),
        ("a,,b\n1,2,3\n", "t.csv, line 1: column 2 has no name"),
        ("a,b,\n1,2,3\n", "t.csv, line 1: column 3 has no name"),
        ("a,b,a\n1,2,3\n", "t.csv, line 1: the column 'a' stands twice\nRemedy: keep one"),
        ("a;b\n1;2\n", "t.csv, line 1: the columns are separated by semicolons\nRemedy: save it as comma"),
        ("a\tb\n1\t2\n", "t.csv, line 1: the columns are separated by tabs"),
        ('a,b\n1,"2\n', "t.csv, line 2: is not a readable CSV file"),
        (
            b"a\n\x81\n",
            "t.csv: is not UTF-8 text (invalid start byte at byte 2), nor Windows-1252\nRemedy: save",
        ),
        (b"a\n\0\n", "t.csv: is no text file: it holds bytes of zero"),
        (b"PK\3\4...", "t.csv: is an Excel or OpenDocument workbook (or another archive), not a CSV file"),
        (b"\xff\xfea\0b", "t.csv: is not whole UTF-16 text"),
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


class TestSpreadsheets:
    KNOWN = ("lesion_id", "age", "size, mm", "grade")

    def read(
        self, tmp_path: Path, content: str | bytes, **options: Any
    ) -> tuple[dict[str, list[Any]], list[str]]:
        path = tmp_path / "t.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        notes: list[str] = []
        options = {
            "known": self.KNOWN,
            "numbers": ["age"],
            "missing": MISSING_WORDS,
            "notes": notes,
        } | options
        table = read_cells(path, error=CohortError, **options)
        filled = table.astype("object").where(table.notna(), None)
        return {str(name): filled[name].tolist() for name in filled}, notes

    def test_semicolons_with_decimal_commas_as_half_of_europe_writes_them(self, tmp_path: Path) -> None:
        text = 'lesion_id;age;grade;"size, mm"\r\n007;61,5;1,5;x\r\n008;;G2;"a;b"\r\n;;;\r\n'
        assert self.read(tmp_path, b"\xef\xbb\xbf" + text.encode()) == (
            {
                "lesion_id": ["007", "008"],
                "age": ["61.5", None],
                "grade": ["1,5", "G2"],
                "size, mm": ["x", "a;b"],
            },
            [
                "t.csv: its columns are separated by semicolons",
                "t.csv: decimal commas were read in age (1 cell)",
            ],
        )

    @pytest.mark.parametrize(
        ("content", "notes"),
        [
            ("lesion_id\tage\n007\t61.5\n", ["t.csv: its columns are separated by tabs"]),
            (
                "sep=;\nlesion_id;age\n007;61,5\n",
                ["t.csv: its columns are separated by semicolons", "decimal"],
            ),
            ("lesion_id;age\n007;61.5\n", ["t.csv: its columns are separated by semicolons"]),
            ("lesion_id,age\n007,61.5\n", []),
            ("lesion_id\tage\n007\t61.5\n".encode("utf-16"), ["t.csv: its text is UTF-16", "tabs"]),
            ("lesion_id;age;;\n007;61.5;;\n;;;\n;;;\n", ["t.csv: its columns are separated by semicolons"]),
        ],
    )
    def test_whatever_separates_the_table_is_the_same(
        self, tmp_path: Path, content: str | bytes, notes: list[str]
    ) -> None:
        table, told = self.read(tmp_path, content)
        assert table == {"lesion_id": ["007"], "age": ["61.5"]}
        assert len(told) == len(notes)
        assert all(part in whole for part, whole in zip(notes, told, strict=True))

    def test_a_decimal_comma_between_tabs_is_not_guessed_at(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, "lesion_id\tage\n007\t61,5\n")[0]["age"] == ["61,5"]

    def test_a_point_that_may_separate_thousands_is_refused(self, tmp_path: Path) -> None:
        text = "lesion_id;age\nL1;1,5\nL2;1.234\nL3;0.125\nL4;12.5\nL5;1.234.567\nL6;1.234,5\n"
        with pytest.raises(
            CohortError, match=r"line 3: column 'age' holds '1.234' in a file with decimal commas"
        ):
            self.read(tmp_path, text)
        faults = Faults()
        table, _ = self.read(tmp_path, text, faults=faults)
        assert [str(fault.where)[-6:] for fault in faults.found] == ["line 3", "line 6"]
        assert table["age"][2:4] == ["0.125", "12.5"]
        assert table["age"][5] == "1.234,5"  # no number: told by whoever wants one

    def test_without_decimal_commas_a_point_is_a_point(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, "lesion_id;age\nL1;1.234\n")[0]["age"] == ["1.234"]

    def test_umlauts_of_windows_are_read_and_noted(self, tmp_path: Path) -> None:
        table, notes = self.read(tmp_path, "lesion_id;grade\nMüller–1;größer\n".encode("cp1252"))
        assert table == {"lesion_id": ["Müller–1"], "grade": ["größer"]}
        assert notes[0].startswith("t.csv: its text is not UTF-8 and was read as Windows-1252")

    def test_names_that_nobody_knows_are_not_split(self, tmp_path: Path) -> None:
        with pytest.raises(
            CohortError, match=r"separated by semicolons, and none of them is lesion_id, age, .*\n"
        ):
            self.read(tmp_path, "a;b\n1;2\n")

    def test_a_workbook_beside_a_missing_table_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "lesions.xlsx").write_bytes(b"PK\3\4")
        with pytest.raises(
            CohortError, match=r"the workbook lesions\.xlsx, .*\nRemedy: open it .* 'CSV UTF-8'"
        ):
            read_cells(tmp_path / "lesions.csv", error=CohortError)
        with pytest.raises(CohortError, match=r"lesions\.xlsx: is an Excel or OpenDocument workbook"):
            read_cells(tmp_path / "lesions.xlsx", error=CohortError)

    def test_words_for_missing_values_are_emptied_and_counted(self, tmp_path: Path) -> None:
        rows = ["-,NA", "n/a,none", "NaN,0", " n.A. ,#N/A", "\u2013,N A"]
        text = "lesion_id,age,grade\n" + "".join(f"L{n},{row}\n" for n, row in enumerate(rows))
        table, notes = self.read(tmp_path, text)
        assert table["age"] == [None] * 5
        assert table["grade"] == [None, "none", "0", None, "N A"]
        assert notes == [
            "t.csv: read as missing: '#N/A' in grade (1 cell); '-' in age (1 cell); 'NA' in grade (1 cell); "
            "'NaN' in age (1 cell); 'n.A.' in age (1 cell); 'n/a' in age (1 cell); '\u2013' in age (1 cell)"
        ]
        assert self.read(tmp_path, text, missing=["none"])[0]["grade"][:2] == ["NA", None]

    def test_an_id_is_never_taken_for_missing_without_a_word(self, tmp_path: Path) -> None:
        with pytest.raises(
            CohortError, match=r"line 2: column 'lesion_id' holds 'NA', a word for a missing value"
        ):
            self.read(tmp_path, "lesion_id,age\nNA,1\n")
        assert self.read(tmp_path, "lesion_id,age\nNA,1\n", missing=["-"])[0]["lesion_id"] == ["NA"]

    def test_all_ragged_lines_are_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(CohortError, match="line 3: the line has 1 cells, the header has 2") as caught:
            self.read(tmp_path, "lesion_id,age\nL1,1\nL2\nL3,3,3\n")
        assert [str(fault.where)[-6:] for fault in caught.value.more] == ["line 4"]
