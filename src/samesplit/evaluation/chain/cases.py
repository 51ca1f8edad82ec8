"""What became of every lesion on its way through the chain, and which stage cost it the right answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.evaluation.chain.arms import FIT, Arms

__all__ = ["STAGES", "chain_cases"]

STAGES = ("right", "localisation", "not classified", "segmentation", "classification")
"""What became of a lesion: right at the end; lost because it was not found, because its predicted mask could not
be classified, or because the call on the predicted mask is another; or wrong with the manual mask already."""


def chain_cases(arms: Arms, lesions: pd.DataFrame, chains: pd.DataFrame) -> pd.DataFrame:
    """Put both calls on every test lesion beside each other.

    A lesion that was not found, or whose predicted mask could not be classified, is called wrongly.

    Args:
        arms: The calls.
        lesions: Segmentation, repeat, fold, lesion_id, found, reason and dice of every test lesion.
        chains: Segmentation and model of every chain; one that found no lesion has cases too.

    Returns:
        A row a segmentation model, classifier, seed, repeat, fold and lesion: patient_id, label, found, reason,
        dice, `manual_decision`, `chain_decision` (missing without an answer), `manual_right`, `chain_right`,
        `stage` (one of `STAGES`). Classifiers that are in no chain, and fitted ones without a threshold, are left
        out.
    """
    key = [*FIT, "lesion_id"]
    manual = arms.manual[arms.manual["decision"].notna()]
    manual = manual[key].assign(manual_decision=manual["decision"].astype("Int64"))
    calls = arms.predicted[[*key, "segmentation"]].assign(
        chain_decision=arms.predicted["decision"].astype("Int64")
    )
    cases = lesions.merge(manual, on=["repeat", "fold", "lesion_id"]).merge(chains)
    cases = cases.merge(calls, on=[*key, "segmentation"], how="left")
    known = arms.truth.loc[cases["lesion_id"], ["patient_id", "label"]]
    cases = cases.assign(patient_id=known["patient_id"].to_numpy(), label=known["label"].to_numpy())
    found = cases["found"].astype(bool)
    cases["chain_decision"] = cases["chain_decision"].where(found, pd.NA)
    answered = cases["chain_decision"].notna()
    manual_right = cases["manual_decision"].eq(cases["label"]).astype(bool)
    chain_right = answered & cases["chain_decision"].eq(cases["label"]).fillna(False).astype(bool)
    stage = np.select(
        [chain_right, ~manual_right, ~found, ~answered],
        ["right", "classification", "localisation", "not classified"],
        "segmentation",
    )
    return cases.assign(manual_right=manual_right, chain_right=chain_right, stage=stage)
