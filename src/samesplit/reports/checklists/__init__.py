"""Reporting checklists, filled as far as a run can answer them; the rest is left to the authors."""

from samesplit.reports.checklists.checklist import NAMES, Checklist, Item, read_checklist
from samesplit.reports.checklists.filling import Answer, fill

__all__ = ["NAMES", "Answer", "Checklist", "Item", "fill", "read_checklist"]
