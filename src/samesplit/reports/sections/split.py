"""The data split: fold assignment of the patients, and balance between subsets."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Prose, Section
from samesplit.reports.formatting import counted
from samesplit.reports.sections.balance import balance
from samesplit.reports.sections.fold_assignment import fold_assignment, test_set_table
from samesplit.reports.sections.shift import shift_blocks

__all__ = ["split"]


def split(contexts: Sequence[Context]) -> Section:
    """Build the fold assignment, the counts, the named test sets and the balance.

    Args:
        contexts: The tasks of the run.
    """
    context = contexts[0]
    blocks: list[Block] = [_overlap(context), fold_assignment(contexts)]
    sets = test_set_table(contexts)
    blocks += [sets] if sets is not None else []
    alike = balance(context)
    blocks += [alike] if alike is not None else []
    blocks += shift_blocks(contexts)
    return Section(id="split", title="Data split", lead=_lead(context), blocks=tuple(blocks))


def _lead(context: Context) -> str:
    settings = context.data.section("split")
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    repeats, folds = pairs["repeat"].nunique(), len(pairs)
    scheme = str(settings.get("scheme") or "unnamed")
    size = counted(folds, "fold") + (f" in {counted(repeats, 'repeat')}" if repeats > 1 else "")
    seed = f", seed {settings['seed']}" if settings.get("seed") is not None else ""
    return (
        f"Scheme “{scheme}”: {size}{seed}. The split was made from patient ids, labels and strata before "
        "any feature was computed, stored once, and used by every model."
    )


def _overlap(context: Context) -> Prose:
    doubled = context.data.splits.duplicated(["repeat", "fold", "patient_id"]).sum()
    if doubled:
        return Prose(
            text=f"{counted(int(doubled), 'patient')} in more than one subset of a fold.", tone="warning"
        )
    patients = context.data.splits["patient_id"].nunique()
    return Prose(
        text=f"Checked: none of the {patients} patients is in more than one subset of any fold.", tone="note"
    )
