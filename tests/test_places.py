"""Reports are sent to others: no folder of one's own machine stands in them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
import sklearn

from samesplit.places import Places


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the file /home/ann/my study/images/L1.nii.gz is absent", "the file images/L1.nii.gz is absent"),
        ("/home/ann/my study: has not been run", ".: has not been run"),
        ("/home/ann/my study2/x/a.csv", "…/my study2/x/a.csv"),
        ("/home/ann/my study-old/a.csv, line 3", "…/my study-old/a.csv, line 3"),
        ("'/mnt/pacs/ward/a.dcm'", "'…/a.dcm'"),
        ("No such file: '/single'", "No such file: '/single'"),
        (r"C:\Users\ann\scan 1\a.nii", "…/a.nii"),
        (r"\\server\share\a.nii", "…/a.nii"),
        ("see https://doi.org/10.1158/1078-0432.CCR-19-0374", "see https://doi.org/10.1158/1078-0432.CCR-19-0374"),
        ("mr-default/T1C/cm_contrast of T1/T2/FLAIR", "mr-default/T1C/cm_contrast of T1/T2/FLAIR"),
        ("benign / malignant / unknown", "benign / malignant / unknown"),
        ("", ""),
    ],
)  # fmt: skip
def test_absolute_paths_go_and_everything_else_stays(text: str, shown: str) -> None:
    assert Places(Path("/home/ann/my study")).hide(text) == shown


def test_known_folders_have_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", "/home/ann")
    places = Places(tmp_path / "workspace")

    assert places.hide(f"{tmp_path}/data/sts/a.npz") == "$SAMESPLIT_DATA/sts/a.npz"
    assert places.hide("/home/ann/models/net.py:Net") == "~/models/net.py:Net"
    assert places.hide(f"{Path(tempfile.gettempdir()).resolve()}/x/y.log").startswith("$TMPDIR/x/")
    assert (
        places.hide(f'File "{sklearn.__file__}", line 3')
        == 'File "site-packages/sklearn/__init__.py", line 3'
    )


def test_a_folder_that_is_linked_to_is_known_by_both_names(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)

    places = Places(tmp_path / "link")

    assert [places.hide(f"{tmp_path}/{name}/a/b.csv") for name in ("real", "link")] == ["a/b.csv"] * 2


def test_nested_data_and_columns_of_tables_are_gone_through() -> None:
    places = Places(Path("/ws"))
    assert places.hide_in({"a": ["/ws/b/c", 1, None], "/ws/key": ("/x/y/z",)}) == {
        "a": ["b/c", 1, None],
        "/ws/key": ["…/z"],
    }
    table = pd.DataFrame({"reason": ["/ws/a/b", float("nan")], "n": [1, 2], "other": ["/ws/a", "b"]})
    shown = places.hide_in_table(table, ["reason", "n", "absent"])
    assert shown["reason"][0] == "a/b"
    assert pd.isna(shown["reason"][1])
    assert list(shown["n"]) == [1, 2]
    assert list(shown["other"]) == ["/ws/a", "b"]
