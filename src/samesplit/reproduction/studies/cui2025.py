"""Cui and colleagues 2025: segmentation of small renal masses on five MR sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samesplit.reproduction.rules import Rule

if TYPE_CHECKING:
    from samesplit.reproduction.studies import FindingRule

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Cui 2025"
RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = ()
