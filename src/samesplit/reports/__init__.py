"""Numbers in, one page out."""

from __future__ import annotations

from samesplit.reports.build import build_report, make_report

__all__ = ["build_report", "make_report"]
