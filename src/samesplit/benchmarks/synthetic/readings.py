"""What the simulated readers said about every lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from samesplit.benchmarks.synthetic.population import Lesion
from samesplit.benchmarks.synthetic.roe_metz import (
    MODALITIES,
    StandardEffects,
    ratings,
    separations,
    total_variance,
    with_effect,
)
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import ReaderSettings, SyntheticSettings

Floats = npt.NDArray[np.float64]

_SPREAD_OF_TIME = 0.35


def draw_effects(settings: SyntheticSettings, lesions: Sequence[Lesion]) -> StandardEffects:
    r"""Draw the random effects of all readers and lesions from their own streams.

    The case effect is $\rho z + \sqrt{1 - \rho^2}\, e$ with $z$ the lesion's `conspicuity`, $e$ fresh
    noise and $\rho$ the setting `case_image_correlation`: still standard normal within a class.
    """
    seed, count = settings.seed, settings.readers.n_readers
    readers = [stream(seed, "reader", j).standard_normal((1 + len(MODALITIES), 2)) for j in range(count)]
    by_reader = np.stack(readers)
    cases = [stream(seed, x.patient.index, x.number, "case").standard_normal(3) for x in lesions]
    by_case = np.stack(cases)
    pairs = [
        [
            stream(seed, x.patient.index, x.number, "read", j).standard_normal(1 + len(MODALITIES))
            for x in lesions
        ]
        for j in range(count)
    ]
    by_pair = np.asarray(pairs)
    rho = settings.readers.case_image_correlation
    seen = np.array([x.conspicuity for x in lesions])
    return StandardEffects(
        reader=by_reader[:, 0],
        modality_reader=by_reader[:, 1:].transpose(1, 0, 2),
        case=rho * seen + np.sqrt(1 - rho**2) * by_case[:, 0],
        modality_case=by_case[:, 1:].T,
        reader_case=by_pair[:, :, 0],
        error=by_pair[:, :, 1:].transpose(2, 0, 1),
    )


def scaled_readers(settings: SyntheticSettings) -> ReaderSettings:
    """Reader settings with the separations multiplied by `effect`, expressed as expected AUCs.

    Example:
        >>> scaled_readers(SyntheticSettings(effect=0.0)).auc_aided
        0.5
    """
    return with_effect(settings.readers, settings.effect)


def make_readings(settings: SyntheticSettings, lesions: Sequence[Lesion]) -> pd.DataFrame:
    """Simulate the reader study.

    Scores are whole numbers from 0 to 100, a monotone map of the Roe-Metz rating. A reader calls a
    lesion malignant when the rating passes the reader's own criterion. Reading takes longer
    near the criterion. A missing call has an empty decision, score and time. With the setting `specificity` the
    criteria lie round the one that gives it, averaged over readers.

    Returns:
        Columns reader_id, lesion_id, modality, decision, score, seconds; one row per reader, modality
        and lesion.
    """
    readers = scaled_readers(settings)
    truth = np.array([lesion.label == "malignant" for lesion in lesions], dtype=np.intp)
    rated = ratings(readers, draw_effects(settings, lesions), truth=truth)
    middle = float(separations(readers).mean()) / 2
    spread = float(np.sqrt(total_variance(readers)))
    usual = middle
    if readers.specificity is not None:
        usual = float(ndtri(readers.specificity)) * float(np.hypot(spread, readers.criterion_sd))
    medians = {"unaided": readers.seconds_unaided, "aided": readers.seconds_aided}
    rows: list[dict[str, object]] = []
    for j in range(readers.n_readers):
        habits = stream(settings.seed, "habits", j).standard_normal(2)
        criterion = usual + readers.criterion_sd * habits[0]
        for i, modality in enumerate(MODALITIES):
            if modality not in readers.modalities:
                continue
            for k, lesion in enumerate(lesions):
                rng = stream(settings.seed, lesion.patient.index, lesion.number, "time", j, i)
                value = float(rated[i, j, k])
                doubt = np.exp(-abs(value - criterion) / spread)
                log_time = 0.2 * habits[1] + 0.5 * (doubt - 0.5) + _SPREAD_OF_TIME * rng.standard_normal()
                called = bool(rng.random() >= readers.missing_rate)
                rows.append(
                    {
                        "reader_id": f"reader-{j + 1}",
                        "lesion_id": lesion.lesion_id,
                        "modality": modality,
                        "decision": ("malignant" if value > criterion else "benign") if called else "",
                        "score": float(round(100 * ndtr((value - middle) / spread)))
                        if called and readers.scores
                        else np.nan,
                        "seconds": round(medians[modality] * float(np.exp(log_time)), 1)
                        if called and readers.times
                        else np.nan,
                    }
                )
    return pd.DataFrame(rows)
