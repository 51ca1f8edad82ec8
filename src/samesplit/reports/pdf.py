"""The report as PDF: the same page through its print style, by WeasyPrint (the extra `pdf`)."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from samesplit.errors import SamesplitError
from samesplit.run_folder import REPORT_PAGE, REPORT_PDF
from samesplit.storage import write_bytes

__all__ = ["build_pdf"]


def build_pdf(run_folder: Path) -> Path:
    """Write `report.pdf` beside `report.html`.

    Raises:
        SamesplitError: There is no report yet, or WeasyPrint or one of its system libraries is missing.
    """
    page = run_folder / REPORT_PAGE
    if not page.exists():
        raise SamesplitError("there is no report.html", where=run_folder, remedy="run the benchmark first")
    try:
        weasyprint = import_module("weasyprint")
    except (ImportError, OSError) as error:  # OSError: pango is not on the system
        raise SamesplitError(
            f"the report cannot be turned into PDF ({error})",
            where=page,
            remedy="install the extra with: pip install 'samesplit[pdf]' (on Debian or Ubuntu also: apt-get "
            "install libpango-1.0-0 libpangoft2-1.0-0), or print the page to PDF in a browser",
        ) from error
    # WeasyPrint knows no variables inside drawings; paper has the colours that stand behind them.
    text = re.sub(r"var\(--[a-z]+, (#[0-9a-f]{6})\)", r"\1", page.read_text(encoding="utf-8"))
    document = weasyprint.HTML(string=text, base_url=str(run_folder))
    return write_bytes(run_folder / REPORT_PDF, document.write_pdf())
