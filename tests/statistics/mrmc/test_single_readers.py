from __future__ import annotations

import pytest

from reader_studies.simulated import simulated
from samesplit.statistics import auc_test, delong_covariance
from samesplit.statistics.mrmc import obuchowski_rockette


def test_a_readers_difference_of_two_modalities_is_delongs_test() -> None:
    study = simulated(1, cases=40)
    found = obuchowski_rockette(study, covariance="delong").reader_differences
    for j, reader in enumerate(study.readers):
        expected = auc_test(study.truth, study.scores[0, j], study.scores[1, j])
        difference = found[reader, "A", "B"]
        assert difference.estimate == pytest.approx(expected.estimate)
        assert difference.p_value == pytest.approx(expected.p_value, rel=1e-9)


def test_a_readers_figure_has_the_interval_of_its_own_variance() -> None:
    study = simulated(2, cases=40)
    found = obuchowski_rockette(study, covariance="delong").readers["B", "r1"]
    aucs, variance = delong_covariance(study.truth, study.scores[1, 1])
    assert found.estimate == pytest.approx(aucs[0])
    assert found.standard_error**2 == pytest.approx(variance[0, 0], rel=1e-9)
