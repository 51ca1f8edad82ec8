"""The page of `samesplit board`: one HTML file that needs nothing but itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samesplit.reports.document import (
    Badge,
    Block,
    Cell,
    Chapter,
    Column,
    Fact,
    Facts,
    Figure,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.standings import MOST_GROUPS, Standing, draw_standings
from samesplit.reports.formatting import (
    MISSING,
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    number,
    p_cell,
    short_hash,
    text_cell,
)
from samesplit.reports.html import to_html
from samesplit.reports.leaderboard_tables import TaskBoard, pairs_by_rank, rounded
from samesplit.reports.main_quantity import MainQuantity, main_quantity
from samesplit.tasks import TaskKind

__all__ = ["BoardFacts", "leaderboard_page"]

_KINDS: dict[str, str] = {
    "binary": "two classes",
    "multiclass": "several classes",
    "survival": "time to an event",
}
_OTHERS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "binary": (
        ("sensitivity", "Sensitivity", "At the operating point, which comes from development data"),
        ("specificity", "Specificity", "At the operating point, which comes from development data"),
        ("pr_auc", "PR AUC", "Area under the precision-recall curve"),
        ("brier", "Brier", "Mean squared error of the probabilities; lower is better"),
        (
            "calibration_slope",
            "Calibration slope",
            "1 where probabilities are neither too bold nor too timid",
        ),
    ),
    "multiclass": (
        ("balanced_accuracy", "Balanced accuracy", "Mean sensitivity over the classes"),
        ("cohen_kappa", "Cohen's kappa", "Agreement of calls with the truth beyond chance"),
        ("brier", "Brier", "Mean squared error of the probabilities; lower is better"),
    ),
    "survival": (("uno_c", "Uno's C", "Concordance that does not depend on the censoring"),),
}
_ENOUGH_FITS = 15
_ADJUSTED = {
    "holm": "Holm's method, so that the chance of any false claim stays below {alpha}",
    "hochberg": "Hochberg's method, so that the chance of any false claim stays below {alpha} where tests are "
    "independent or positively dependent",
    "benjamini-hochberg": "the method of Benjamini and Hochberg, which keeps the expected share of false "
    "claims among "
    "all claims below {alpha}; ranges of ranks then do not hold for all entries together",
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
            f"the byte. "
            "Beside this page: board.csv (every submission with its numbers) and board-differences.csv (every two "
            "entries)."
        ),
    )
    return to_html(report, {})


def _sections(board: TaskBoard, facts: BoardFacts, prefix: str) -> tuple[Section, ...]:
    main = _main(board)
    ranked = board.entries[board.entries["rank"].notna()]
    standing: list[Block] = [*_figure(board, main, prefix), _standing(board, main, facts, prefix)]
    lead = (
        f"From the best by {main.noun}. Ranks: the range that the claimed differences leave. Groups: two "
        f"entries that "
        "share a letter are not shown to differ."
    )
    sections = [Section(id=f"{prefix}standing", title="Standing", lead=lead, blocks=tuple(standing))]
    if len(ranked) > 1:
        sections.append(_differences(board, main, prefix))
    sections.append(_cards(board, prefix))
    return tuple(sections)


def _answer(board: TaskBoard, facts: BoardFacts) -> str:
    main = _main(board)
    ranked = board.entries[board.entries["rank"].notna()]
    if ranked.empty:
        return f"No entry has {main.words}: {board.entries['note'].iloc[0]}."
    first = ranked.iloc[0]
    said = (
        f"{counted(len(ranked), 'entry', 'entries')}, judged on the same "
        f"{counted(int(first['n']), 'lesion')}. First "
        f"by {main.noun} is “{first['title']}” with {number(first['estimate'])} "
        f"({_interval(first, facts)})."
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
        f"each of them "
        "may be the best."
    )  # fmt: skip


def _figure(board: TaskBoard, main: MainQuantity, prefix: str) -> tuple[Figure, ...]:
    lines = [
        Standing(
            label=f"{row['rank']}  {row['title']}",
            estimate=float(row["estimate"]),
            low=float(row["low"]),
            high=float(row["high"]),
            text=_ranks(row),
            groups=tuple(row["groups"]),
            leading=int(row["rank_low"]) == 1,
        )
        for row in _rows(board)
        if not pd.isna(row["rank"])
    ]
    if not lines:
        return ()
    letters = {letter for line in lines for letter in line.groups}
    groups = (
        "Lines with dots: groups of entries that are not shown to differ."
        if len(letters) <= MOST_GROUPS
        else f"The {len(letters)} groups stand in the table."
    )
    alt = f"Forest plot of the {main.noun} of {counted(len(lines), 'entry', 'entries')}, from the best down."
    return (
        Figure(
            id=f"{prefix}standing-figure",
            title=f"{main.title} with intervals, ranks and groups",
            caption=(
                f"Blue: entries that nobody is shown to be better than. {groups} Intervals are each entry's "
                f"own and do "
                "not decide about differences, which are paired."
                + (" Dashed: chance." if main.chance else "")
            ),
            alt=alt,
            svg=draw_standings(
                lines, quantity=main.title, chance=main.chance, name=f"{prefix}standings", alt=alt
            ),
        ),
    )


def _standing(board: TaskBoard, main: MainQuantity, facts: BoardFacts, prefix: str) -> Table:
    others = _OTHERS[board.kind]
    sets = [
        str(name)
        for name in board.entries
        if str(name).startswith(f"{main.quantity} in ") and f"{name}, low" in board.entries
    ]
    columns = (
        Column(key="who", title="Entry"),
        Column(key="estimate", title=main.title, kind="interval", help=main.help),
        Column(key="ranks", title="Ranks", help="Ranks that the claimed differences leave"),
        Column(key="groups", title="Groups", help="Entries that share a letter are not shown to differ"),
        Column(
            key="forest", title="", kind="forest", of="estimate", axis=_axis(board, main), mark=main.chance
        ),
        *(
            Column(
                key=name,
                title=name.replace(main.quantity, main.title, 1),
                kind="interval",
                help="Named test set",
            )
            for name in sets
        ),
        *(Column(key=key, title=title, kind="interval", help=text) for key, title, text in others),
        Column(
            key="better",
            title="Better than",
            kind="number",
            help="Entries that it is shown to be better than",
        ),
        Column(
            key="worse", title="Worse than", kind="number", help="Entries that it is shown to be worse than"
        ),
    )
    rows = []
    for row in _rows(board):
        known = not pd.isna(row["rank"])
        found = estimate_cell(row["estimate"], row["low"], row["high"])
        cells = {
            "who": text_cell(f"{row['rank']}  {row['title']}" if known else row["title"]),
            "ranks": text_cell(_ranks(row) if known else ""),
            "groups": text_cell(" ".join(row["groups"])),
            "forest": found,
            "estimate": found.model_copy(update={"note": row["note"]}),
            "better": count_cell(row["better_than"] if known else None),
            "worse": count_cell(row["worse_than"] if known else None),
        }
        cells |= {name: _estimate(row, name, f"{name}, low", f"{name}, high") for name in sets}
        cells |= {key: _estimate(row, key, f"{key}_low", f"{key}_high", 2) for key, *_ in others}
        rows.append(Row(cells=_with_rounded(cells), emphasis=known and int(row["rank_low"]) == 1))
    first = board.entries.iloc[0]
    positive = f", {int(first['n_positive'])} of them of the positive class" if board.kind == "binary" else ""
    notes = [
        f"{counted(int(first['n']), 'lesion')}{positive}; every entry is judged on all of them. Intervals of "
        f"{100 * facts.confidence:g} %. {main.title}: {'; '.join(dict.fromkeys(board.entries['method']))}. Bold: "
        f"entries "
        "that nobody is shown to be better than."
    ]
    if board.kind == "binary" and (board.entries["operating_point"] == "").any():
        notes.append(
            "An entry without predictions of validation lesions and without a threshold has no operating "
            "point, so no "
            "sensitivity and specificity."
        )
    return Table(
        id=f"{prefix}standing-table", title="Entries", columns=columns, rows=tuple(rows), notes=tuple(notes)
    )


def _differences(board: TaskBoard, main: MainQuantity, prefix: str) -> Section:
    """Show the differences of the first entry from all others."""
    first = str(board.entries.index[0])
    titles = board.entries["title"].to_dict()
    columns = (
        Column(key="other", title="Other entry"),
        Column(key="difference", title=f"Difference of {main.title}", kind="interval"),
        Column(key="p", title="P", kind="number", help="Of this difference alone"),
        Column(key="adjusted", title="Adjusted P", kind="number", help="For all pairs of entries"),
        Column(key="claim", title="Shown"),
    )
    words = {
        "higher": "the first is better",
        "lower": "the first is worse",
        "not shown": "not shown to differ",
    }
    rows = [
        Row(
            cells=_with_rounded(
                {
                    "other": text_cell(titles[one["model_b"]]),
                    "difference": estimate_cell(
                        one["difference"], one["ci_low"], one["ci_high"], signed=True, note=one["note"]
                    ),
                    "p": p_cell(one["p_value"]),
                    "adjusted": p_cell(one["p_adjusted"]),
                    "claim": text_cell(words.get(one["claim"], "")),
                }
            )
        )
        for one in pairs_by_rank(board)
        if one["model_a"] == first
    ]
    table = Table(
        id=f"{prefix}differences-table",
        title="Differences of the first entry from the others",
        columns=columns,
        rows=tuple(rows),
        notes=("Paired, on the same lesions. Every two entries stand in board-differences.csv.",),
    )
    lead = f"“{titles[first]}” minus each other entry."
    return Section(id=f"{prefix}differences", title="Differences from the first", lead=lead, blocks=(table,))


def _cards(board: TaskBoard, prefix: str) -> Section:
    columns = (
        Column(key="title", title="Entry"),
        Column(key="authors", title="Authors", kind="sentence"),
        Column(key="code", title="Code"),
        Column(key="data", title="Training data beyond the cohort", kind="sentence"),
        Column(key="point", title="Operating point"),
        Column(key="seeds", title="Seeds", kind="number"),
        Column(key="file", title="File", kind="code"),
        Column(key="sha256", title="SHA-256", kind="code"),
    )
    rows = tuple(
        Row(
            cells={
                "title": text_cell(row["title"]),
                "authors": text_cell(row["authors"]),
                "code": _link(str(row["code"])),
                "data": text_cell(row["training_data"]),
                "point": text_cell(row["operating_point"]),
                "seeds": count_cell(row["seeds"]),
                "file": text_cell(row["file"]),
                "sha256": Cell(text=short_hash(row["sha256"]), value=row["sha256"], note=row["sha256"]),
            }
        )
        for row in _rows(board)
    )
    table = Table(id=f"{prefix}cards-table", title="Model cards", columns=columns, rows=rows)
    lead = "As whoever sent them wrote it; nobody has checked it."
    return Section(id=f"{prefix}cards", title="Model cards", lead=lead, blocks=(table,))


def _link(code: str) -> Cell:
    """Return the address of the code as a link that shows where it leads."""
    if not code.startswith(("https://", "http://")):
        return Cell(text="not published" if code == "none" else code, value=code)
    host = code.split("/", 3)[2]
    return Cell(text=host if len(host) <= 40 else f"{host[:39]}…", value=code, url=code)


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
        "lacks any is "
        "refused, so all are judged on the same lesions and what one leaves out cannot help it. A submission "
        "names the "
        "split and the cohort by their hashes, and another hash is refused.",
        f"Every two entries are compared on the same lesions ({counted(pairs, 'comparison')}). A difference "
        f"is claimed "
        f"where its P value, adjusted over all pairs of a task by {adjusted}, is below {alpha:g}, and the "
        f"probability "
        "that the claim is false is at most 5 %.",
        "The ranks of an entry run from 1 + the number of entries shown to be better, to the number of all "
        "less those "
        "shown to be worse: where no claim is false, every true rank lies in its range (Mogstad et al. 2024, "
        "doi:10.1093/restud/rdad006; Al Mohamad et al. 2022, doi:10.1111/biom.13419). Groups are a compact letter "
        "display (Piepho 2004, doi:10.1198/1061860043515). Not shown to differ is not the same as equal.",
        *_few_folds(facts),
        "A board does not know how often somebody looked at it before sending: whoever tries often and keeps "
        "the best "
        "is rewarded for luck, which no interval here allows for.",
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
        f"resampled "
        f"t-test, which has {facts.fits - 1} degrees of freedom here: with many entries even large "
        f"differences are "
        "not shown. A holdout test part, or repeats of the folds, lets a board tell more.",
    )


def _main(board: TaskBoard) -> MainQuantity:
    kinds: dict[str, TaskKind] = {"binary": "binary", "multiclass": "multiclass", "survival": "survival"}
    return main_quantity(kinds[board.kind])


def _rows(board: TaskBoard) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in board.entries.to_dict("records")]


def _ranks(row: dict[str, Any]) -> str:
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return f"{low}" if low == high else f"{low}\u00a0to\u00a0{high}"


def _interval(row: Any, facts: BoardFacts) -> str:
    return f"{100 * facts.confidence:g} % interval {interval_text(row['low'], row['high'])}"


def _estimate(row: dict[str, Any], name: str, low: str, high: str, digits: int = 3) -> Cell:
    value = row.get(name, math.nan)
    if value is None or math.isnan(value):
        return Cell(text=MISSING)
    return estimate_cell(value, row[low], row[high], digits)


def _with_rounded(cells: dict[str, Cell]) -> dict[str, Cell]:
    """Return cells whose numbers are rounded, so that their last digits do not differ between processors."""

    def one(value: Any) -> Any:
        return rounded(value) if isinstance(value, float) else value

    return {
        key: cell.model_copy(update={name: one(getattr(cell, name)) for name in ("value", "low", "high")})
        for key, cell in cells.items()
    }


def _axis(board: TaskBoard, main: MainQuantity) -> tuple[float, float]:
    """Return the ends of the drawn axis: tenths that hold every interval and chance."""
    values = board.entries[["estimate", "low", "high"]].to_numpy(dtype="float64").ravel()
    known = [value for value in values if not math.isnan(value)] + [main.chance or 0.5]
    low, high = math.floor(min(known) * 10) / 10, math.ceil(max(known) * 10) / 10
    return (max(0.0, low), min(1.0, max(high, low + 0.1)))
