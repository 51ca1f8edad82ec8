"""A page that shows something that does not hold is caught, with its page and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_blocks.blocks import find_blocks
from doc_blocks.pages import Outcome, PageError, differs, run_page
from doc_blocks.tutorials import tidy, unlike, with_outputs


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(markdown: str, tmp_path: Path) -> list[Outcome]:
    return list(run_page(find_blocks(markdown), tmp_path / "read"))


def fenced(tag: str, *lines: str) -> str:
    return "\n".join([f"```{tag}", *lines, "```", ""])


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (fenced("python", "x = 1", "x.size"), r"page.md:5: AttributeError"),
        (fenced("python", "x = (1"), r"page.md:4: SyntaxError"),
        (fenced("", "samesplit run my-study --sped"), r"page.md:3: .*No such option: --sped"),
        (fenced("", "samesplit rnu my-study"), r"page.md:3: .*there is no command 'samesplit rnu'"),
        (fenced("sh", "samesplit validate", "# lacks the benchmark"), r"page.md:3: .*Missing parameter"),
        (
            fenced("bash", "samesplit show no-such-study"),
            r"page.md:4: samesplit show no-such-study\nends with 1",
        ),
        (fenced("", "make tea"), r"page.md:3: .*the Makefile has no target tea"),
        (fenced("", "pip install 'samesplit[gpus]'"), r"page.md:3: .*there is no extra {'gpus'}"),
        (fenced("", "python scripts/bench/measure.py --fast"), r"page.md:3: .*knows no --fast"),
        (fenced("", "cohort -> features -> report"), r"page.md:3: .*tag output and drawings as text"),
        (fenced("", "for x in (a b)"), r"page.md:3: .*no shell"),
        (
            fenced("yaml", "models: [ridge, no-such-model]"),
            r"page.md:3: .*there is no models/no-such-model.yaml",
        ),
        (fenced("yaml", "statistics: {bootstrap: 100}"), r"page.md:3: .*'statistics.bootstrap'"),
        (fenced("yaml", "engine: ibsi", "settings: {features: {statistics: [stat_meen]}}"), r"page.md:3: "),
        (fenced("yaml", "kind: ridge", "title: Ridge", "penalty: 3"), r"page.md:3: .*penalty"),
        (fenced("yaml", "colour: red"), r"page.md:3: .*no file that samesplit reads"),
        (fenced("csv", "lesion_id,probability", "L1,"), r"page.md:3: .*an empty cell"),
        (fenced("json", "{,}"), r"page.md:3: JSONDecodeError"),
        (fenced("julia", "x = 1"), r"page.md:3: the tag 'julia'"),
    ],
)
def test_what_does_not_hold_is_told_with_page_and_line(block: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(PageError, match=f"(?s){fault}"):
        run(f"# A page\n\n{block}", tmp_path)


def test_blocks_of_a_page_share_names_files_and_the_folder(tmp_path: Path) -> None:
    page = (
        fenced("python", "# sums.py", "total = 1 + 2")
        + fenced("sh", "mkdir -p deep", "cd deep")
        + fenced("python", "from pathlib import Path", "print(total, Path.cwd().name)")
        + fenced("sh", "samesplit plan model --parameters 12 --prevalence 0.3 --auc 0.8 | head -1 > no.txt")
    )
    outcomes = run(page, tmp_path)
    assert outcomes[2].printed == "3 deep\n"
    assert (tmp_path / "sums.py").read_text().startswith("# sums.py")
    assert outcomes[3].commands == (1, 0)


def test_a_command_that_is_listed_is_parsed_and_not_run(tmp_path: Path) -> None:
    blocks = find_blocks(fenced("", "samesplit run no-such-study"))
    (outcome,) = run_page(blocks, tmp_path / "read", not_run={"samesplit run no-such-study": "because"})
    assert (outcome.done, outcome.commands) == ("parsed", (0, 1))


def test_blocks_in_lists_and_boxes_are_found() -> None:
    page = "- one\n\n  ```python\n  x = 1\n  ```\n\n!!! note\n\n    ```sh\n    ls\n    ```\n\n"
    page += "said\n\n~~~text\nout\n~~~\n"
    found = find_blocks(page)
    assert [(block.tag, block.text, block.line) for block in found] == [
        ("python", "x = 1\n", 3),
        ("sh", "ls\n", 9),
        ("text", "out\n", 15),
    ]
    assert found[2].before == "said"


def test_an_output_that_is_shown_is_compared_but_for_lines_left_out() -> None:
    assert differs("a\n...\nz\n", "a  \nb\nc\nz\n") == ""
    assert differs("a\n...\nz\n", "a\nz\n") == ""
    assert "-0.71" in differs("AUC\n0.71\n", "AUC\n0.72\n")


def test_a_tutorial_may_differ_in_the_last_digit_and_in_hashes_alone() -> None:
    assert unlike("AUC 0.728 of 60, 2b6c0eef11", "AUC 0.729 of  60, 00aa3e11b7") == ""
    assert "0.728" in unlike("AUC 0.728 of 60", "AUC 0.731 of 60")
    assert "60" in unlike("AUC 0.728 of 60", "AUC 0.728 of 61")
    assert unlike("ridge 0.7", "lasso 0.7")
    assert unlike("a", "")


def test_outputs_are_written_below_their_blocks_and_old_ones_replaced(tmp_path: Path) -> None:
    page = (
        fenced("python", "print(6)") + "\n" + fenced("text", "5") + "\nDone.\n\n" + fenced("python", "x = 1")
    )
    written = with_outputs(page, run(page, tmp_path), tmp_path)
    assert written == page.replace("\n5\n", "\n6\n")
    assert with_outputs(written, run(written, tmp_path / "again"), tmp_path) == written


def test_progress_and_the_folder_are_no_output(tmp_path: Path) -> None:
    printed = f"2026-01-01 10:00:00  Images: 0 of 3\nReport: {tmp_path}/reports/x.html  \n"
    assert tidy(printed, tmp_path) == "Report: reports/x.html\n"
