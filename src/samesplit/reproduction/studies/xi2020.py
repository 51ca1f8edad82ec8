"""Xi and colleagues, Clin Cancer Res 2020: renal masses on MR, a ResNet against radiomics and four experts."""

from __future__ import annotations

from samesplit.reproduction.rules import FindingRule, Rule

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Xi 2020"
RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = ()
