"""Numbers in, one page out."""

from __future__ import annotations

from samesplit.reports.build import build_report, make_report
from samesplit.reports.pdf import build_pdf

__all__ = ["build_pdf", "build_report", "make_report"]
