from __future__ import annotations

import pandas as pd
import pytest

from samesplit.reproduction.numbers import parse
from samesplit.reproduction.reasons import why_not_derivable


@pytest.mark.parametrize(
    ("metric", "table", "text", "why"),
    [
        ("ROC_AUC", "Table 2", "0.73", "score of every lesion"),
        ("PR_AUC", "Table 2", "0.76", "score of every lesion"),
        ("PR_AUC", "Table 2", "N/A", "no plain number"),
        ("ECE", "text", "0.19", "probability"),
        ("DSC_mean", "text", "0.81", "masks"),
        ("accuracy", "text (Discussion, cited)", "0.97", "another paper"),
        ("sensitivity", "Table 2", "85.0", "write 85.0% where a percentage is printed"),
        ("age", "Table 1", "54", "no other printed number"),
    ],
)
def test_it_is_said_what_would_be_needed(metric: str, table: str, text: str, why: str) -> None:
    record = pd.Series({"metric": metric, "table_figure": table})

    assert why in why_not_derivable(record, parse(text))
