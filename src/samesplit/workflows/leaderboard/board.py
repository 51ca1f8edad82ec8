"""`samesplit board`: every submission to a frozen split judged once, ranked, and shown on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from samesplit.errors import CohortError, PredictionsError, SamesplitError
from samesplit.reports.leaderboard_page import BoardFacts, leaderboard_page
from samesplit.reports.leaderboard_tables import TaskBoard, board_table, differences_table
from samesplit.run.claim_rules import claim_rules
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.storage import locked, write_text
from samesplit.tables import write_csv
from samesplit.version import __version__
from samesplit.workflows.leaderboard.frozen import Frozen, load_frozen, submission_files
from samesplit.workflows.leaderboard.judging import basis_of, evaluator, judge
from samesplit.workflows.leaderboard.kept import KeptEvaluations
from samesplit.workflows.leaderboard.ranking import Entry, compare_and_rank
from samesplit.workflows.leaderboard.submissions import Refusal, Submission, read_or_refuse

__all__ = ["Board", "State", "board"]


@dataclass(frozen=True)
class State:
    """How the evaluation of a submission stands.

    Attributes:
        file: The name of its file.
        state: `kept`, `new` (never judged), `stale` (judged before something changed) or `refused`.
        why: Why it is stale, or was refused.
    """

    file: str
    state: str
    why: str = ""


@dataclass(frozen=True)
class Board:
    """A board as it was made, or as it would be.

    Attributes:
        table: One row a submission, the ranked ones of each task first; as board.csv has it.
        states: How the evaluation of each submission stood before.
        refused: The submissions that were refused, with all that is wrong with each.
        files: What was written; nothing where only the states were asked for.
        notes: What is to be known about files.
    """

    table: pd.DataFrame
    states: tuple[State, ...]
    refused: tuple[Refusal, ...]
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether every submission had been judged, by this evaluator, and none is refused."""
        return all(one.state == "kept" for one in self.states)


