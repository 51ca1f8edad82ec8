"""Each model against the readers, with readers and cases both random (1T-RRRC).

For each reader the model's figure minus the reader's is taken on the cases that this reader read; the mean of
these differences has a variance for other readers and other cases. Cases come in through influence values: on
one test set that is DeLong's covariance (Obuchowski's where patients have several lesions). A model that was
trained in folds is judged by the mean of the AUCs inside its folds, as everywhere; the covariance then holds
the part that is due to its training patients, which all differences share. Where a single fitted model is
compared with readers who did not all read the same cases, U-statistics take the place of this
(`incomplete_standalone`). The model is never copied as several readers, and its figure is never taken for a
known constant: what that would give is kept in `p_constant`, to be shown as a warning.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.readers import having, is_defined
from samesplit.evaluation.binary.scores import auc_of, rate_of, trained_in_folds
from samesplit.evaluation.readers.models import several_fits
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.evaluation.readers.studies import QUANTITIES, column_of
from samesplit.statistics.influence import Influence, covariance_matrix
from samesplit.statistics.mrmc import ReaderStudy, incomplete_standalone
from samesplit.statistics.mrmc.one_treatment import one_treatment
from samesplit.statistics.student import student_interval

__all__ = ["against_model"]

Tables = dict[str, dict[str, pd.DataFrame]]

_COLUMNS = [
    "modality", "model", "quantity", "model_value", "readers_value", "estimate", "ci_low", "ci_high", "p_value",
    "df", "standard_error", "margin", "p_superiority", "p_non_inferiority", "p_inferiority", "p_constant",
    "var_readers", "cov2", "primary", "n_readers", "n", "n_positive", "method", "note",
]  # fmt: skip


def against_model(
    readers: Tables, models: Mapping[str, pd.DataFrame], settings: ReaderSettings, *, reference: str | None
) -> pd.DataFrame:
    """Compare every model with the readers of every modality.

    Args:
        readers: Modality -> reader_id -> table of the reader.
        models: Name -> table of the model, see `evaluation.binary.scores`.
        settings: The confidence, and the margin of non-inferiority where one was declared.
        reference: The model whose AUC against the readers of the first modality is the primary comparison.

    Returns:
        One row a modality, model and quantity with two readers or more: the model's mean figure on the readers'
        cases, the readers' mean, the model minus the readers with interval and two-sided P value, one-sided P
        values (of superiority; of non-inferiority, with a margin; of the readers being better), and
        `p_constant`, the P value that takes the model's figure as a known constant.
    """
    rows = []
    for place, modality in enumerate(ordered_modalities(list(readers))):
        people = readers[modality]
        known: dict[tuple[str, ...], Influence] = {}
        for model, table in models.items():
            for quantity in QUANTITIES:
                row = _compare(people, table, quantity, settings, known)
                if row is None:
                    continue
                primary = place == 0 and quantity == "auc" and model == reference
                rows.append(
                    {"modality": modality, "model": model, "quantity": quantity, "primary": primary} | row
                )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _compare(
    people: Mapping[str, pd.DataFrame],
    model: pd.DataFrame,
    quantity: str,
    settings: ReaderSettings,
    known: dict[tuple[str, ...], Influence],
) -> dict[str, object] | None:
    """Compare one model with the readers of a modality; `known` keeps the readers' figures for the next model."""
    (theirs,) = having({"": model}, quantity)
    there = set(theirs["lesion_id"])
    pairs: list[tuple[str, tuple[str, ...], pd.DataFrame]] = []
    for reader, table in zip(people, having(dict(people), quantity), strict=True):
        lesions = table["lesion_id"].tolist()
        whole = there.issuperset(lesions)
        read = table if whole else table[table["lesion_id"].isin(there)]
        if not read.empty and is_defined(read, quantity):
            pairs.append((reader, tuple(sorted(read["lesion_id"])), read))
    keys = {key for _, key, _ in pairs}
    different = len(keys) > 1
    left_out = len(people) - len(pairs)
    notes = [f"{left_out} readers without this quantity are left out"] if left_out else []
    if different and not several_fits(theirs):
        found = _any_design([read for _, _, read in pairs], theirs, quantity, settings)
        if found is not None:
            return found | {"note": "; ".join(part for part in (*notes, str(found["note"])) if part)}
    of_model: dict[tuple[str, ...], Influence] = {}
    for key in sorted(keys):
        same = theirs[theirs["lesion_id"].isin(key)]
        if is_defined(same, quantity):
            of_model[key] = _figure(same, quantity)
    pairs = [pair for pair in pairs if pair[1] in of_model]
    if len(pairs) < 2:
        return None
    for reader, key, read in pairs:
        if (reader, quantity, *key) not in known:
            known[reader, quantity, *key] = _figure(read, quantity)
    mine = [of_model[key] for _, key, _ in pairs]
    others = [known[reader, quantity, *key] for reader, key, _ in pairs]
    if different:
        notes.append("readers did not all read the same cases: each is compared on the cases that they read")
    differences = [model_figure - figure for model_figure, figure in zip(mine, others, strict=True)]
    mean = one_treatment([one.estimate for one in differences], covariance_matrix(differences))
    notes += dict.fromkeys(note for one in differences for note in one.notes)
    trained = trained_in_folds(theirs)
    method = "1T-RRRC, influence values" + (", training patients included" if trained else "")
    interval = student_interval(
        mean.mean, mean.variance, mean.df, method=method, confidence=settings.confidence, bounds=(-1.0, 1.0),
        null=0.0, note="; ".join(notes),
    )  # fmt: skip
    constant = student_interval(
        mean.mean, mean.variance_fixed_cases, mean.n_readers - 1, method="t over readers", null=0.0
    )
    margin = settings.margin
    cases = pd.concat([read for _, _, read in pairs]).drop_duplicates("lesion_id")
    return {
        "model_value": float(np.mean([one.estimate for one in mine])),
        "readers_value": float(np.mean([one.estimate for one in others])),
        "estimate": interval.estimate,
        "ci_low": interval.ci_low,
        "ci_high": interval.ci_high,
        "p_value": interval.p_value,
        "df": interval.df,
        "standard_error": interval.standard_error,
        "margin": np.nan if margin is None else margin,
        "p_superiority": interval.p_above(0.0),
        "p_non_inferiority": np.nan if margin is None else interval.p_above(-margin),
        "p_inferiority": interval.p_below(0.0),
        "p_constant": constant.p_value,
        "var_readers": max(mean.ms_reader - mean.error + mean.cov2, 0.0),
        "cov2": mean.cov2,
        "n_readers": mean.n_readers,
        "n": len(cases),
        "n_positive": int(cases["label"].sum()),
        "method": interval.method,
        "note": interval.note,
    }


