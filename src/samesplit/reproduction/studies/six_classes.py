"""Häntze and colleagues 2026 (arXiv:2605.07749): foundation models and radiomics, six classes on CT."""

from __future__ import annotations

from samesplit.reproduction.rules import FindingRule, Rule

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Häntze 2026"
RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = ()
