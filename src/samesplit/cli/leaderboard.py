"""Verbs on boards: check or make a submission, and rank all submissions to a frozen split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from samesplit.cli.console import Benchmark, display_path, echo, out, reporter, table_of

if TYPE_CHECKING:
    from samesplit.workflows.leaderboard.board import Board
    from samesplit.workflows.leaderboard.frozen import Frozen
    from samesplit.workflows.leaderboard.submissions import Submission

__all__ = ["board", "submit"]


def board(
    benchmark: Benchmark,
    submissions: Annotated[
        Path | None,
        typer.Option(help="Folder with the submissions (default: submissions/ in the benchmark's folder)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder (default: reports/<benchmark>/board).")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing; say which submissions are new, stale or refused, with exit code 1 if any is.",
        ),
    ] = False,
    hand_out: Annotated[
        Path | None,
        typer.Option(
            help="Make no board; write into this folder what submitters need, without labels of tested lesions."
        ),
    ] = None,
) -> None:
    """Rank all submissions to a frozen split on one page, with intervals; exit code 1 if one was refused."""
    from samesplit.errors import WorkspaceError
    from samesplit.workflows.leaderboard.board import board as make_board

    if hand_out is not None:
        if check or submissions is not None or output is not None:
            raise WorkspaceError(
                "--hand-out makes no board, so --submissions, --output and --check have no meaning beside it",
                remedy="call samesplit board once with --hand-out, and once without it",
            )
        _hand_out(benchmark, hand_out)
        return
    made = make_board(benchmark, submissions=submissions, output=output, check=check, reporter=reporter())
    _tell_states(made, check=check)
    for one in made.refused:
        for number, fault in enumerate((one.error, *one.error.more)):
            if number == 5:
                echo(f"  and {len(one.error.more) - 4} more: samesplit submit {benchmark} {one.file}")
                break
            head = f"Refused {one.file}: " if number == 0 else "  "
            echo(head + "\n  ".join(str(fault).splitlines()))
    if not check:
        _show(made)
    if made.refused or (check and not made.current):
        raise typer.Exit(1)


def _hand_out(benchmark: str, folder: Path) -> None:
    from samesplit.workflows.leaderboard.hand_out import hand_out

    written, hidden, shown = hand_out(benchmark, folder)
    echo(f"Wrote {display_path(written.absolute())}: {hidden} lesions without a label, {shown} with theirs.")
    if not shown:
        echo(
            "Every lesion is tested in some fold, so no label is left to learn from: a split with a holdout "
            "test part keeps the labels of its training part."
        )


def submit(
    benchmark: Benchmark,
    file: Annotated[
        Path | None, typer.Argument(help="A submission to check, or plain predictions to make one from.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What the model is called; writes a submission.")] = None,
    authors: Annotated[str | None, typer.Option(help="Who made it, names separated by semicolons.")] = None,
    code: Annotated[str | None, typer.Option(help="Address of its code (https://...), or 'none'.")] = None,
    training_data: Annotated[
        str | None, typer.Option(help="What it learned from beyond the cohort, or 'none'.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="The task that is answered; needed where the benchmark has several.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Operating point fixed on development data, without validation lines."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Make a submission of this model of a run instead.")
    ] = None,
    from_run: Annotated[
        Path | None, typer.Option(help="Folder of the run with the model (default: the latest run).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A .csv file, or a folder (default: here, called after the title)."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write in the place of a file that is there.")
    ] = False,
) -> None:
    """Check a submission before it is sent, or make one of predictions; the labels need not be there."""
    from samesplit.errors import PredictionsError
    from samesplit.workflows.leaderboard.frozen import load_frozen
    from samesplit.workflows.leaderboard.header import ModelCard
    from samesplit.workflows.leaderboard.making import make_from_run, make_submission
    from samesplit.workflows.leaderboard.submissions import read_submission

    given = (title, authors, code, training_data, task, threshold, model, from_run, output)
    making = any(one is not None for one in given)
    if (file is None) == (model is None):
        raise PredictionsError(
            "a submission is checked by its file, and made from a file or from a model of a run",
            where="samesplit submit",
            remedy="name either a CSV or a --model",
        )
    for option, in_vain, why in (
        (
            "--from-run",
            from_run is not None and model is None,
            "names the run of a --model, and none is given",
        ),
        ("--threshold", threshold is not None and model is not None, "goes with a file; a model has its own"),
    ):
        if in_vain:
            raise PredictionsError(why, where=option, remedy="leave it out")
    frozen = load_frozen(benchmark)
    card = ModelCard(title or "", authors or "", code or "", training_data or "")
    if not making and file is not None:
        path, made = file, read_submission(file, frozen)
    elif model is not None:
        path, made = make_from_run(
            frozen, model, card, run=from_run, output=output, task=task, replace=replace
        )
    else:
        assert file is not None
        path, made = make_submission(
            frozen, file, card, output=output, task=task, threshold=threshold, replace=replace
        )
    _tell_submission(frozen, made)
    if making:
        echo(f"Wrote {display_path(path.absolute())}. Send this file; samesplit board ranks it.")
    else:
        echo(f"{path} is a whole submission to {frozen.name}.")


def _tell_submission(frozen: Frozen, one: Submission) -> None:
    """Say what will stand on the board; estimates are not among it."""
    import pandas as pd

    card = one.header.card
    tested = one.predictions[one.predictions["subset"] == "test"]
    folds = tested[["repeat", "fold"]].drop_duplicates()
    lines = [
        ("title", card.title),
        ("authors", card.authors),
        ("code", card.code),
        ("training data beyond the cohort", card.training_data),
        *([("task", one.task)] if frozen.named else []),
        ("tested lesions", str(tested["lesion_id"].nunique())),
        ("folds, seeds", f"{len(folds)}, {one.seeds}"),
        ("operating point", one.operating_point or "none: no sensitivity and specificity"),
        ("SHA-256", one.sha256),
    ]
    out.print(table_of(pd.DataFrame(lines, columns=["what", "on the board"]), title=frozen.name))
    for note in one.notes:
        out.print(f"[yellow]Note:[/] {escape(note)}.", highlight=False)
    if not frozen.labels_known:
        out.print(
            "[yellow]Note:[/] The labels are not here. Header, ids, folds and values were checked; whether "
            "the split fits the labels, and which lesions have no outcome, is seen where the board is made.",
            highlight=False,
        )


def _tell_states(made: Board, *, check: bool) -> None:
    """Say which evaluations were kept, and which were or have to be made, and why."""
    judged = "to be judged" if check else "judged"
    for one in made.states:
        if one.state == "stale":
            again = "has to be judged again" if check else "was judged again"
            echo(f"Stale {one.file}: {one.why}; it {again}.")
    counts = {
        state: sum(one.state == state for one in made.states) for state in ("kept", "new", "stale", "refused")
    }
    echo(
        f"{len(made.states)} submission{'s' * (len(made.states) != 1)}: {counts['kept']} judged before, "
        f"{counts['new']} new ({judged}), {counts['stale']} stale, {counts['refused']} refused."
    )


def _show(made: Board) -> None:
    """Print the standing, and where the page is."""
    import pandas as pd

    judged = made.table[made.table["status"] == "judged"]
    lines = [
        {
            **({"task": row["task"]} if row["task"] else {}),
            "rank": str(row["rank"]),
            "ranks": " to ".join(dict.fromkeys((str(row["rank_low"]), str(row["rank_high"])))),
            "entry": row["title"],
            row["quantity"]: _estimate(row["estimate"], row["low"], row["high"]),
            "groups": row["groups"],
        }
        for row in judged.to_dict("records")
    ]
    if lines:
        out.print(table_of(pd.DataFrame(lines).fillna(""), title="Standing"))
    for note in made.notes:
        out.print(f"[yellow]Note:[/] {escape(note)}.", highlight=False)
    page, table, _ = made.files
    echo(f"Page:  {display_path(page.absolute())}")
    echo(f"Table: {display_path(table.absolute())}, board-differences.csv")


def _estimate(value: object, low: object, high: object) -> str:
    from samesplit.reports.formatting import interval_text, number

    if value == "":
        return ""
    return f"{number(value)} ({interval_text(None if low == '' else low, None if high == '' else high)})"
