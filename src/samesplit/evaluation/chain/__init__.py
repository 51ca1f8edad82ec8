"""From image to diagnosis: a classifier on predicted masks beside the same classifier on manual masks."""

from __future__ import annotations

from samesplit.evaluation.chain.evaluate import CHAIN, CHAIN_CASES, evaluate_chain

__all__ = ["CHAIN", "CHAIN_CASES", "evaluate_chain"]
