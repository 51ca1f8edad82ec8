"""Xi and colleagues, Clin Cancer Res 2020: renal masses on MR, a ResNet against radiomics and four experts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samesplit.reproduction.rules import Rule

if TYPE_CHECKING:
    from samesplit.reproduction.studies import FindingRule

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Xi 2020"
RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = ()