def board(
    benchmark: str | Path,
    *,
    submissions: Path | None = None,
    output: Path | None = None,
    check: bool = False,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> Board:
    """Judge all submissions to a benchmark and write its board.

    A submission that was judged before is not judged again unless the evaluator, the labels, the split or the
    declared statistics changed. One that is refused costs itself only. The same folder gives the same bytes.

    Args:
        benchmark: Folder or name.
        submissions: Folder with the submissions; default: `submissions/` in the benchmark's folder.
        output: Folder for `board.html`, `board.csv` and `board-differences.csv`; default:
            `reports/<benchmark>/board`.
        check: Judge and write nothing, and only say how the evaluation of each submission stands.
        reporter: Told what is going on.
        start: Where to look for the benchmark; default: the current folder.

    Raises:
        SamesplitError: (one of its kinds) The benchmark cannot be read, its labels are not at hand, or there is no
            submission.
    """
    reporter = reporter or SilentReporter()
    frozen = load_frozen(benchmark, start=start)
    if not frozen.labels_known:
        raise CohortError(
            "has no labels, without which nothing can be judged",
            where=frozen.folder / "lesions.csv",
            remedy="make the board where the labels are; samesplit submit checks a submission without them",
        )
    found, refused = _read(submissions or frozen.submissions, frozen, reporter)
    kept = KeptEvaluations(frozen.workspace.cache / "board" / frozen.name)
    bases = {task: basis_of(frozen, task) for task in frozen.tasks}
    states = {one.file: _state(one, *kept.entry(one.sha256, bases[one.task])) for one in found} | {
        one.file: State(one.file, "refused", one.reason) for one in refused
    }
    in_order = tuple(states[name] for name in sorted(states))
    if check:
        return Board(pd.DataFrame(), in_order, tuple(refused))
    with locked(kept.folder / ".lock", on_wait=lambda: reporter.say("Waiting for another board.")):
        entries, failed = _judged(found, frozen, kept, bases, reporter)
        boards = _boards(entries, frozen, kept, bases, reporter)
    refused = sorted([*refused, *failed], key=lambda one: one.file)
    table = board_table(boards, [(one.file, one.sha256, one.reason) for one in refused])
    facts = _facts(frozen)
    folder = output or frozen.workspace.reports / frozen.name / "board"
    files = (
        write_text(folder / "board.html", leaderboard_page(boards, table, facts)),
        write_csv(table, folder / "board.csv"),
        write_csv(differences_table(boards), folder / "board-differences.csv"),
    )
    notes = tuple(note for one in found for note in one.notes)
    return Board(table, in_order, tuple(refused), files, notes)


def _read(folder: Path, frozen: Frozen, reporter: Reporter) -> tuple[list[Submission], list[Refusal]]:
    """Read all submissions by the order of their names; the second of two files with the same bytes is refused."""
    paths = submission_files(folder)
    if not paths:
        raise PredictionsError(
            "holds no submission (*.csv)" if folder.is_dir() else "does not exist",
            where=folder,
            remedy=f"make one with samesplit submit {frozen.name} predictions.csv --title ..., and put it there, "
            "or name another folder with --submissions",
        )
    found: list[Submission] = []
    refused: list[Refusal] = []
    first: dict[str, str] = {}
    with reporter.stage("Submissions") as advance:
        for number, path in enumerate(paths):
            advance(number, len(paths))
            one = read_or_refuse(path, frozen)
            if isinstance(one, Refusal):
                refused.append(one)
            elif one.sha256 in first:
                refused.append(_doubled(path, one, first[one.sha256]))
            else:
                first[one.sha256] = path.name
                found.append(one)
        advance(len(paths), len(paths))
    return found, refused


def _doubled(path: Path, one: Submission, other: str) -> Refusal:
    error = PredictionsError(
        f"is the same file as {other}", where=path, remedy="keep one of the two; each would count as an entry"
    )
    return Refusal(path.name, one.sha256, error.problem, error)


def _state(one: Submission, rows: object, why: str) -> State:
    return State(one.file, "kept" if rows is not None else "stale" if why else "new", why)


def _judged(
    found: Sequence[Submission],
    frozen: Frozen,
    kept: KeptEvaluations,
    bases: Mapping[str, Mapping[str, str]],
    reporter: Reporter,
) -> tuple[list[Entry], list[Refusal]]:
    """Return the entries with their evaluations, kept ones and new ones, and those that cannot be judged."""
    entries: list[Entry] = []
    failed: list[Refusal] = []
    with reporter.stage("Evaluation") as advance:
        for number, one in enumerate(found):
            advance(number, len(found))
            rows, _ = kept.entry(one.sha256, bases[one.task])
            if rows is None:
                try:
                    rows = judge(one, frozen)
                except SamesplitError as error:
                    reason = "cannot be judged: samesplit board says why where it is made"
                    failed.append(Refusal(one.file, one.sha256, reason, error))
                    continue
                kept.keep(one.sha256, bases[one.task], rows)
            entries.append(Entry(one, rows))
        advance(len(found), len(found))
    return entries, failed


def _boards(
    entries: Sequence[Entry],
    frozen: Frozen,
    kept: KeptEvaluations,
    bases: Mapping[str, Mapping[str, str]],
    reporter: Reporter,
) -> list[TaskBoard]:
    """Compare and rank the entries of each task that has any."""
    boards = []
    asked = frozen.definition.statistics
    method = claim_rules(asked, ()).multiplicity
    for name in frozen.tasks:
        own = [entry for entry in entries if entry.submission.task == name]
        if own:
            boards.append(
                compare_and_rank(
                    own,
                    frozen,
                    name,
                    known=kept.pairs(name, bases[name]),
                    keep=partial(kept.keep_pairs, name, bases[name]),
                    multiplicity=method,
                    reporter=reporter,
                )
            )
    return boards


def _facts(frozen: Frozen) -> BoardFacts:
    asked = frozen.definition.statistics
    return BoardFacts(
        samesplit=__version__,
        benchmark=frozen.name,
        title=frozen.definition.title,
        split=frozen.split.sha256,
        cohort=frozen.split.cohort_sha256,
        evaluator=evaluator(),
        confidence=asked.confidence,
        multiplicity=asked.multiplicity,
        fits=len(frozen.split.pairs()),
        synthetic=frozen.definition.data.synthetic is not None,
    )
