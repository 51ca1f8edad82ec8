"""Modalities, and a model and readers, compared by a figure of merit of free response."""

from __future__ import annotations

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.covariance import jackknife_covariance
from samesplit.statistics.mrmc.free_response.figures import (
    FreeResponseFigure,
    free_response_values,
)
from samesplit.statistics.mrmc.free_response.study import FreeResponseStudy
from samesplit.statistics.mrmc.obuchowski_rockette import analyse_values
from samesplit.statistics.mrmc.one_treatment import one_treatment
from samesplit.statistics.mrmc.or_analysis import ORAnalysis, Random
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["free_response_analysis", "free_response_model_against_readers"]


def free_response_analysis(
    study: FreeResponseStudy,
    figure: FreeResponseFigure = "wAFROC",
    *,
    random: Random = "readers and cases",
    confidence: float = 0.95,
) -> ORAnalysis:
    """Compare modalities by the marks of several readers (Obuchowski-Rockette, jackknife over cases).

    Args:
        study: Crossed.
        figure: See `FreeResponseFigure`.
        random: What the conclusion is to hold for; see `obuchowski_rockette`.
        confidence: Two-sided coverage.

    Returns:
        The analysis. The hit rule is in `study.rule`, to be reported with it.

    Raises:
        StatisticsError: See `free_response_values` and `analyse_values`.

    References:
        Chakraborty DP. Observer performance methods for diagnostic imaging. CRC Press 2017,
        doi:10.1201/9781351228190.

    Example:
        >>> import pandas as pd
        >>> from samesplit.statistics.mrmc.free_response import HitRule
        >>> rng = np.random.default_rng(2)
        >>> lesions = pd.DataFrame({"lesion": range(15), "case": range(15), "x_mm": 0.0, "y_mm": 0.0})
        >>> marks = pd.DataFrame([(m, r, c, rng.normal(m == "b"), 90.0 * (c > 14), 0.0)
        ...     for m in "ab" for r in "wxyz" for c in range(30)],
        ...     columns=["modality", "reader", "case", "rating", "x_mm", "y_mm"])
        >>> marks["rating"] += (marks["case"] < 15) * (marks["modality"] == "b")
        >>> cases = [str(case) for case in range(30)]
        >>> found = free_response_analysis(FreeResponseStudy.from_marks(marks, lesions, cases, HitRule(10)))
        >>> round(found.differences["a", "b"].estimate, 2), found.differences["a", "b"].p_value < 0.05
        (-0.26, True)
    """
    found = free_response_values(study, figure)
    return analyse_values(
        found.figures,
        found.covariance,
        modalities=study.modalities,
        readers=study.readers,
        n_cases=found.n_cases,
        figure=figure,
        bounds=None if figure == "FROC" else (0.0, 1.0),
        covariance_name="jackknife",
        random=random,
        confidence=confidence,
    )


def free_response_model_against_readers(
    study: FreeResponseStudy,
    model: str,
    figure: FreeResponseFigure = "wAFROC",
    *,
    confidence: float = 0.95,
) -> StudentInterval:
    """Compare the marks of a model with those of the mean reader, readers and cases both random.

    Args:
        study: Of one modality, crossed; the model is one of its readers.
        model: The model's name among the readers.
        figure: See `FreeResponseFigure`.
        confidence: Two-sided coverage.

    Returns:
        Model minus mean reader; `p_above(-margin)` is the one-sided test of non-inferiority.

    Raises:
        StatisticsError: Several modalities, a model that is not there, a single other reader, or what
            `free_response_values` refuses.

    References:
        Hillis SL, Obuchowski NA, Schartz KM, Berbaum KS. Stat Med 2005;24:1579-1607, doi:10.1002/sim.2024.
    """
    if len(study.modalities) != 1 or model not in study.readers:
        raise StatisticsError(
            f"a study of the modalities {', '.join(study.modalities)} and the readers {', '.join(study.readers)} "
            f"has no single modality with a model {model!r}",
            remedy="give the marks of one modality, the model among the readers",
        )
    found = free_response_values(study, figure)
    place = study.readers.index(model)
    others = [reader for reader in range(len(study.readers)) if reader != place]
    replicates = found.replicates[:, 0, [place]] - found.replicates[:, 0, others]
    differences = found.figures[0, place] - found.figures[0, others]
    mean = one_treatment(differences, jackknife_covariance(np.asarray(replicates)))
    return student_interval(
        mean.mean,
        mean.variance,
        mean.df,
        method=f"{figure}, model against readers (1T-RRRC), jackknife",
        confidence=confidence,
        null=0.0,
    )
