"""Where `samesplit ibsi` looks for the CT phantom, and whom it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from samesplit.errors import DataMissingError
from samesplit.features.compliance.reference import DATASETS, read_reference
from samesplit.run.progress import Advance, SilentReporter
from samesplit.workflows.check_ibsi import check_engine


class Listening(SilentReporter):
    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        yield lambda done, total: self.told.append((done, total))


def as_the_references(dataset: str) -> Mapping[str, float]:
    table = read_reference().query("dataset == @dataset")
    return dict(zip(table["tag"], table["reference_value"], strict=True))


@pytest.fixture
def phantom_folder(tmp_path: Path) -> Path:
    for name in ("image/phantom.nii.gz", "mask/mask.nii.gz"):
        path = tmp_path / "data" / "ibsi1" / "ct_phantom" / "nifti" / name
        path.parent.mkdir(parents=True)
        path.touch()
    return tmp_path / "data"


def test_the_phantom_is_found_in_the_folder_that_the_environment_names(phantom_folder, monkeypatch):
    monkeypatch.setenv("SAMESPLIT_DATA", str(phantom_folder))
    reporter = Listening()
    found = check_engine(compute=as_the_references, reporter=reporter)
    assert found.passed
    assert not found.note
    assert reporter.told == [(n, len(DATASETS)) for n in range(len(DATASETS) + 1)]


@pytest.mark.parametrize("named", [None, "", "elsewhere"])
def test_where_the_environment_names_no_phantom_the_digital_one_is_checked(named, tmp_path, monkeypatch):
    if named is None:
        monkeypatch.delenv("SAMESPLIT_DATA", raising=False)
    else:
        monkeypatch.setenv("SAMESPLIT_DATA", named and str(tmp_path / named))
    found = check_engine(compute=as_the_references)
    assert not found.passed
    assert "without the CT phantom" in found.note
    assert found.summary.loc[0, "matched"] == 482


def test_a_folder_named_outright_must_hold_the_phantom(tmp_path):
    with pytest.raises(DataMissingError):
        check_engine(tmp_path, compute=as_the_references)
