from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from samesplit.benchmarks.synthetic import (
    OutcomeSettings,
    ShiftSettings,
    SubtypeSettings,
    SyntheticSettings,
    tables,
)
from samesplit.benchmarks.synthetic.outcomes import INDETERMINATE, Outcome, draw_outcome
from samesplit.benchmarks.synthetic.population import Lesion, draw_patient, draw_population

SETTINGS = OutcomeSettings()


@pytest.fixture(scope="module")
def lesions() -> list[Lesion]:
    return draw_population(SyntheticSettings(n_patients=1500))


@pytest.fixture(scope="module")
def drawn(lesions: list[Lesion]) -> pd.DataFrame:
    return outcomes(lesions, SETTINGS)


def outcomes(lesions: list[Lesion], settings: OutcomeSettings) -> pd.DataFrame:
    found: list[Outcome] = [draw_outcome(settings, 1, lesion) for lesion in lesions]
    table = pd.DataFrame([vars(one) for one in found])
    return table.assign(
        truth=[lesion.label for lesion in lesions], seen=[lesion.conspicuity for lesion in lesions]
    )


def test_rates_are_those_that_are_stated(drawn: pd.DataFrame) -> None:
    unclear = drawn["label"] == INDETERMINATE
    malignant = drawn["label"] == "malignant"
    assert unclear.mean() == pytest.approx(0.05, abs=0.02)
    assert (drawn.loc[malignant, "grade"] == INDETERMINATE).mean() == pytest.approx(0.08, abs=0.02)
    graded = drawn.loc[malignant & (drawn["grade"] != INDETERMINATE), "grade"]
    assert (graded == "high").mean() == pytest.approx(0.45, abs=0.04)
    assert (drawn.loc[~unclear, "label"] == drawn.loc[~unclear, "truth"]).all()


def test_only_malignant_lesions_have_a_grade_and_a_time(drawn: pd.DataFrame) -> None:
    malignant = drawn["label"] == "malignant"
    for column in ("grade", "months", "recurrence"):
        assert drawn.loc[malignant, column].notna().all()
        assert drawn.loc[~malignant, column].isna().all()


def test_aggressiveness_is_standard_normal_and_can_be_seen_in_part(drawn: pd.DataFrame) -> None:
    malignant = drawn[drawn["truth"] == "malignant"]
    assert malignant["aggressiveness"].mean() == pytest.approx(0, abs=0.1)
    assert malignant["aggressiveness"].std() == pytest.approx(1, abs=0.07)
    assert malignant["aggressiveness"].corr(malignant["seen"]) == pytest.approx(0.75, abs=0.04)


def test_recurrence_comes_at_the_stated_hazard(lesions: list[Lesion]) -> None:
    """With follow-up that never ends, the median and the hazard ratio are those of the settings."""
    endless = OutcomeSettings(
        follow_up_months=(1e9, 1e9), image_correlation=0.0, indeterminate_label_rate=0.0
    )
    table = outcomes(lesions, endless)
    table = table[table["truth"] == "malignant"]
    assert (table["recurrence"] == 1).all()
    middling = table[table["aggressiveness"].abs() < 0.3]
    assert middling["months"].median() == pytest.approx(40, rel=0.15)
    # Of exponential times the mean is the inverse of the hazard, so that log time falls by log 2 a unit.
    slope = np.polyfit(table["aggressiveness"], np.log(table["months"]), 1)[0]
    assert slope == pytest.approx(-np.log(2), abs=0.12)


def test_follow_up_ends_between_its_two_months_whoever_it_is(drawn: pd.DataFrame) -> None:
    followed = drawn[drawn["label"] == "malignant"]
    ended = followed[followed["recurrence"] == 0]
    assert ended["months"].between(12, 84).all()
    assert followed["months"].min() >= 0.1
    assert 0.3 < followed["recurrence"].mean() < 0.7


def test_an_outcome_does_not_depend_on_other_lesions(lesions: list[Lesion]) -> None:
    assert draw_outcome(SETTINGS, 1, lesions[7]) == draw_outcome(SETTINGS, 1, lesions[7])
    assert draw_outcome(SETTINGS, 1, lesions[7]) != draw_outcome(SETTINGS, 2, lesions[7])


def test_the_lesions_table_has_outcomes_where_they_are_set() -> None:
    plain, images, readings = tables(SyntheticSettings(n_patients=30))
    table, other_images, other_readings = tables(SyntheticSettings(n_patients=30, outcomes=SETTINGS))
    assert list(table)[: len(list(plain))] == list(plain)
    assert list(table)[len(list(plain)) :] == ["grade", "months", "recurrence"]
    told = ["label", "subtype"]
    pd.testing.assert_frame_equal(plain.drop(columns=told), table[list(plain)].drop(columns=told))
    unclear = table["label"] == INDETERMINATE
    assert unclear.any()
    assert (table.loc[unclear, told] == INDETERMINATE).all(axis=None)
    pd.testing.assert_frame_equal(plain.loc[~unclear, told], table.loc[~unclear, told])
    pd.testing.assert_frame_equal(images, other_images)
    pd.testing.assert_frame_equal(readings, other_readings)
    assert set(table["recurrence"].dropna()) == {0, 1}


