from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from samesplit.errors import SamesplitError
from samesplit.reports.build import build_report, make_report


def test_a_run_whose_tables_lack_a_column_is_told_to_be_run_again(small_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    pairs = pd.read_parquet(run / "pairs.parquet")
    pairs.drop(columns="claim").to_parquet(run / "pairs.parquet")
    before = (run / "report.html").read_bytes() if (run / "report.html").exists() else None
    for build in (build_report, make_report):
        with pytest.raises(SamesplitError, match="lacks 'claim'; most likely another version") as caught:
            build(run)
        assert "run the benchmark again" in str(caught.value)
    after = (run / "report.html").read_bytes() if (run / "report.html").exists() else None
    assert after == before
