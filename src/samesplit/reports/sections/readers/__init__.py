"""The sections of a reader study, in the order in which such studies are told."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Section
from samesplit.reports.sections.readers.agreement import reader_agreement
from samesplit.reports.sections.readers.aid import reader_aid
from samesplit.reports.sections.readers.marks import reader_marks
from samesplit.reports.sections.readers.models import reader_models
from samesplit.reports.sections.readers.study import readers

__all__ = ["reader_sections", "readers"]


def reader_sections(context: Context) -> tuple[Section | None, ...]:
    """Build all sections about readers: the study, models against readers, aid, marks, agreement.

    Args:
        context: Of the report; without readers every section is None.
    """
    return (
        readers(context),
        reader_models(context),
        reader_aid(context),
        reader_marks(context),
        reader_agreement(context),
    )
