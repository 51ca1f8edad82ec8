from __future__ import annotations

import math

import numpy as np
import pytest

from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import (
    SENSITIVITY,
    obuchowski_rockette,
    partial_auc,
    pseudovalue_anova,
    pseudovalues,
)


def test_pseudovalues_have_the_figure_as_their_mean() -> None:
    study = simulated(1, cases=20)
    figure = partial_auc(0.6, 1.0)
    np.testing.assert_allclose(
        pseudovalues(study, figure).mean(axis=2), obuchowski_rockette(study, figure).figures, rtol=1e-12
    )


def test_of_a_proportion_they_are_what_is_right_and_wrong() -> None:
    study = simulated(2, cases=20).decisions(3.0)
    positive = study.truth == 1
    np.testing.assert_allclose(pseudovalues(study, SENSITIVITY), study.scores[:, :, positive], atol=1e-12)


def test_several_cases_of_a_patient_make_one() -> None:
    study = simulated(3, cases=40, patients=15)
    assert pseudovalues(study).shape[2] == len(np.unique(study.patients))


def test_sums_of_squares_add_up_to_all_of_the_variation() -> None:
    values = pseudovalues(simulated(4, cases=20))
    found = pseudovalue_anova(simulated(4, cases=20))
    assert sum(found.sums.values()) == pytest.approx(((values - values.mean()) ** 2).sum())
    assert sum(found.df.values()) == values.size - 1


def test_the_components_between_readers_are_those_of_obuchowski_and_rockette() -> None:
    study = simulated(5, cases=30)
    dbm, rockette = pseudovalue_anova(study), obuchowski_rockette(study)
    assert dbm.components["reader"] == pytest.approx(rockette.components.reader, rel=1e-9)
    assert dbm.components["modality x reader"] == pytest.approx(rockette.components.modality_reader, rel=1e-9)
    assert dbm.components["case"] / 30 == pytest.approx(rockette.components.cov3, rel=1e-9)


def test_with_one_modality_nothing_is_said_of_modalities() -> None:
    found = pseudovalue_anova(simulated(6).select(modalities=["A"]))
    assert math.isnan(found.mean_square("modality"))
    assert math.isnan(found.components["modality x case"])
    assert found.mean_square("reader x case") > 0


def test_a_study_with_a_missing_reading_is_refused() -> None:
    with pytest.raises(StatisticsError, match="did not read case"):
        pseudovalues(simulated(7, missing=0.2))
