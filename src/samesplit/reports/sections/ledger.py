"""The case ledger: what happened to which lesion, with its images."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.formatting import counted, text_cell
from samesplit.reports.model import Block, Column, Prose, Row, Section, Table
from samesplit.reports.pictures import Pictures

__all__ = ["ledger"]

_MOST_ROWS = 400


def ledger(context: Context, pictures: Pictures) -> Section:
    """Build the ledger."""
    rows = context.data.ledger
    if rows.empty:
        what = "image was missing, failed or repaired" if len(context.data.images) else "row was missing"
        text = f"Nothing happened to any lesion: no {what}, and none was excluded."
        return Section(id="ledger", title="Case ledger", blocks=(Prose(text=text),))
    order = {"failed": 0, "excluded": 1, "missing": 2, "repaired": 3}
    ordered = rows.assign(_order=rows["status"].map(order)).sort_values(
        ["_order", "lesion_id", "sequence", "rater", "stage", "reason"], kind="stable"
    )
    cells = ("lesion_id", "sequence", "rater", "stage", "status", "reason")
    shown = tuple(
        Row(cells={key: text_cell(getattr(row, key)) for key in cells})
        for row in ordered.head(_MOST_ROWS).itertuples(index=False)
    )
    rest = len(ordered) - len(shown)
    notes = (f"{rest} further rows stand in ledger.parquet in the run's folder.",) if rest else ()
    columns = (
        Column(key="lesion_id", title="Lesion", kind="code"),
        Column(key="sequence", title="Sequence"),
        Column(key="rater", title="Rater"),
        Column(key="stage", title="Stage"),
        Column(key="status", title="What"),
        Column(key="reason", title="Why"),
    )
    blocks: list[Block] = [
        Table(id="ledger-table", title="Case ledger", columns=columns, rows=shown, notes=notes)
    ]
    gallery = pictures.ledger_gallery()
    if gallery is not None:
        blocks.append(gallery)
    counts = rows.groupby("status")["lesion_id"].nunique()
    lead = ", ".join(f"{counted(int(counts[s]), 'lesion')} {s}" for s in order if s in counts)
    return Section(id="ledger", title="Case ledger", lead=f"{lead}.", blocks=tuple(blocks))
