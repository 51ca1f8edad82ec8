from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from samesplit.errors import DeclarationError, ModelError
from samesplit.models.clinical.nomogram import RenalNomogramModel, RenalNomogramSettings
from samesplit.models.persistence import load_model
from samesplit.models.registry import read_model

BUILTIN = Path(__file__).parents[3] / "models"
# Made up for these tests: round numbers, so that probabilities can be worked out by hand.
INVENTED = """
source: made up for a test
outcome: malignant
intercept: -2.0
terms:
  age: {per_unit: 0.02, origin: 50}
  sex: {female: 0, male: 0.5}
  R: {1: 0, 2: 0.4, 3: 1.0}
  h: {no: 0, yes: 0.3}
"""


@pytest.fixture
def renal(make_fold: Any) -> Any:
    """A fold and test cases whose lesions have R.E.N.A.L. points."""
    fold, cases, truth = make_fold()
    rng = np.random.default_rng(7)

    def scored(part: Any) -> Any:
        n = len(part)
        points = {f"renal_{letter}": rng.integers(1, 4, n).astype(float) for letter in "renl"}
        return replace(part, lesions=part.lesions.assign(**points, renal_h=rng.choice(["yes", "no"], n)))

    return replace(fold, training=scored(fold.training)), scored(cases), truth


def model_of(folder: Path, text: str = INVENTED, **keys: Any) -> RenalNomogramModel:
    (folder / "numbers.yaml").write_text(text, encoding="utf-8")
    (folder / "mine.yaml").write_text(
        yaml.safe_dump({"kind": "renal-nomogram", "title": "N", "coefficients": "numbers.yaml"} | keys),
        encoding="utf-8",
    )
    settings = read_model(folder / "mine.yaml")
    assert isinstance(settings, RenalNomogramSettings)
    return settings.build()


