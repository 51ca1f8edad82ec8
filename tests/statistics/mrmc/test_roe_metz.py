from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import RoeMetz, obuchowski_rockette, roe_metz_to_or
from samesplit.statistics.mrmc.study import ReaderStudy

# Of each line of MRMCaov's examples: the model, negative and positive cases.
LINES = {
    ("RM_table1_line1", "line1"): (RoeMetz((0.75, 0.75), 0.0055, 0.0055, 0.3, 0.3, 0.2, 0.2), 50, 50),
    ("RM_table1_lines678", "line6"): (RoeMetz((0.75, 0.75), 0.011, 0.011, 0.1, 0.1, 0.2, 0.6), 25, 10),
    ("RM_table1_lines678", "line7"): (RoeMetz((1.5, 1.5), 0.03, 0.03, 0.1, 0.1, 0.2, 0.6), 25, 10),
    ("RM_table1_lines678", "line8"): (RoeMetz((2.5, 2.5), 0.056, 0.056, 0.1, 0.1, 0.2, 0.6), 25, 10),
    ("Hillis2012_lines67", "line6"): (
        RoeMetz((0.821, 0.821), 0.0132, 0.0132, 0.1, 0.1, 0.2, 0.6, 0.84566),
        25,
        25,
    ),
    ("Hillis2012_lines67", "line7"): (
        RoeMetz((1.831, 1.831), 0.0447, 0.0447, 0.1, 0.1, 0.2, 0.6, 0.71082),
        25,
        25,
    ),
}


@pytest.mark.data
def test_every_number_of_mrmcaov_comes_out(reference: Callable[[str], pd.DataFrame]) -> None:
    expected = reference("expected/mrmcaov_rmh_to_or.csv")
    assert len(expected) == 108
    for (analysis, line), rows in expected.groupby(["analysis_id", "row"]):
        model, n_negative, n_positive = LINES[str(analysis), str(line)]
        aucs, components = roe_metz_to_or(model, n_negative=n_negative, n_positive=n_positive)
        found = {
            "n0": n_negative,
            "n1": n_positive,
            "AUC1": aucs[0],
            "AUC2": aucs[1],
            "var_R": components.reader,
            "var_TR": components.modality_reader,
            "var_error": components.error,
            **{f"cov{i}": getattr(components, f"cov{i}") for i in (1, 2, 3)},
            **{f"corr{i}": getattr(components, f"corr{i}") for i in (1, 2, 3)},
            "b": model.b,
            "mean_to_sig1": model.mean_to_sigma(0),
            "mean_to_sig2": model.mean_to_sigma(1),
            "Pr1_improper": model.hooked_share(0),
            "Pr2_improper": model.hooked_share(1),
        }
        for _, row in rows.iterrows():
            assert found[row["stat"]] == pytest.approx(row["value"], rel=1e-9), (analysis, line, row["stat"])


def test_modalities_may_differ() -> None:
    model = RoeMetz((0.8, 1.6), 0.01, 0.02, 0.3, 0.2, 0.2, 0.3)
    aucs, components = roe_metz_to_or(model, n_negative=30, n_positive=20)
    total = 2 + 2 * 0.03
    z = np.array([0.8, 1.6]) / math.sqrt(total)
    joint = multivariate_normal.cdf(z, cov=[[1, 0.02 / total], [0.02 / total, 1]])
    assert components.reader == pytest.approx(joint - aucs[0] * aucs[1], abs=1e-7)
    assert aucs[1] > aucs[0]


def test_no_error_is_left_where_every_case_is_read_alike() -> None:
    model = RoeMetz((1.0, 1.0), 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    _, components = roe_metz_to_or(model, n_negative=20, n_positive=20)
    assert (components.corr1, components.corr2, components.corr3) == pytest.approx((1.0, 1.0, 1.0))
    assert components.reader == pytest.approx(0.0)


def test_simulated_studies_have_these_components_on_average() -> None:
    model = RoeMetz((1.0, 1.0), 0.02, 0.02, 0.3, 0.2, 0.2, 0.3)
    rng = np.random.default_rng(12)
    truth = np.repeat([0, 1], 25)
    found = []
    for _ in range(120):
        reader, both = rng.normal(size=(4, 2)), rng.normal(size=(2, 4, 2))
        scores = 1.0 * truth + math.sqrt(0.02) * (reader[:, truth] + both[:, :, truth])
        scores = scores + math.sqrt(0.3) * (rng.normal(size=50) + rng.normal(size=(2, 4, 50)))
        scores += math.sqrt(0.2) * (rng.normal(size=(2, 1, 50)) + rng.normal(size=(4, 50)))
        names = (("A", "B"), tuple("1234"), tuple(map(str, range(50))))
        study = ReaderStudy(scores, truth, *names, np.arange(50))
        parts = obuchowski_rockette(study, covariance="unbiased").components
        found.append((parts.error, parts.cov1, parts.cov2, parts.cov3))
    _, expected = roe_metz_to_or(model, n_negative=25, n_positive=25)
    means, errors = np.mean(found, axis=0), np.std(found, axis=0) / math.sqrt(120)
    off = (means - [expected.error, expected.cov1, expected.cov2, expected.cov3]) / errors
    assert np.abs(off).max() < 3.5


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        (RoeMetz((1, 1), -0.01, 0.0, 0.3, 0.3, 0.2, 0.2), (10, 10)),
        (RoeMetz((1, 1), 0.01, 0.0, 0.3, 0.3, 0.2, 0.3), (10, 10)),
        (RoeMetz((1, 1), 0.01, 0.0, 0.3, 0.3, 0.2, 0.2, b=0.0), (10, 10)),
        (RoeMetz((1, 1), 0.01, 0.0, 0.3, 0.3, 0.2, 0.2), (0, 10)),
    ],
)
def test_what_cannot_be_is_refused(model: RoeMetz, sizes: tuple[int, int]) -> None:
    with pytest.raises(StatisticsError):
        roe_metz_to_or(model, n_negative=sizes[0], n_positive=sizes[1])
