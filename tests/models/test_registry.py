from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import DeclarationError
from samesplit.models.baselines import LesionSizeSettings, ZeroRuleSettings
from samesplit.models.clinical.logistic import ClinicalLogisticSettings
from samesplit.models.estimator import EstimatorSettings
from samesplit.models.radiomics.ridge import RidgeSettings
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.registry import KINDS, read_model, settings_class
from samesplit.models.settings import ModelSettings

BUILTIN = Path(__file__).parents[2] / "models"


def write(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_settings_class_that_knows_its_kind(kind: str) -> None:
    found = settings_class(kind)
    assert issubclass(found, ModelSettings)
    assert found.model_fields["kind"].default == kind


@pytest.mark.parametrize("path", sorted(BUILTIN.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_built_in_model_file_can_be_read_and_survives_being_written_as_plain_data(path: Path) -> None:
    settings = read_model(path)
    assert settings.name == path.stem
    assert settings.title
    assert type(settings).model_validate(settings.to_dict()).digest() == settings.digest()


def test_the_built_in_files_are_of_their_kinds() -> None:
    kinds = {
        "zero-rule": ZeroRuleSettings,
        "clinical-logistic": ClinicalLogisticSettings,
        "lesion-size": LesionSizeSettings,
        "radiomics-small": RadiomicsGridSettings,
        "extra-trees": EstimatorSettings,
        "catboost": EstimatorSettings,
        "ebm": EstimatorSettings,
        "ridge": RidgeSettings,
    }
    for name, kind in kinds.items():
        assert isinstance(read_model(BUILTIN / f"{name}.yaml"), kind)


def test_radiomics_small_is_two_selectors_by_three_classifiers_by_two_sizes() -> None:
    settings = read_model(BUILTIN / "radiomics-small.yaml")
    assert isinstance(settings, RadiomicsGridSettings)
    assert (len(settings.selectors), len(settings.classifiers), len(settings.sizes)) == (2, 3, 2)
    assert "xgboost" in [use.name for use in settings.classifiers]
    assert settings.radiomic()


def test_the_lesion_size_is_not_radiomics_though_it_may_read_a_feature() -> None:
    settings = read_model(BUILTIN / "lesion-size.yaml")
    assert settings.needs().profiles == ("*",)
    assert not settings.radiomic()


@pytest.mark.parametrize(
    ("name", "clinical"), [("clinical-logistic", True), ("lesion-size", False), ("radiomics-small", False)]
)
def test_models_that_learn_from_clinical_variables_alone_are_known(name: str, clinical: bool) -> None:
    assert read_model(BUILTIN / f"{name}.yaml").only_clinical() is clinical


def test_a_misspelt_key_is_named_with_its_line_and_the_nearest_key(tmp_path: Path) -> None:
    path = write(tmp_path, "kind: clinical-logistic\ntitle: T\nvaraibles: [age]\n")
    with pytest.raises(DeclarationError) as caught:
        read_model(path)
    assert caught.value.where == f"{path}, line 3"
    assert "'variables'" in str(caught.value)


def test_an_unknown_kind_is_named_with_its_line_and_the_nearest_kind(tmp_path: Path) -> None:
    path = write(tmp_path, "title: T\nkind: zero-rul\n")
    with pytest.raises(DeclarationError, match=r"line 2[\s\S]*did you mean 'zero-rule'"):
        read_model(path)


def test_a_kind_that_is_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"line 2[\s\S]*zero-rule") as caught:
        read_model(write(tmp_path, "title: T\nkind: [zero-rule]\n"))
    assert caught.value.remedy


def test_a_missing_kind_lists_the_kinds(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"'kind' is missing[\s\S]*radiomics-grid"):
        read_model(write(tmp_path, "title: T\n"))


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="holds no keys"):
        read_model(write(tmp_path, "- a\n- b\n"))


def test_a_tab_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="tab"):
        read_model(write(tmp_path, "kind: zero-rule\n\ttitle: T\n"))


def test_overrides_replace_the_files_keys_and_the_name_goes_into_the_title() -> None:
    settings = read_model(
        BUILTIN / "clinical-logistic.yaml", name="age-only", overrides={"variables": ["age"]}
    )
    assert isinstance(settings, ClinicalLogisticSettings)
    assert settings.name == "age-only"
    assert settings.variables == ("age",)
    assert settings.title == "Clinical logistic regression (age-only)"
    retitled = read_model(BUILTIN / "clinical-logistic.yaml", name="age-only", overrides={"title": "Age"})
    assert retitled.title == "Age"


def test_a_wrong_override_names_the_model_that_uses_the_file() -> None:
    with pytest.raises(DeclarationError, match=r"as changed for the model 'x'[\s\S]*'variables'"):
        read_model(BUILTIN / "clinical-logistic.yaml", name="x", overrides={"variable": ["age"]})


def test_the_digest_ignores_title_and_seeds_but_not_what_decides_the_result() -> None:
    path = BUILTIN / "clinical-logistic.yaml"
    plain = read_model(path).digest()
    assert read_model(path, overrides={"title": "Other", "seeds": [1, 2]}).digest() == plain
    assert read_model(path, overrides={"C": 0.5}).digest() != plain


def test_the_grid_of_xi_2020_has_its_780_cells_and_ten_inner_folds() -> None:
    settings = read_model(BUILTIN / "radiomics-xi2020.yaml")
    assert isinstance(settings, RadiomicsGridSettings)
    assert (len(settings.selectors), len(settings.classifiers), settings.sizes) == (
        13,
        10,
        (10, 20, 30, 40, 50, 100),
    )
    assert settings.inner_folds == 10
