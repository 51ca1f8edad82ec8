"""The cohort: the flow of the lesions, their baseline characteristics, and sample images."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Prose, Section
from samesplit.reports.formatting import counted
from samesplit.reports.pictures import Pictures
from samesplit.reports.sections.baseline import baseline_table
from samesplit.reports.sections.cohort_flow import cohort_flows

__all__ = ["cohort"]


def cohort(contexts: Sequence[Context], pictures: Pictures) -> Section:
    """Build what the benchmark says of itself, the flow, the table by class and a sample of images.

    Args:
        contexts: The tasks of the run.
        pictures: The images that the page can carry.
    """
    context = contexts[0]
    told = str(context.data.run.get("description") or "").strip()
    blocks: list[Block] = [Prose(text=told)] if told else []
    blocks += [*cohort_flows(contexts), baseline_table(contexts)]
    sample = pictures.sample_gallery()
    if sample is not None:
        blocks.append(sample)
    return Section(id="cohort", title="Cohort", lead=_lead(context), blocks=tuple(blocks))


def _lead(context: Context) -> str:
    settings = context.data.section("cohort")
    sequences = settings.get("sequences") or sorted(context.data.images["sequence"].unique())
    parts = [f"Sequences: {', '.join(map(str, sequences))}."] if len(sequences) else []
    raters = sorted(context.data.images["rater"].unique())
    if raters:
        others = [rater for rater in raters if rater != context.data.rater]
        more = f"; there are also masks of {', '.join(others)}" if others else ""
        parts.append(f"The models are evaluated with the masks of rater {context.data.rater}{more}.")
    own = context.data.section("features")
    if own:
        parts.append(
            f"Features: {counted(int(own['columns']), 'column')} of {own['file']}, a table made elsewhere; "
            "how they were extracted is not known here."
        )
    return " ".join(parts)