def _any_design(
    lesions: list[pd.DataFrame], model: pd.DataFrame, quantity: str, settings: ReaderSettings
) -> dict[str, object] | None:
    """Compare by U-statistics where readers read different cases; None where one read a single case of a class."""
    if any(read["label"].value_counts().reindex([0, 1], fill_value=0).min() < 2 for read in lesions):
        return None
    column = column_of(quantity)
    table = pd.concat([read.assign(reader=str(place)) for place, read in enumerate(lesions)])
    study = ReaderStudy.from_columns(
        table["reader"],
        table["lesion_id"],
        table[column],
        table["label"].to_numpy(),
        patient=table["patient_id"],
    )
    scores = model.set_index("lesion_id")[column].reindex(list(study.cases)).to_numpy(dtype=float)
    found = incomplete_standalone(
        study,
        scores,
        quantity,  # type: ignore[arg-type]
        margin=settings.margin,
        confidence=settings.confidence,
    )
    difference = found.difference
    return {
        "model_value": found.model.estimate,
        "readers_value": found.readers_mean.estimate,
        "estimate": difference.estimate,
        "ci_low": difference.ci_low,
        "ci_high": difference.ci_high,
        "p_value": difference.p_value,
        "df": difference.df,
        "standard_error": difference.standard_error,
        "margin": np.nan if settings.margin is None else settings.margin,
        "p_superiority": found.superiority_p,
        "p_non_inferiority": found.non_inferiority_p,
        "p_inferiority": difference.p_below(0.0),
        "p_constant": found.naive.p_value,
        "var_readers": max(found.ms_reader - found.error, 0.0),
        "cov2": found.cov2,
        "n_readers": found.n_readers,
        "n": len(study.cases),
        "n_positive": int(study.truth.sum()),
        "method": difference.method,
        "note": difference.note,
    }


def _figure(table: pd.DataFrame, quantity: str) -> Influence:
    return auc_of(table) if quantity == "auc" else rate_of(table, quantity)
