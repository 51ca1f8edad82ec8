"""The page of `samesplit board`: one HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samesplit.reports.document import (
    Badge,
    Block,
    Chapter,
    Column,
    Fact,
    Facts,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.formatting import counted, interval_text, number, short_hash, text_cell
from samesplit.reports.html import to_html
from samesplit.reports.leaderboard_sections import (
    cards_section,
    differences_section,
    main_of,
    standing_figure,
    standing_table,
)
from samesplit.reports.leaderboard_tables import TaskBoard

__all__ = ["BoardFacts", "leaderboard_page"]

_KINDS: dict[str, str] = {
    "binary": "two classes",
    "multiclass": "several classes",
    "survival": "time to an event",
}
_ENOUGH_FITS = 15
_ADJUSTED = {
    "holm": "Holm's method, so that the chance of any false claim stays below {alpha}",
    "hochberg": "Hochberg's method, so that the chance of any false claim stays below {alpha} where tests are "
    "independent or positively dependent",
    "benjamini-hochberg": "the method of Benjamini and Hochberg, which keeps the expected share of false "
    "claims among all claims below {alpha}; ranges of ranks then do not hold for all entries together",
}


@dataclass(frozen=True)
class BoardFacts:
    """What a board says of itself.

    Attributes:
        samesplit: The version that made it.
        benchmark: The benchmark's name.
        title: Its title.
        split: SHA-256 of the split.
        cohort: SHA-256 of the cohort.
        evaluator: SHA-256 of the code and libraries that judged the entries.
        confidence: Of all intervals.
        multiplicity: How p-values are adjusted, as benchmark.yaml says it.
        fits: How many folds the split has, over all repeats.
        synthetic: Whether the patients are simulated.
    """

    samesplit: str
    benchmark: str
    title: str
    split: str
    cohort: str
    evaluator: str
    confidence: float
    multiplicity: str
    fits: int
    synthetic: bool = False


def leaderboard_page(boards: Sequence[TaskBoard], table: pd.DataFrame, facts: BoardFacts) -> str:
    """Write the page; the same tables give the same bytes.

    All that came with a submission is escaped, and nothing of single lesions or predictions stands on the page.

    Args:
        boards: The ranked entries of each task.
        table: One row a submission, see `leaderboard_tables.board_table`; the refused ones are read from it.
        facts: What the board says of itself.
    """
    refused = table[table["status"] == "refused"]
    several = any(board.name for board in boards) and len(boards) > 1
    shared = (*_refused(refused), _how(facts, boards))
    chapters: tuple[Chapter, ...] = ()
    sections: tuple[Section, ...] = shared
    if several:
        chapters = tuple(
            Chapter(
                id=f"task-{number}",
                title=board.name,
                kind=_KINDS[board.kind],
                question=board.question,
                answer=_answer(board, facts),
                sections=_sections(board, facts, f"task-{number}-"),
            )
            for number, board in enumerate(boards, start=1)
        )
    elif boards:
        sections = (*_sections(boards[0], facts, ""), *shared)
    judged = sum(len(board.entries) for board in boards)
    report = Report(
        samesplit=facts.samesplit,
        benchmark=facts.benchmark,
        run="board",
        kicker=f"{facts.benchmark} · board",
        title=facts.title,
        question=boards[0].question if len(boards) == 1 else "Which submission answers best?",
        notice="The patients are simulated: the numbers show the machinery and say nothing about patients."
        if facts.synthetic
        else "",
        answer=_answer(boards[0], facts)
        if boards
        else "No submission could be judged; the reasons stand below.",
        badges=(
            Badge(name="submissions", text=f"{judged} judged, {len(refused)} refused"),
            Badge(name="split", text=short_hash(facts.split), full=facts.split),
            Badge(name="cohort", text=short_hash(facts.cohort), full=facts.cohort),
            Badge(name="evaluator", text=short_hash(facts.evaluator), full=facts.evaluator),
            Badge(name="samesplit", text=facts.samesplit),
        ),
        chapters=chapters,
        sections=sections,
        footer=(
            f"Written by samesplit {facts.samesplit}; the same folder of submissions gives the same page to "
            "the byte. Beside this page: board.csv (every submission with its numbers) and "
            "board-differences.csv (every two entries)."
        ),
    )
    return to_html(report, {})


def _sections(board: TaskBoard, facts: BoardFacts, prefix: str) -> tuple[Section, ...]:
    main = main_of(board)
    ranked = board.entries[board.entries["rank"].notna()]
    standing: list[Block] = [
        *standing_figure(board, main, prefix),
        standing_table(board, main, facts.confidence, prefix),
    ]
    lead = (
        f"From the best by {main.noun}. Ranks: the range that the claimed differences leave. Groups: two "
        "entries that share a letter are not shown to differ."
    )
    sections = [Section(id=f"{prefix}standing", title="Standing", lead=lead, blocks=tuple(standing))]
    if len(ranked) > 1:
        sections.append(differences_section(board, main, prefix))
    sections.append(cards_section(board, prefix))
    return tuple(sections)


def _answer(board: TaskBoard, facts: BoardFacts) -> str:
    main = main_of(board)
    ranked = board.entries[board.entries["rank"].notna()]
    if ranked.empty:
        return f"No entry has {main.words}: {board.entries['note'].iloc[0]}."
    first = ranked.iloc[0]
    said = (
        f"{counted(len(ranked), 'entry', 'entries')}, judged on the same "
        f"{counted(int(first['n']), 'lesion')}. First by {main.noun} is “{first['title']}” with "
        f"{number(first['estimate'])} ({_interval(first, facts)})."
    )
    others = len(ranked) - 1
    if not others:
        return said
    better = int(first["better_than"])
    leading = int((ranked["rank_low"] == 1).sum())
    if better == others:
        return f"{said} It is shown to be better than every other entry."
    told = (
        f"It is shown to be better than {better} of the other {others}"
        if better
        else ("It is not shown to be better than any other")
    )
    return (
        f"{said} {told}; {counted(leading, 'entry is', 'entries are')} not shown to be worse than any, so "
        "each of them may be the best."
    )  # fmt: skip


def _refused(refused: pd.DataFrame) -> tuple[Section, ...]:
    if refused.empty:
        return ()
    columns = (
        Column(key="file", title="File", kind="code"),
        Column(key="reason", title="Why it was refused", kind="sentence"),
    )
    rows = tuple(
        Row(cells={"file": text_cell(row["file"]), "reason": text_cell(f"{row['reason']}")})
        for row in refused.to_dict("records")
    )
    table = Table(id="refused-table", title="Refused", columns=columns, rows=rows, sortable=False)
    lead = "A refused submission changes nothing for the others. samesplit submit says every fault with its line."
    return (Section(id="refused", title="Refused", lead=lead, blocks=(table,)),)


def _how(facts: BoardFacts, boards: Sequence[TaskBoard]) -> Section:
    alpha = 1 - facts.confidence
    adjusted = _ADJUSTED[facts.multiplicity].format(alpha=f"{100 * alpha:g} %")
    pairs = sum(len(board.pairs) for board in boards)
    text = (
        "Every entry gives predictions of every tested lesion in every fold of the frozen split; one that "
        "lacks any is refused, so all are judged on the same lesions and what one leaves out cannot help "
        "it. A submission names the split and the cohort by their hashes, and another hash is refused.",
        f"Every two entries are compared on the same lesions ({counted(pairs, 'comparison')}). A difference "
        f"is claimed where its P value, adjusted over all pairs of a task by {adjusted}, is below "
        f"{alpha:g}, and the probability that the claim is false is at most 5 %.",
        "The ranks of an entry run from 1 + the number of entries shown to be better, to the number of all "
        "less those "
        "shown to be worse: where no claim is false, every true rank lies in its range (Mogstad et al. 2024, "
        "doi:10.1093/restud/rdad006; Al Mohamad et al. 2022, doi:10.1111/biom.13419). Groups are a compact letter "
        "display (Piepho 2004, doi:10.1198/1061860043515). Not shown to differ is not the same as equal.",
        *_few_folds(facts),
        "A board does not know how often somebody looked at it before sending: whoever tries often and "
        "keeps the best is rewarded for luck, which no interval here allows for.",
    )
    hashes = Facts(
        title="Hashes",
        facts=(
            Fact(name="Split", text=facts.split, code=True),
            Fact(name="Cohort", text=facts.cohort, code=True),
            Fact(name="Evaluator", text=facts.evaluator, code=True),
        ),
    )
    return Section(
        id="how", title="How this board judges", blocks=(*(Prose(text=one) for one in text), hashes)
    )


def _few_folds(facts: BoardFacts) -> tuple[str, ...]:
    """Say why little is shown where the split has several folds and few of them."""
    if not 1 < facts.fits < _ENOUGH_FITS:
        return ()
    return (
        f"The split has {facts.fits} folds. Over several folds a difference also has to pass the corrected "
        f"resampled t-test, which has {facts.fits - 1} degrees of freedom here: with many entries even "
        "large differences are not shown. A holdout test part, or repeats of the folds, lets a board tell "
        "more.",
    )


def _interval(row: Any, facts: BoardFacts) -> str:
    return f"{100 * facts.confidence:g} % interval {interval_text(row['low'], row['high'])}"
