from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from reader_studies.imrmc import study_of
from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import u_statistic_analysis
from samesplit.statistics.mrmc.bootstrap import reader_bootstrap


def _error(n_draws: int) -> float:
    """Four standard errors of a variance from normal draws, relative."""
    return 4 * math.sqrt(2 / (n_draws - 1))


@pytest.mark.data
def test_its_variance_tends_to_that_of_the_v_statistic_of_imrmc(
    reference: Callable[[str], pd.DataFrame],
) -> None:
    found = reader_bootstrap(study_of(reference, "VanDyke"), n_resamples=4000)
    assert found.variance("m1", "m2") == pytest.approx(0.00062613272590508013, rel=_error(4000))


@pytest.mark.parametrize("figure", ["auc", "sensitivity", "accuracy"])
def test_its_variance_is_that_of_the_v_statistic_for_every_figure(figure: str) -> None:
    study = simulated(1, readers=4, cases=30)
    study = study if figure == "auc" else study.decisions(4)
    found = reader_bootstrap(study, figure, n_resamples=2000)  # type: ignore[arg-type]
    analysis = u_statistic_analysis(study, figure)  # type: ignore[arg-type]
    assert found.variance("A") == pytest.approx(analysis.variances["A"].mle, rel=_error(2000))
    assert found.interval("A").estimate == pytest.approx(analysis.modalities["A"].estimate)


def test_cases_alone_vary_less_than_readers_and_cases() -> None:
    study = simulated(2, readers=3, cases=40)
    both, cases, readers = (
        reader_bootstrap(study, random=random).variance("A")
        for random in ("readers and cases", "cases", "readers")
    )
    assert cases < both
    assert readers < both


def test_cases_of_a_patient_are_drawn_together() -> None:
    once = simulated(5, readers=4, cases=20)
    twice = type(once)(
        np.concatenate([once.scores] * 2, axis=2),
        np.concatenate([once.truth] * 2),
        once.modalities,
        once.readers,
        tuple(f"{case}{half}" for half in "ab" for case in once.cases),
        np.concatenate([once.patients] * 2),
    )
    first, second = reader_bootstrap(once, seed=3), reader_bootstrap(twice, seed=3)
    np.testing.assert_allclose(first.replicates["A"], second.replicates["A"])
    assert "patients" in second.method


def test_patients_with_cases_of_both_classes_are_drawn_as_one() -> None:
    study = simulated(6, readers=4, cases=60, patients=25)
    found = reader_bootstrap(study)
    expected = u_statistic_analysis(study).variances["A"]
    assert expected.unbiased * 0.5 < found.variance("A") < expected.mle * 2
    interval = found.interval("A", "B")
    assert interval.ci_low < interval.estimate < interval.ci_high
    assert interval.method == "bootstrap over readers and patients, percentile, 2000 draws"


def test_the_same_seed_gives_the_same_draws() -> None:
    study = simulated(1, missing=0.2)
    first, again, other = (reader_bootstrap(study, seed=seed, n_resamples=600) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.replicates["B"], again.replicates["B"])
    assert not np.array_equal(first.replicates["B"], other.replicates["B"])


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(StatisticsError, match="unknown option 'patients'"):
        reader_bootstrap(simulated(), random="patients")  # type: ignore[arg-type]
    with pytest.raises(StatisticsError, match="two draws or more"):
        reader_bootstrap(simulated(), n_resamples=1)
