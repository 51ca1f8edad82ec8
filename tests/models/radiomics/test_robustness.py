"""The stability filter: fitted on training lesions, blind to labels and to every other lesion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import ModelError
from samesplit.models.persistence import load_model
from samesplit.models.protocol import Cases
from samesplit.models.radiomics.robustness import (
    PartRobustness,
    RobustnessSettings,
    estimate_robustness,
    robust_columns,
)
from samesplit.models.radiomics.search import GridSearch
from samesplit.models.radiomics.settings import RadiomicsGridSettings

KINDS = ("contour", "noise")


def settings(**stability: Any) -> RadiomicsGridSettings:
    return RadiomicsGridSettings.model_validate(
        {"name": "g", "title": "G", "selectors": ["anova-f"], "classifiers": ["logistic"], "sizes": [5],
         "inner_folds": 3, "stability": {"perturbations": {"kinds": KINDS}} | stability}
    )  # fmt: skip


def asked(**stability: Any) -> RobustnessSettings:
    return RobustnessSettings.model_validate({"perturbations": {"kinds": KINDS}} | stability)


def measured(cases: Cases, *, shaky: dict[str, list[str]], seed: int = 0) -> Cases:
    """The cases with repeats: steady features move by a hundredth of an SD, shaky ones by five."""
    rng = np.random.default_rng(seed)
    parts = []
    for kind in KINDS:
        for repetition in range(3):
            spread = [5.0 if name in shaky.get(kind, []) else 0.01 for name in cases.features.columns]
            moved = cases.features + rng.normal(size=cases.features.shape) * spread
            moved.insert(0, "lesion_id", cases.lesion_ids)
            moved.insert(1, "perturbation", kind)
            moved.insert(2, "repetition", repetition)
            parts.append(moved.reset_index(drop=True))
    return replace(cases, repeats=pd.concat(parts, ignore_index=True))


def fitted(fold: Any, **stability: Any) -> Any:
    model = settings(**stability).build()
    model.fit(fold)
    return model


def kept(model: Any) -> set[str]:
    table = model.details()["stability"]
    assert table.groupby("feature")["kept"].nunique().eq(1).all()
    return set(table.loc[table["kept"], "feature"])


def test_what_is_unstable_in_training_lesions_is_dropped_and_what_is_so_in_test_lesions_only_is_kept(
    make_fold: Any,
) -> None:
    fold, cases, _ = make_fold(effect=2.0)
    best, second = fold.training.features.columns[:2]
    training = measured(fold.training, shaky={"contour": [best]})
    test = measured(cases, shaky={"contour": [second], "noise": [second]})
    model = fitted(replace(fold, training=training))
    assert kept(model) == set(fold.training.features.columns) - {best}
    chosen = set(model.details()["chosen_features"]["feature"])
    assert best not in chosen
    assert second in chosen
    # The same cases held out and handed to predict, with other repeats, change nothing.
    pd.testing.assert_series_equal(model.predict(test)["probability"], model.predict(cases)["probability"])


def test_a_fold_looks_at_its_own_training_lesions_alone(make_fold: Any) -> None:
    """The canary: one table holds the repeats of all lesions, as a run gives it, and the test lesions are wild."""
    fold, _, _ = make_fold()
    names = list(fold.training.features.columns)
    ids = fold.training.lesion_ids
    train, test = ids[:60], ids[60:]
    calm, wild = (measured(fold.training, shaky=dict.fromkeys(KINDS, part)) for part in ([], names))
    rows = wild.repeats["lesion_id"].isin(test).to_numpy()
    mixed = calm.repeats.mask(np.broadcast_to(rows[:, None], calm.repeats.shape), wild.repeats)
    everything = replace(fold.training, repeats=mixed.astype(calm.repeats.dtypes.to_dict()))
    on_training = replace(
        fold, training=everything.select(train), training_labels=fold.training_labels.loc[train]
    )
    assert kept(fitted(on_training)) == set(names)
    with pytest.raises(ModelError, match="no feature is stable"):
        fitted(replace(fold, training=replace(fold.training, repeats=wild.repeats)))


def test_labels_play_no_part(make_fold: Any) -> None:
    fold, _, _ = make_fold(effect=2.0)
    shaky = list(fold.training.features.columns[3:9])
    fold = replace(fold, training=measured(fold.training, shaky={"noise": shaky}))
    turned = replace(fold, training_labels=1 - fold.training_labels)
    pd.testing.assert_frame_equal(fitted(fold).details()["stability"], fitted(turned).details()["stability"])


def test_a_feature_must_hold_still_under_every_perturbation(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    names = list(fold.training.features.columns)
    training = measured(fold.training, shaky={"contour": names[:2], "noise": names[1:3]})
    assert kept(fitted(replace(fold, training=training))) == set(names[3:])


def test_the_lower_bound_asks_more_than_the_estimate(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=40)
    names = list(fold.training.features.columns)
    rng = np.random.default_rng(1)
    training = measured(fold.training, shaky={})
    repeats = training.repeats.copy()
    # An SD of 0.5 against one of 1 between lesions: an ICC of 0.8, whose lower bound is about 0.7.
    repeats[names] += rng.normal(scale=0.5, size=(len(repeats), len(names)))
    by_estimate, by_bound = (
        estimate_robustness(repeats, names, asked(bound=bound), model="g")["kept"].mean()
        for bound in ("estimate", "lower")
    )
    assert by_estimate > 0.6 > 0.3 > by_bound


def test_a_feature_without_perturbed_values_does_not_stay(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    names = list(fold.training.features.columns)
    repeats = measured(fold.training, shaky={}).repeats.drop(columns=names[0])
    repeats.loc[repeats["perturbation"] == "noise", names[1]] = np.nan
    table = estimate_robustness(repeats, names, asked(), model="g")
    assert robust_columns(table, names) == names[2:]
    with pytest.raises(ModelError, match="none of 30 has") as problem:
        estimate_robustness(repeats.assign(**dict.fromkeys(names, np.nan)), names, asked(), model="g")
    assert "stability.minimum_icc" in str(problem.value)


def test_a_kept_model_knows_its_stable_columns(make_fold: Any, tmp_path: Any) -> None:
    fold, cases, _ = make_fold(effect=2.0)
    shaky = [fold.training.features.columns[0]]
    model = fitted(replace(fold, training=measured(fold.training, shaky={"noise": shaky})))
    model.save(tmp_path / "kept")
    again = load_model(tmp_path / "kept")
    pd.testing.assert_series_equal(again.predict(cases)["probability"], model.predict(cases)["probability"])


def test_a_model_without_stability_asks_for_no_perturbations() -> None:
    plain = RadiomicsGridSettings.model_validate(
        {"name": "g", "title": "G", "selectors": ["anova-f"], "classifiers": ["logistic"], "sizes": [5]}
    )
    assert plain.needs().perturbations is None
    asked = settings(minimum_icc=0.9).needs().perturbations
    assert asked is not None
    assert asked.kinds == KINDS
    assert plain.digest() != settings().digest() != settings(minimum_icc=0.9).digest()


def test_a_perturbation_that_was_not_measured_at_all_is_an_error(make_fold: Any) -> None:
    fold, _, _ = make_fold(effect=2.0)
    training = measured(fold.training, shaky={})
    repeats = training.repeats[training.repeats["perturbation"] == "noise"]
    with pytest.raises(ModelError, match=r"no training lesion was measured under the perturbation contour"):
        fitted(replace(fold, training=replace(training, repeats=repeats)))


def grid_search(fold: Any) -> GridSearch:
    model = settings().build()
    inputs, labels = model.known(fold)
    return model._search(inputs, labels, fold)


def test_every_inner_fold_knows_what_is_stable_in_the_lesions_that_it_fits_on_and_in_no_other(
    make_fold: Any,
) -> None:
    """Some features are shaky in a third of the lesions: which folds drop them depends on who is fitted on."""
    fold, _, _ = make_fold(effect=2.0)
    names, ids = [str(name) for name in fold.training.features], fold.training.lesion_ids
    calm, wild = (measured(fold.training, shaky=dict.fromkeys(KINDS, part)) for part in ([], names[::2]))
    search = grid_search(replace(fold, training=calm))
    shaky = [ids[row] for row in search.parts[0].test_index]
    mixed = calm.repeats.where(~calm.repeats["lesion_id"].isin(shaky), wild.repeats)
    fold = replace(fold, training=replace(calm, repeats=mixed.astype(calm.repeats.dtypes.to_dict())))

    parts = grid_search(fold).parts

    for part in parts:
        lesions = [str(lesion) for lesion in search.table.index[part.train_index]]
        here = fold.training.repeats[fold.training.repeats["lesion_id"].isin(lesions)]
        told = estimate_robustness(here, names, asked(), model="g")
        assert part.columns is not None
        assert [names[column] for column in part.columns] == robust_columns(told, names)
    assert len(parts[0].columns) == len(names)  # all of the shaky lesions are held out there
    assert {len(part.columns) for part in parts[1:]} == {len(names) // 2}


@pytest.mark.parametrize("bound", ["estimate", "lower"])
def test_one_pass_over_arrays_says_the_same_as_the_table(make_fold: Any, bound: str) -> None:
    fold, _, _ = make_fold(effect=2.0)
    names, ids = [str(name) for name in fold.training.features], fold.training.lesion_ids
    repeats = measured(fold.training, shaky={"noise": names[3:9]}).repeats
    repeats.loc[repeats.index[5:25], names[10]] = np.nan
    repeats = pd.concat([repeats, repeats[repeats["perturbation"] == "noise"].assign(perturbation="raters")])
    given = RobustnessSettings.model_validate(
        {"bound": bound, "perturbations": {"kinds": [*KINDS, "raters"]}}
    )
    judge = PartRobustness(repeats, [*names, "not measured"], given)
    for lesions in (ids, ids[:20], ids[::3]):
        table = estimate_robustness(repeats[repeats["lesion_id"].isin(lesions)], names, given, model="g")
        found = judge.robust_in([*lesions, "nobody"])
        assert [name for name, stable in zip(names, found, strict=False) if stable] == robust_columns(
            table, names
        )
        assert not found[-1]
    assert not judge.robust_in([]).any()


def test_an_inner_fold_without_a_stable_feature_gives_no_score_and_the_others_decide(
    make_fold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold, cases, _ = make_fold(effect=2.0)
    fold = replace(fold, training=measured(fold.training, shaky={}))
    whole, first = (
        PartRobustness.robust_in,
        [str(i) for i in grid_search(fold).table.index[grid_search(fold).parts[0].train_index]],
    )
    monkeypatch.setattr(
        PartRobustness,
        "robust_in",
        lambda self, ids: whole(self, []) if list(ids) == first else whole(self, ids),
    )

    model = fitted(fold)

    scores = model.details()["grid_folds"].set_index("inner_fold")["auc"]
    assert scores.isna().to_dict() == {0: True, 1: False, 2: False}
    assert model.predict(cases)["probability"].notna().all()