class TestSubtypes:
    def test_declared_subtypes_replace_the_usual_ones_with_their_shares(self) -> None:
        subtypes = (
            SubtypeSettings(name="AML", label="benign", share=1),
            SubtypeSettings(name="cystic", label="malignant", share=1, shifts={"necrosis": 2.0}),
            SubtypeSettings(name="solid", label="malignant", share=3),
        )
        population = draw_population(SyntheticSettings(n_patients=1500, subtypes=subtypes))
        table = pd.DataFrame([(x.label, x.subtype, x.necrosis) for x in population])
        malignant = table[table[0] == "malignant"]
        assert set(table.loc[table[0] == "benign", 1]) == {"AML"}
        assert (malignant[1] == "cystic").mean() == pytest.approx(0.25, abs=0.04)
        medians = malignant.groupby(1)[2].median()
        assert medians["cystic"] > 3 * medians["solid"]

    @pytest.mark.parametrize(
        ("subtypes", "problem"),
        [
            ([("A", "benign"), ("A", "malignant")], "two subtypes have the same name"),
            ([("A", "benign"), ("B", "benign")], "both classes need a subtype"),
        ],
    )
    def test_subtypes_that_cannot_be_are_refused(self, subtypes: list[tuple[str, str]], problem: str) -> None:
        declared = [{"name": name, "label": label, "share": 1} for name, label in subtypes]
        with pytest.raises(ValidationError, match=problem):
            SyntheticSettings.model_validate({"subtypes": declared})


class TestShifts:
    SHIFTS = (
        ShiftSettings(site="south", effect=0.0, malignant_rate=0.9, age_years=10.0),
        ShiftSettings(from_date=dt.date(2022, 1, 1), noise=2.0),
    )

    def test_only_those_whom_a_shift_concerns_are_different(self) -> None:
        usual, shifted = (
            [draw_patient(SyntheticSettings(shifts=shifts), index) for index in range(300)]
            for shifts in ((), self.SHIFTS)
        )
        for one, other in zip(usual, shifted, strict=True):
            assert (one.date, one.site.name, len(one.labels)) == (
                other.date,
                other.site.name,
                len(other.labels),
            )
            south, late = one.site.name == "south", one.date >= "2022-01-01"
            assert other.effect == (0.0 if south else 1.0)
            assert other.site.noise == one.site.noise * (2.0 if late else 1.0)
            if not south:
                assert (one.labels, one.age, one.sex) == (other.labels, other.age, other.sex)
        pairs = [pair for pair in zip(usual, shifted, strict=True) if pair[0].site.name == "south"]
        assert np.mean([other.age - one.age for one, other in pairs]) == pytest.approx(10, abs=3)
        rates = [
            np.mean([label == "malignant" for p in found if p.site.name == "south" for label in p.labels])
            for found in (usual, shifted)
        ]
        assert rates[0] < 0.7 < 0.8 < rates[1]

    def test_without_an_effect_the_classes_of_that_site_are_alike(self) -> None:
        population = draw_population(SyntheticSettings(n_patients=1500, effect=2.0, shifts=self.SHIFTS[:1]))
        table = pd.DataFrame([(x.patient.site.name, x.label, np.log(x.irregularity)) for x in population])
        means = table.groupby([0, 1])[2].mean()
        assert abs(means["south", "malignant"] - means["south", "benign"]) < 0.15
        assert means["north", "malignant"] - means["north", "benign"] > 0.6

    @pytest.mark.parametrize(
        ("shift", "problem"),
        [
            ({"effect": 2.0}, "a shift needs 'site' or 'from_date'"),
            ({"site": "sooth"}, "the site 'sooth', which"),
        ],
    )
    def test_a_shift_of_nobody_is_refused(self, shift: dict[str, object], problem: str) -> None:
        with pytest.raises(ValidationError, match=problem):
            SyntheticSettings.model_validate({"shifts": [shift]})


def test_settings_that_came_later_change_the_hash_only_where_they_are_used() -> None:
    usual = SyntheticSettings()
    assert usual.sha256() == "3e310f5651fb" + usual.sha256()[12:]  # of cohorts made before there were any
    for later in (
        {"outcomes": SETTINGS},
        {"shifts": TestShifts.SHIFTS},
        {"subtypes": usual.subtypes[1:]},
    ):
        assert SyntheticSettings(**later).sha256() != usual.sha256()
