"""Häntze and colleagues 2026 (arXiv:2605.07749): foundation models and radiomics, six classes on CT."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.relations import locate
from samesplit.reproduction.rules import FindingRule, Rule

__all__ = ["FINDINGS", "RULES", "STUDY", "what_is_missing"]

STUDY = "Häntze 2026"
_ARXIV, _OPENREVIEW = "arXiv:2605.07749, abstract", "OpenReview 0joQOgpiY9, abstract"


def what_is_missing(published: pd.DataFrame) -> list[Finding]:
    """Say what the abstract leaves out, and that its two versions differ.

    Args:
        published: Rows of the study.
    """
    new = locate(published, {"table_figure": _ARXIV, "model_or_reader": "Foundation models, lowest of 3"})
    old = locate(published, {"table_figure": _OPENREVIEW, "model_or_reader": "Deep learning, lowest"})
    if new is None or old is None:
        return []
    text = (
        "Only the abstract was read. An interval of an AUC of six classes needs the lesions of each class "
        "and how the AUCs were averaged; a comparison on the same lesions needs the scores. None of these "
        "is printed there, so no interval is given here. The earlier version of the abstract gives "
        f"{old.text} as the lowest AUC of all deep learning, the later one {new.text} as the lowest of the "
        "three foundation models."
    )
    return [Finding("No interval can be computed", text)]


RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = (what_is_missing,)
