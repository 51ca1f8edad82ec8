"""The methods of the run as text to paste into a paper."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.context import Context
from samesplit.reports.document import Manuscript, Paragraph, Section
from samesplit.reports.methods_text import methods_text

__all__ = ["methods"]


def methods(contexts: Sequence[Context]) -> Section:
    """Build the text with its references.

    Args:
        contexts: The tasks of the run.
    """
    text = methods_text(contexts)
    manuscript = Manuscript(
        id="methods-text-body",
        title="Methods",
        paragraphs=tuple(Paragraph(title=title, text=words) for title, words in text.paragraphs),
        references=text.references,
    )
    return Section(
        id="methods-text",
        title="Methods text",
        lead=(
            "Written from the settings and tables of this run; it names nothing that did not run. How patients "
            "were found, ethics and the reference standard are for the authors to add."
        ),
        blocks=(manuscript,),
    )
