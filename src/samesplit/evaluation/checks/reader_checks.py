"""Checks of a reader study: whether readers and models answered for the same lesions."""

from __future__ import annotations

import pandas as pd

from samesplit.evaluation.checks.check import Finding, issue, not_applicable, passed, tip
from samesplit.evaluation.checks.checked_run import CheckedRun
from samesplit.ordering import below

__all__ = ["readers_on_same_lesions"]


def readers_on_same_lesions(run: CheckedRun) -> Finding:
    """Compare the lesions that each reader read with those that the models were judged on."""
    if run.readings.empty:
        return not_applicable("there are no readers")
    evaluated = set(run.evaluated.index)
    read = run.readings[run.readings["decision"].notna() | run.readings["score"].notna()]
    shares = {
        (str(reader), str(modality)): len(evaluated & set(part["lesion_id"].astype(str)))
        / max(len(evaluated), 1)
        for (reader, modality), part in read.groupby(["reader_id", "modality"], sort=True)
    }
    expected = f"each reader with a reading of all {len(evaluated)} lesions that the models are judged on"
    if not shares:
        return issue(expected, "no reading with a decision or a score")
    parts = pd.Series(list(shares.values()), index=[f"{reader}, {modality}" for reader, modality in shares])
    lowest = parts[parts == parts.min()].index[0]
    evidence = ", ".join(f"{name} {100 * share:.1f} %" for name, share in parts.items() if below(share, 1.0))
    if below(parts[lowest], 0.5):
        found = f"{100 * parts[lowest]:.1f} % by {lowest}: readers and models answer for different lesions"
        return issue(expected, found, evidence)
    if below(parts[lowest], 1.0):
        found = (
            f"{100 * parts[lowest]:.1f} % at the lowest ({lowest}); each is compared with a model on the lesions "
            "that the reader read"
        )
        return tip(expected, found, evidence)
    return passed(expected, f"so for all {len(parts)} readers and ways of reading")