def test_the_probability_is_that_of_the_coefficients_written_out(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    model = model_of(tmp_path)
    model.fit(fold)
    lesions = cases.lesions
    total = (
        -2.0
        + 0.02 * (lesions["age"] - 50)
        + 0.5 * (lesions["sex"] == "male")
        + lesions["renal_r"].map({1.0: 0.0, 2.0: 0.4, 3.0: 1.0})
        + 0.3 * (lesions["renal_h"] == "yes")
    )
    np.testing.assert_allclose(model.predict(cases)["probability"], 1 / (1 + np.exp(-total)), rtol=1e-12)


def test_points_of_a_printed_figure_become_probabilities_along_its_axis(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    text = """
source: made up for a test
outcome: malignant
probability: [[4, 0.2], [8, 0.5], [10, 0.8]]
terms: {score: {per_unit: 1}}
"""
    model = model_of(tmp_path, text)
    model.fit(fold)
    predicted = model.predict(cases)["probability"]
    score = cases.lesions[["renal_r", "renal_e", "renal_n", "renal_l"]].sum(axis=1)
    # The logit is linear between the pairs: half-way from 0.2 (logit -ln 4) to 0.5 it is -ln 2, a third.
    for total, probability in ((4, 0.2), (6, 1 / 3), (8, 0.5), (9, 2 / 3), (10, 0.8), (12, 0.8)):
        np.testing.assert_allclose(predicted[score == total], probability, rtol=1e-12)


@pytest.mark.parametrize("column", ["age", "sex", "renal_r", "renal_h"])
def test_a_lesion_that_lacks_a_term_is_not_predicted(renal: Any, tmp_path: Path, column: str) -> None:
    fold, cases, _ = renal
    cases.lesions[column] = cases.lesions[column].where(np.arange(len(cases)) != 3, np.nan)
    model = model_of(tmp_path)
    model.fit(fold)
    assert list(model.predict(cases)["probability"].index) == [
        name for i, name in enumerate(cases.lesion_ids) if i != 3
    ]
    nobody = model.predict(cases.select(cases.lesion_ids[3:4]))["probability"]
    assert nobody.empty
    assert nobody.dtype == "float64"


def test_what_the_nomogram_does_not_ask_for_may_be_missing(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    model = model_of(tmp_path)
    for part in (fold.training, cases):
        part.lesions["renal_n"] = np.nan
    model.fit(fold)
    assert len(model.predict(cases)["probability"]) == len(cases)


def test_a_diameter_stands_in_for_the_points_of_r(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    model = model_of(tmp_path)
    model.fit(fold)
    expected = model.predict(cases)["probability"]
    centimetres = cases.lesions["renal_r"].map({1.0: 3.0, 2.0: 5.0, 3.0: 8.0})
    lesions = cases.lesions.drop(columns="renal_r").assign(renal_diameter_cm=centimetres)
    pd.testing.assert_series_equal(model.predict(replace(cases, lesions=lesions))["probability"], expected)


def test_variables_may_be_called_otherwise(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    plain = model_of(tmp_path)
    plain.fit(fold)
    other = model_of(tmp_path, columns={"R": "radius", "age": "years"})
    names = {"renal_r": "radius", "age": "years"}
    other.fit(
        replace(fold, training=replace(fold.training, lesions=fold.training.lesions.rename(columns=names)))
    )
    renamed = replace(cases, lesions=cases.lesions.rename(columns=names))
    pd.testing.assert_series_equal(other.predict(renamed)["probability"], plain.predict(cases)["probability"])


def test_a_variable_that_is_not_declared_is_an_error_that_names_it(renal: Any, tmp_path: Path) -> None:
    fold, _, _ = renal
    lesions = fold.training.lesions.drop(columns="renal_r")
    with pytest.raises(ModelError, match=r"asks for R, but .* 'renal_r' or 'renal_diameter_cm'"):
        model_of(tmp_path).fit(replace(fold, training=replace(fold.training, lesions=lesions)))
    with pytest.raises(ModelError, match="no clinical variable 'weight'"):
        model_of(tmp_path, INVENTED + "  weight: {per_unit: 1}\n").fit(fold)
    with pytest.raises(ModelError, match=r"asks for score, but .* 'renal_r' or 'renal_diameter_cm'"):
        model_of(tmp_path, INVENTED.partition("terms")[0] + "terms: {score: {per_unit: 1}}").fit(
            replace(fold, training=replace(fold.training, lesions=lesions))
        )


def test_a_level_without_a_coefficient_names_the_lesion(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    model = model_of(tmp_path)
    model.fit(fold)
    cases.lesions["sex"] = "other"
    with pytest.raises(
        ModelError, match="'sex' of lesion BL000 is 'other'; the coefficients know female, male"
    ):
        model.predict(cases)


def test_the_built_in_file_has_no_coefficients_and_says_what_to_do(renal: Any) -> None:
    fold, _, _ = renal
    settings = read_model(BUILTIN / "renal-nomogram.yaml")
    assert isinstance(settings, RenalNomogramSettings)
    assert settings.coefficients is None
    assert not settings.radiomic()
    with pytest.raises(ModelError, match=r"has no coefficients[\s\S]*coefficients\.yaml\.template"):
        settings.build().fit(fold)


def test_the_template_is_of_the_right_form_and_no_use_until_it_is_filled_in(
    renal: Any, tmp_path: Path
) -> None:
    fold, cases, _ = renal
    for part in (fold.training, cases):
        part.lesions["renal_a"] = "a"
    text = (BUILTIN / "renal-nomogram-coefficients.yaml.template").read_text(encoding="utf-8")
    with pytest.raises(DeclarationError, match="'source'"):
        model_of(tmp_path, text).fit(fold)
    for key in ("source", "outcome"):
        text = text.replace(f"{key}: null", f"{key}: a test")
    with pytest.raises(DeclarationError, match="terms"):
        model_of(tmp_path, text.replace("intercept: null", "intercept: 1")).fit(fold)
    model = model_of(tmp_path, text.replace("null", "0"))
    model.fit(fold)
    assert (model.predict(cases)["probability"] == 0.5).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("intercept: -2.0", ""), "either 'intercept'"),
        (("intercept: -2.0", "intercept: -2.0\nprobability: [[0, 0.1], [1, 0.2]]"), "either 'intercept'"),
        (("intercept: -2.0", "probability: [[1, 0.1], [0, 0.2]]"), "rising"),
        (("outcome", "outcom"), "did you mean 'outcome'"),
        (("source: made up for a test", "source: ''"), "'source'"),
        (("origin: 50", "old: 50"), "beside 'per_unit' there may only be 'origin'"),
        (("per_unit: 0.02, ", ""), "beside 'per_unit'"),
    ],
    ids=["neither", "both", "falling", "misspelt", "no-source", "no-origin", "no-slope"],
)
def test_a_file_that_cannot_be_is_an_error_that_names_it(
    renal: Any, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    fold, _, _ = renal
    with pytest.raises(DeclarationError, match=rf"numbers\.yaml[\s\S]*{message}"):
        model_of(tmp_path, INVENTED.replace(*change)).fit(fold)


def test_a_missing_file_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    (tmp_path / "numbers.yaml").unlink()
    with pytest.raises(ModelError, match="does not exist"):
        model.settings.digest()


def test_other_numbers_in_the_file_make_it_another_model(tmp_path: Path) -> None:
    first = model_of(tmp_path).settings.digest()
    assert model_of(tmp_path).settings.digest() == first
    assert model_of(tmp_path, INVENTED.replace("-2.0", "-1.0")).settings.digest() != first


def test_the_content_may_stand_in_the_model_file_itself(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    by_file, inline = model_of(tmp_path), model_of(tmp_path, coefficients=yaml.safe_load(INVENTED))
    for model in (by_file, inline):
        model.fit(fold)
    pd.testing.assert_series_equal(
        inline.predict(cases)["probability"], by_file.predict(cases)["probability"]
    )


def test_the_details_state_numbers_and_source(renal: Any, tmp_path: Path) -> None:
    fold, _, _ = renal
    model = model_of(tmp_path)
    assert model.details() == {}
    model.fit(fold)
    table = model.details()["nomogram"]
    assert (table["source"] == "made up for a test").all()
    assert table.loc[table["term"] == "(intercept)", "value"].item() == -2.0
    assert table.loc[table["term"] == "R", ["level", "value"]].to_numpy().tolist() == [
        ["1", 0],
        ["2", 0.4],
        ["3", 1],
    ]


def test_a_kept_model_predicts_the_same_without_the_file(renal: Any, tmp_path: Path) -> None:
    fold, cases, _ = renal
    model = model_of(tmp_path)
    model.fit(fold)
    model.save(tmp_path / "kept")
    (tmp_path / "numbers.yaml").unlink()
    pd.testing.assert_series_equal(
        load_model(tmp_path / "kept").predict(cases)["probability"], model.predict(cases)["probability"]
    )
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["model.json"]


def test_an_unfitted_model_does_not_predict(renal: Any, tmp_path: Path) -> None:
    _, cases, _ = renal
    with pytest.raises(ModelError, match="has not been fitted"):
        model_of(tmp_path).predict(cases)
