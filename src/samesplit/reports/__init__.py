"""The report: numbers of a finished run as one page (HTML), its data (JSON) and a PDF.

Reads the run's folder, describes, counts and draws. Estimates do not belong here: they are computed in
`samesplit.evaluation` and stand in the tables.
"""

from __future__ import annotations

from samesplit.reports.build import build_report, make_report
from samesplit.reports.pdf import build_pdf

__all__ = ["build_pdf", "build_report", "make_report"]
