"""What the readers of a synthetic CT study call each mass, unaided and, after a washout, aided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.benchmarks.synthetic.ct.study_cohorts import StudyPatient
from samesplit.benchmarks.synthetic.ct.study_settings import CtReaders, CtStudySettings
from samesplit.benchmarks.synthetic.roe_metz import (
    MODALITIES,
    StandardEffects,
    ratings,
    separations,
    total_variance,
    with_effect,
)
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["make_study_readings"]

_SPREAD_OF_TIME = 0.35
_CASES_A_DAY = 60
_FIRST_DAY = dt.date(2023, 2, 6)


def make_study_readings(settings: CtStudySettings, patients: Sequence[StudyPatient]) -> pd.DataFrame:
    """Simulate the reader study on the patients of the cohorts that are read.

    Each reader reads all masses in an order of their own, and again in another order after a washout, aided. A
    reader calls a mass malignant when the rating of the Roe-Metz model passes the reader's own criterion; there is
    no score. Reading takes longer near the criterion. A missing call has no decision and no time.

    Returns:
        Columns reader_id, lesion_id, modality, decision, score (empty), seconds (empty where no time was taken),
        session (1 unaided, 2 aided), order (the position of the case in the session) and date.
    """
    read = [patient for patient in patients if patient.cohort.read]
    columns = [
        "reader_id",
        "lesion_id",
        "modality",
        "decision",
        "score",
        "seconds",
        "session",
        "order",
        "date",
    ]
    if not read:
        return pd.DataFrame(columns=columns)
    readers = settings.readers
    truth = np.array([patient.mass.label == "malignant" for patient in read], dtype=np.intp)
    scaled = with_effect(readers, settings.effect)
    rated = ratings(scaled, _effects(settings.seed, readers, read), truth=truth)
    middle = float(separations(scaled).mean()) / 2
    spread = float(np.sqrt(total_variance(scaled)))
    lesions = np.array([patient.mass.lesion_id for patient in read])
    parts = []
    for j in range(readers.n_readers):
        habits = stream(settings.seed, "ct-study-habits", j).standard_normal(2)
        criterion = middle + readers.criterion_sd * habits[0]
        for i, (modality, median) in enumerate(
            zip(MODALITIES, (readers.seconds_unaided, readers.seconds_aided), strict=True)
        ):
            rng = stream(settings.seed, "ct-study-reading", j, i)
            order = rng.permutation(len(read)) + 1
            doubt = np.exp(-np.abs(rated[i, j] - criterion) / spread)
            noise = _SPREAD_OF_TIME * rng.standard_normal(len(read))
            seconds = np.round(median * np.exp(0.2 * habits[1] + 0.5 * (doubt - 0.5) + noise), 1)
            called = rng.random(len(read)) >= readers.missing_rate
            first, last = readers.timed or (1, len(read))
            days = (order - 1) // _CASES_A_DAY + i * ((len(read) - 1) // _CASES_A_DAY + readers.washout_days)
            part = pd.DataFrame(
                {
                    "reader_id": f"reader-{j + 1}",
                    "lesion_id": lesions,
                    "modality": modality,
                    "decision": np.where(
                        called, np.where(rated[i, j] > criterion, "malignant", "benign"), ""
                    ),
                    "score": np.nan,
                    "seconds": np.where(called & (order >= first) & (order <= last), seconds, np.nan),
                    "session": i + 1,
                    "order": order,
                    "date": [(_FIRST_DAY + dt.timedelta(days=int(day))).isoformat() for day in days],
                }
            )
            parts.append(part.sort_values("order"))
    return pd.concat(parts, ignore_index=True)[columns]


def _effects(seed: int, readers: CtReaders, read: Sequence[StudyPatient]) -> StandardEffects:
    r"""Draw the random effects of all readers and cases.

    The case effect is $c = \rho z + \sqrt{1 - \rho^2}\, e$ with $z$ what the mass looks like within its class and
    $\rho$ the setting `case_image_correlation`. What is new in the aided reading is $w z - w \rho\, e / \sqrt{1 -
    \rho^2}$ plus noise, $w$ the setting `model_weight`: readers follow a score that goes by the image, and leave
    their common errors. It is standard normal within a class and independent of $c$: no variance changes.
    """
    count = readers.n_readers
    by_reader = np.stack(
        [stream(seed, "ct-study-reader", j).standard_normal((1 + len(MODALITIES), 2)) for j in range(count)]
    )
    indices = [patient.scanned.index for patient in read]
    by_case = np.stack(
        [stream(seed, k, "ct-study-case").standard_normal(1 + len(MODALITIES)) for k in indices]
    )
    by_pair = np.array(
        [
            [stream(seed, k, "ct-study-read", j).standard_normal(1 + len(MODALITIES)) for k in indices]
            for j in range(count)
        ]
    )
    seen, error = np.array([patient.looks for patient in read]), by_case[:, 0]
    rho, weight = readers.case_image_correlation, readers.model_weight
    free = np.sqrt(1 - rho**2)
    aided = weight * (seen - rho * error / free) + np.sqrt(1 - (weight / free) ** 2) * by_case[:, 2]
    return StandardEffects(
        reader=by_reader[:, 0],
        modality_reader=by_reader[:, 1:].transpose(1, 0, 2),
        case=rho * seen + free * error,
        modality_case=np.stack([by_case[:, 1], aided]),
        reader_case=by_pair[:, :, 0],
        error=by_pair[:, :, 1:].transpose(2, 0, 1),
    )
