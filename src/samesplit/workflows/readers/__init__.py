"""A reader study from tables alone: readings and truth, with or without predictions; no images, no benchmark."""

from __future__ import annotations

from samesplit.workflows.readers.columns import ColumnNames
from samesplit.workflows.readers.study import ReaderStudyRequest, write_reader_study

__all__ = ["ColumnNames", "ReaderStudyRequest", "write_reader_study"]
