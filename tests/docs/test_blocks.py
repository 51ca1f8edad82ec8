"""Every code block of README and docs runs, or is read as what it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from doc_blocks.after import AFTER
from doc_blocks.blocks import SHELL, Block, all_pages, blocks_of
from doc_blocks.only_parsed import EXIT_CODES, ONLY_PARSED, WITHOUT_STUDY
from doc_blocks.pages import Outcome, differs, run_page, shown_outputs
from doc_blocks.shell import Command, commands_of
from doc_blocks.workspace import make_workspace
from samesplit.extras import has_extra
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark

PAGES = [page for page in all_pages() if blocks_of(page) and not page.startswith("docs/tutorials/")]


SHOWN_COMPLETELY = [
    f"docs/{name}.md"
    for name in (
        *("agreement", "claims", "free-response", "planning", "reader-studies", "reader-study-reports"),
        *("subgroups", "survival", "triage"),
    )
]
"""Pages on which every output of Python stands."""


def _freezes(command: Command) -> bool:
    others = {"--overwrite", "--export-nnunet"}.intersection(command.words)
    return command.words[:3] == ("samesplit", "split", "my-study") and not others


def _commands(block: Block) -> list[Command]:
    return commands_of(block) if block.tag in SHELL else []


def _draw_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of reports are composed and not drawn; what a page saves to a file is drawn."""
    drawn = Figure.savefig

    def save(figure: Figure, target: Any, **options: Any) -> None:
        if hasattr(target, "write"):
            target.write('<svg viewBox="0 0 9 9"></svg>')
        else:
            drawn(figure, target, **options)

    monkeypatch.setattr(Figure, "savefig", save)


@pytest.fixture(scope="session")
def workspace_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        _draw_files_alone(patch)
        return make_workspace(tmp_path_factory.mktemp("pages") / "workspace").root


@pytest.fixture
def workspace(workspace_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scratch workspace as the current folder; one process, no MLflow, figures composed and not drawn."""
    folder = tmp_path / "workspace"
    shutil.copytree(workspace_template, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr(
        "samesplit.cli.console.out._width", 140
    )  # may have been made by another test, without it
    monkeypatch.delenv("SAMESPLIT_DATA", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    without_tracking = lambda extra, *packages: extra != "tracking" and has_extra(extra, *packages)  # noqa: E731
    monkeypatch.setattr("samesplit.api.joining.has_extra", without_tracking)
    monkeypatch.setattr("samesplit.extras.has_extra", without_tracking)
    _draw_files_alone(monkeypatch)
    return folder


def _page(page: str) -> Any:
    """MLflow's own dependencies warn on import; on every other page a warning is a fault."""
    marks = [pytest.mark.filterwarnings("ignore")] if page == "docs/tracking.md" else []
    return pytest.param(page, marks=marks)


@pytest.mark.filterwarnings("ignore:the run was not tracked")
@pytest.mark.parametrize("page", [_page(page) for page in PAGES])
def test_the_page_holds(page: str, workspace: Path, tmp_path: Path) -> None:
    if page in WITHOUT_STUDY:
        shutil.rmtree(workspace / "benchmarks" / "my-study")
    blocks = blocks_of(page)
    if any(_freezes(command) for block in blocks for command in _commands(block)):
        for name in ("splits.csv", "splits.json"):  # such a page freezes the split itself
            (workspace / "benchmarks" / "my-study" / name).unlink(missing_ok=True)
    if any("second-study" in command.words for block in blocks for command in _commands(block)):
        run_benchmark(load_plan("second-study", RunOptions(jobs=1)))

    namespace: dict[str, Any] = {}

    outcomes = list(
        run_page(
            blocks,
            tmp_path / "read",
            not_run=ONLY_PARSED.get(page, {}),
            exit_codes=EXIT_CODES.get(page, {}),
            namespace=namespace,
        )
    )

    for above, text in shown_outputs(outcomes):
        assert not (fault := differs(text.text, above.printed)), f"{text.place}\n{fault}"
    if page in AFTER:
        AFTER[page](namespace, outcomes)
    if page in SHOWN_COMPLETELY:
        silent = [one.block.place for one in _without_output(outcomes) if one.printed]
        assert not silent, "what these blocks print is not shown"


def _without_output(outcomes: list[Outcome]) -> list[Outcome]:
    shown = {above.block.line for above, _ in shown_outputs(outcomes)}
    return [one for one in outcomes if one.block.tag == "python" and one.block.line not in shown]


@pytest.mark.parametrize("page", sorted({*ONLY_PARSED, *EXIT_CODES, *WITHOUT_STUDY}))
def test_what_is_listed_for_a_page_stands_on_it(page: str) -> None:
    found = {command.text for block in blocks_of(page) for command in _commands(block)}
    assert {*ONLY_PARSED.get(page, {}), *EXIT_CODES.get(page, {})} <= found
    assert page not in WITHOUT_STUDY or any("--from" in text for text in found)
