"""The page of `samesplit audit`: one HTML file that needs nothing but itself."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.reports.document import Badge, Report
from samesplit.reports.formatting import short_hash
from samesplit.reports.html import to_html
from samesplit.reports.sections.audit import audit_section

__all__ = ["audit_page"]


def audit_page(table: pd.DataFrame, record: dict[str, Any]) -> str:
    """Write the page.

    Args:
        table: As `samesplit audit` writes it.
        record: What it was made from.
    """
    section = audit_section(table, record)
    first, *rest = section.blocks
    report = Report(
        samesplit=str(record["samesplit"]),
        benchmark=str(record["benchmark"]),
        run="audit of leaks",
        kicker=f"{record['benchmark']} · audit of leaks",
        title=str(record["title"]),
        question="By how much would each known mistake have inflated the AUC?",
        answer=getattr(first, "text", ""),
        badges=(
            Badge(
                name="split", text=short_hash(record["hashes"]["split"]), full=str(record["hashes"]["split"])
            ),
            Badge(
                name="cohort",
                text=short_hash(record["hashes"]["cohort"]),
                full=str(record["hashes"]["cohort"]),
            ),
            Badge(name="model", text=str(record["model"]["name"])),
            Badge(name="seed", text=str(record["seed"])),
            Badge(name="samesplit", text=str(record["samesplit"])),
            Badge(name="finished", text=str(record["finished"])[:16].replace("T", " ")),
        ),
        sections=(section.model_copy(update={"blocks": tuple(rest)}),),
        footer=(
            f"Written by samesplit {record['samesplit']}. Beside this page: audit.csv (every number "
            "at full precision) and "
            "record.json (what it was made from)."
        ),
    )
    return to_html(report, {})
