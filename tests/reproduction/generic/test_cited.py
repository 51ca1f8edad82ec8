from __future__ import annotations

from pathlib import Path

from samesplit.reproduction.reproduce import reproduce


def test_cited_numbers_are_left_aside_even_where_they_contradict_themselves(tmp_path: Path) -> None:
    (tmp_path / "published.csv").write_text(
        "study,cohort_split,model_or_reader,metric,value,ci_low,ci_high\n"
        "A,cited,Other,kappa,0.9,0.1,0.5\nA,test,Net,kappa,0.9,0.1,0.5\n",
        encoding="utf-8",
    )
    table = reproduce(tmp_path).table
    assert set(table.loc[table["row"] == 2, "verdict"]) == {"not derivable"}
    assert set(table.loc[table["row"] == 2, "note"]) == {"cited from another paper"}
    assert "inconsistent" in set(table.loc[table["row"] == 3, "verdict"])
