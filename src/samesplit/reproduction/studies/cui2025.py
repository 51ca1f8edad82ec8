"""Cui and colleagues 2025: segmentation of small renal masses on five MR sequences."""

from __future__ import annotations

from samesplit.reproduction.rules import FindingRule, Rule

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Cui 2025"
RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = ()
