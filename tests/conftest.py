"""What all tests share: the optional data folder, small cohorts and quiet threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_report_header() -> str:
    folder = os.environ.get("SAMESPLIT_DATA")
    if folder and Path(folder).is_dir():
        return f"SAMESPLIT_DATA: {folder}"
    return "SAMESPLIT_DATA is not set or not a folder: tests on real data are SKIPPED"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data and reference numbers; the test is skipped when it is absent."""
    folder = os.environ.get("SAMESPLIT_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SAMESPLIT_DATA does not name a folder: this check on real data was not made")
    return Path(folder).resolve()
