from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from samesplit.evaluation.ranks import rank_entries
from samesplit.reports.document import Cell
from samesplit.reports.leaderboard_page import BoardFacts, leaderboard_page
from samesplit.reports.leaderboard_tables import TaskBoard, board_table, differences_table

FACTS = BoardFacts(
    samesplit="1.0", benchmark="spots", title="Which spots are bright", split="ab" * 32, cohort="cd" * 32,
    evaluator="ef" * 32, confidence=0.95, multiplicity="holm", fits=1,
)  # fmt: skip
REFUSED = [("old.csv", "12" * 32, "was made for <another> split")]


def entries(count: int, *, title: str = "Model", code: str = "https://example.org/m?a=1&b=2") -> TaskBoard:
    """As many entries, each 0.004 below the one before; those more than 0.08 apart are claimed to differ."""
    files = [f"m{number:03d}.csv" for number in range(count)]
    auc = pd.Series(np.linspace(0.95, 0.95 - 0.004 * count, count), index=files)
    pairs = pd.DataFrame(
        [
            {"model_a": a, "model_b": b, "difference": auc[a] - auc[b], "ci_low": auc[a] - auc[b] - 0.08,
             "ci_high": auc[a] - auc[b] + 0.08, "p_value": 0.01, "p_adjusted": 0.02,
             "claim": "higher" if auc[a] - auc[b] > 0.08 else "not shown", "false_claim_probability": 0.01,
             "method": "DeLong", "note": ""}
            for a, b in itertools.combinations(files, 2)
        ],
        columns=["model_a", "model_b", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "claim",
                 "false_claim_probability", "method", "note"],
    )  # fmt: skip
    rows = [
        {
            "title": f"{title} {number}", "authors": "A. Author; B. Author", "code": code, "training_data": "none",
            "file": file, "sha256": f"{number:064d}", "seeds": 1, "operating_point": "", "n": 100,
            "n_positive": 40, "quantity": "auc", "estimate": auc[file], "low": auc[file] - 0.1 / 3, "high":
            auc[file] + 0.04, "method": "DeLong", "note": "", "sensitivity": 0.8, "sensitivity_low": 0.7,
            "sensitivity_high": 0.9,
        }
        for number, file in enumerate(files)
    ]  # fmt: skip
    ranks = rank_entries(auc, pairs)
    table = pd.DataFrame(rows, index=files).reindex(ranks.index)
    return TaskBoard("", "binary", "Which are bright?", pd.concat([ranks, table], axis=1), pairs)


class _Parts(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def page_of(board: TaskBoard) -> str:
    """The page of one task."""
    return leaderboard_page([board], board_table([board], REFUSED), FACTS)


def test_the_page_says_who_stands_first_and_who_may_be_the_best() -> None:
    text = page_of(entries(30))

    assert "30 entries, judged on the same 100 lesions. First by AUC is “Model 0” with 0.950" in text
    assert "It is shown to be better than 10 of the other 29" in text
    assert "20 entries are not shown to be worse than any" in text
    assert "1\u00a0to\u00a020" in text


def test_text_of_a_model_card_is_never_html() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    board = entries(3, title=evil, code="javascript:alert(1)")
    board.entries["authors"] = evil
    board.entries["training_data"] = "</td></table><iframe src='https://evil.example'>"

    text = page_of(board)

    parts = _Parts()
    parts.feed(text)
    assert not {"img", "iframe", "object", "embed", "form", "base"} & set(parts.tags)
    assert parts.tags.count("script") == 1
    assert not [name for name, _ in parts.attributes if name.startswith("on")]
    assert not [value for name, value in parts.attributes if name == "href" and not value.startswith("#")]
    assert "&lt;another&gt; split" in text


def test_code_is_a_link_to_a_page_and_nothing_else_is() -> None:
    text = page_of(entries(2))

    links = re.findall(r'<a href="(?!#)([^"]*)"([^>]*)>([^<]*)<', text)
    assert (
        links
        == [("https://example.org/m?a=1&amp;b=2", ' rel="nofollow noopener noreferrer"', "example.org")] * 2
    )
    with pytest.raises(ValidationError, match="links to pages alone"):
        Cell(text="x", url="javascript:alert(1)")


def test_the_page_asks_for_nothing_outside_itself() -> None:
    text = re.sub(r' (?:data-v|href)="https://[^"]*"', "", page_of(entries(5)))

    assert not re.search(r'(?:src|href|action|data|poster)\s*=\s*"(?!#)', text)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert set(re.findall(r"https?://[^\s\"<)]+", text)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
    }  # fmt: skip


def test_a_page_of_a_hundred_entries_with_long_cards_stays_below_a_megabyte() -> None:
    board = entries(100)
    board.entries["title"] = ["T" * 117 + f"{number:03d}" for number in range(100)]
    board.entries["authors"] = "A. Author; " * 45
    board.entries["training_data"] = "Weights of a network. " * 27
    board.entries["code"] = "https://example.org/" + "x" * 280

    assert len(page_of(board).encode()) < 1_000_000


def test_the_same_tables_give_the_same_bytes() -> None:
    assert page_of(entries(6)) == page_of(entries(6))


def test_last_digits_of_a_number_do_not_show() -> None:
    board, other = entries(3), entries(3)
    for column in ("estimate", "low", "high"):
        other.entries[column] = other.entries[column] * (1 + 2e-13)

    assert page_of(board) == page_of(other)
    pd.testing.assert_frame_equal(board_table([board], REFUSED), board_table([other], REFUSED))


def test_one_entry_alone_and_an_entry_without_an_estimate_have_a_page() -> None:
    alone = page_of(entries(1))
    undefined = entries(1)
    undefined.entries[["estimate", "low", "high"]] = np.nan
    undefined.entries[["rank", "rank_low", "rank_high", "better_than", "worse_than"]] = pd.NA
    undefined.entries["note"] = "no fold holds both classes: not defined"

    assert "1 entry, judged on the same 100 lesions" in alone
    assert "Differences from the first" not in alone
    assert "No entry has an AUC: no fold holds both classes: not defined." in page_of(undefined)


def test_many_groups_are_named_in_the_table_and_not_drawn() -> None:
    text = page_of(entries(60))

    assert re.search(r"The \d+ groups stand in the table", text)


def test_cells_of_the_csv_are_no_formulas() -> None:
    table = board_table([entries(2, title="=HYPERLINK(1)", code="+1")], [("-x.csv", "", "@reason")])

    assert table["title"].tolist() == ["'=HYPERLINK(1) 0", "'=HYPERLINK(1) 1", ""]
    assert table["code"].tolist() == ["'+1", "'+1", ""]
    assert (table["file"].iloc[2], table["reason"].iloc[2]) == ("'-x.csv", "'@reason")


def test_differences_are_of_the_one_that_stands_higher_minus_the_other() -> None:
    board = entries(3)
    pairs = board.pairs.copy()
    pairs.loc[0, ["model_a", "model_b"]] = ["m001.csv", "m000.csv"]
    pairs.loc[0, ["difference", "ci_low", "ci_high"]] = [-0.2, -0.3, -0.1]
    pairs.loc[0, "claim"] = "lower"
    turned = TaskBoard("", "binary", "?", board.entries, pairs)

    first = differences_table([turned]).iloc[0]

    assert (first["file_a"], first["file_b"], first["claim"]) == ("m000.csv", "m001.csv", "higher")
    assert (first["difference"], first["low"], first["high"]) == (0.2, 0.1, 0.3)
