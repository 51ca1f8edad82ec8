"""The methods text says what ran, cites what it names, and names nothing that did not run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.reports.context import Context, make_contexts
from samesplit.reports.document import Manuscript, Report
from samesplit.reports.methods_text import MethodsText, methods_text
from samesplit.reports.methods_text.references import REFERENCES
from samesplit.reports.run_folder import read_tasks


@pytest.fixture
def context(small_run: Path) -> Context:
    (found,) = make_contexts(read_tasks(small_run))
    return found


def changed(context: Context, **run: Any) -> Context:
    return replace(context, data=replace(context.data, run={**context.data.run, **run}))


def model(context: Context, name: str, **item: Any) -> Context:
    """The context with more said about one model in run.json."""
    models = [{**one, **item} if one["name"] == name else one for one in context.data.run["models"]]
    return changed(context, models=models)


def paragraph(text: MethodsText, title: str) -> str:
    return dict(text.paragraphs)[title]


def test_every_reference_is_cited_and_every_citation_is_listed(full_report: Report) -> None:
    section = next(one for one in full_report.sections if one.id == "methods-text")
    (manuscript,) = section.blocks
    assert isinstance(manuscript, Manuscript)
    text = " ".join(one.text for one in manuscript.paragraphs)
    cited = {int(n) for found in re.findall(r" \[(\d+(?:, \d+)*)\]", text) for n in found.split(", ")}
    assert cited == set(range(1, len(manuscript.references) + 1))
    assert set(manuscript.references) <= set(REFERENCES.values())


@pytest.mark.usefixtures("full_report")
def test_the_page_has_it_to_copy_and_the_markdown_twin_as_plain_text(full_run: Path) -> None:
    page = (full_run / "report.html").read_text(encoding="utf-8")
    assert '<div class="manuscript" id="methods-text-body">' in page
    twin = (full_run / "report.md").read_text(encoding="utf-8")
    assert "Patients and lesions" in twin
    assert "1. Austin PC." in twin or "1. van Griethuysen" in twin


def test_the_cohort_the_masks_and_the_split_are_told(context: Context) -> None:
    text = methods_text([context])
    assert paragraph(text, "Patients and lesions").startswith(
        "60 lesions of 50 patients from 4 sites were included."
    )
    assert "lesions were malignant" in paragraph(text, "Patients and lesions")
    assert "2 lesions could not be used in part or in full" in paragraph(text, "Patients and lesions")
    assert "The images were T1C and T2." in paragraph(text, "Images and masks")
    assert "models were evaluated with those of R2 as well" in paragraph(text, "Images and masks")
    assert "by the scheme holdout (1 fold, seed 0)" in paragraph(text, "Data split")
    assert text.plain().count("References\n1. ") == 1


def test_libraries_that_took_no_part_are_not_named(context: Context) -> None:
    versions = {
        "samesplit": "0.1.0",
        "python": "3.11",
        "numpy": "2",
        "torch": "2",
        "TPOT": "1",
        "xgboost": "3",
    }
    told = paragraph(methods_text([changed(context, versions=versions)]), "Software and reproduction")
    assert "numpy 2" in told
    for name in ("torch", "TPOT", "xgboost", "networks"):
        assert name not in told
    grid = model(
        context, "radiomics-grid", settings={"selectors": ["lasso"], "classifiers": [{"name": "xgboost"}]}
    )
    assert "xgboost 3" in paragraph(
        methods_text([changed(grid, versions=versions)]), "Software and reproduction"
    )


GRID = {
    "selectors": [{"name": "lasso"}, {"name": "mrmr"}], "classifiers": ["logistic", {"name": "xgboost"}],
    "sizes": [10, 20], "inner_folds": 5, "missing": 0.5, "near_constant": 0.95, "correlation": 0.9,
    "impute": "median", "scale": "standard", "stability": {"icc": 0.75}, "harmonise": {"by": "site"},
    "oversample": {"method": "smote"}, "choose": "one-standard-error", "compare": "validation",
}  # fmt: skip


def test_a_grid_is_told_with_its_cells_and_how_it_chose(context: Context) -> None:
    found = paragraph(methods_text([model(context, "radiomics-grid", settings=GRID)]), "Models")
    for words in (
        "missing in more than 50 % of the training lesions, with one value in 95 % of them or correlated above",
        "8 combinations of selector (lasso and mrmr), classifier (logistic and xgboost [",
        "scaled to mean 0 and standard deviation 1",
        "By the AUC of the validation part, the one with the fewest features within one standard error",
        "Differences between sites were estimated on the training part",
        "oversampled",
        "Features that did not hold still under perturbations",
    ):
        assert words in found
    plain = {
        **GRID,
        "choose": "best",
        "compare": "inner",
        "stability": None,
        "harmonise": None,
        "oversample": None,
    }
    found = paragraph(methods_text([model(context, "radiomics-grid", settings=plain)]), "Models")
    assert (
        "By the mean AUC of 5 inner folds of the training part, grouped by patient, the best was taken"
        in found
    )
    assert "oversampled" not in found


def test_networks_ensembles_and_predictions_made_elsewhere_are_told(context: Context) -> None:
    def told(**item: Any) -> str:
        return paragraph(methods_text([model(context, "clinical", **item)]), "Models")

    training = {"steps": 250, "learning_rate": 0.001, "patience": None}
    settings = {"network": "monai:DenseNet121", "training": training}
    network = told(kind="network", settings=settings, seeds=[0, 1])
    assert "The network is monai:DenseNet121, from random weights [" in network
    assert "Training: steps 250; learning rate 0.001." in network
    assert "best on the validation part" in network
    assert "fitted with 2 seeds" in network
    given = told(kind="network", settings={"network": "resnet18"}, weights={"source": "doi:10.1"})
    assert "starts from published weights (doi:10.1)" in given
    assert "random weights" not in given
    assert "Its members are Radiomics grid." in told(kind="average", settings={"members": ["radiomics-grid"]})
    assert "calibrates the probabilities of Radiomics grid" in told(
        kind="calibrated", settings={"member": "radiomics-grid"}
    )
    assert "Its threshold, 0.4, was given" in told(
        kind="external", settings={"threshold": 0.4}, description=""
    )


def test_a_model_that_failed_is_named_as_such(context: Context) -> None:
    models = [*context.data.run["models"], {"name": "lost", "title": "Lost model", "kind": "network"}]
    found = paragraph(methods_text([changed(context, models=models)]), "Models")
    assert found.endswith("Lost model gave no predictions and is not reported.")


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"policy": "youden", "value": None}, "for the largest Youden index ["),
        ({"policy": "sensitivity", "value": 0.9}, "for a sensitivity of at least 0.9"),
        ({"policy": "fixed", "value": 0.5}, "A probability of 0.5 or more, fixed beforehand"),
    ],
)
def test_the_operating_point_is_told(context: Context, point: dict[str, Any], words: str) -> None:
    statistics = {**context.data.run["statistics"], "operating_point": point}
    assert words in paragraph(methods_text([changed(context, statistics=statistics)]), "Operating point")


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("ibsi", "the engine ibsi of samesplit 0.1.0"),
        ("pyradiomics", "PyRadiomics 3.1.4 ["),
        ("mirp", "MIRP ["),
        ("encoder", "the engine encoder of"),
    ],
)
def test_engines_are_told_with_their_settings(context: Context, engine: str, words: str) -> None:
    settings = {
        "discretisation": [{"method": "FBN", "bins": 32, "width": None}],
        "spacing_mm": [1, 1, 3],
        "filters": [],
    }
    profile = {"name": "mr", "engine": engine, "sequences": ["T1C"], "settings": settings, "description": ""}
    versions = {**context.data.run["versions"], "pyradiomics-bhklab": "3.1.4"}
    found = paragraph(methods_text([changed(context, profiles=[profile], versions=versions)]), "Features")
    assert words in found
    assert "Settings: discretisation method FBN; discretisation bins 32; spacing mm 1, 1, 3." in found
    assert "Features a sequence: 2 (1 glcm and 1 shape), 2 of them with a code of the IBSI." in found


@pytest.mark.parametrize(("wanted", "told"), [([], False), (["Energy"], True)])
def test_definitions_of_pyradiomics_are_told_where_they_are_asked_for(
    context: Context, wanted: list[str], told: bool
) -> None:
    own = {"shape": [], "firstorder": wanted, "glcm": [], "voxel_array_shift": 0.0}
    profile = {"name": "mr", "engine": "ibsi", "sequences": ["T1C"], "settings": {"pyradiomics": own}}
    found = paragraph(methods_text([changed(context, profiles=[profile])]), "Features")
    assert ("Settings: pyradiomics firstorder Energy; pyradiomics voxel array shift 0.0." in found) == told
    assert ("array shift" in found) == told


def test_response_maps_are_told_by_name_and_code_instead_of_the_settings_of_each_filter(
    context: Context,
) -> None:
    filters = {"boundary": "mirror", "images": [{"kind": "log", "sigma_mm": 2.0}, {"kind": "mean"}]}
    profile = {"name": "mr", "engine": "ibsi", "sequences": ["T1C"], "settings": {"filters": filters}}
    catalogue = pd.DataFrame(
        [("", ""), ("log_2mm", "L6PA"), ("log_2mm", "L6PA"), ("mean_5", "S60F")],
        columns=["filter", "filter_code"],
    ).assign(profile="mr", family="statistics", ibsi_code="Q4LE")
    run = changed(context, profiles=[profile])
    data = replace(run.data, tables={**run.data.tables, "catalogue": catalogue})
    text = methods_text([replace(run, data=data)])
    found = paragraph(text, "Features")
    assert "Settings: filters boundary mirror. 2 response maps of image filters" in found
    assert "log_2mm (L6PA) and mean_5 (S60F)." in found
    assert REFERENCES["ibsi_filters"] in text.references


def test_a_table_of_features_made_elsewhere_is_told_and_nothing_of_images(context: Context) -> None:
    own = {"file": "features.csv", "columns": 30, "lesions": 60}
    bare = changed(context, profiles=[], features=own)
    data = replace(bare.data, images=bare.data.images.iloc[:0])
    found = methods_text([replace(bare, data=data)])
    assert "given as a table (features.csv, 30 columns, 60 lesions)" in paragraph(found, "Images and masks")
    assert "Features" not in dict(found.paragraphs)
    nothing = replace(bare, data=replace(data, run={**data.run, "features": {}}))
    assert "Images and masks" not in dict(methods_text([nothing]).paragraphs)


def test_repairs_and_the_least_size_of_a_mask_are_told(context: Context) -> None:
    cohort = {**context.data.run["cohort"], "geometry_repair": ["resample"], "minimum_voxels": 8}
    found = paragraph(methods_text([changed(context, cohort=cohort)]), "Images and masks")
    assert "A mask of fewer than 8 voxels was not used." in found
    assert "it was repaired (resample)" in found


def test_analyses_with_random_readers_are_named_where_they_were_made(context: Context) -> None:
    tables = {name: table for name, table in context.data.tables.items() if not name.startswith("readers/")}
    alone = replace(context, data=replace(context.data, tables=tables))
    assert "2 readers read 60 lesions" in paragraph(methods_text([alone]), "Readers")
    assert "as random" not in paragraph(methods_text([alone]), "Readers")
    mrmc = pd.DataFrame({"method": ["Obuchowski-Rockette, Hillis df, RRRC", "Clopper-Pearson", None]})
    agreement = pd.DataFrame({"method": ["Fleiss' kappa"]})
    made = {**tables, "readers/mrmc": mrmc, "readers/agreement": agreement}
    found = methods_text([replace(context, data=replace(context.data, tables=made))])
    told = paragraph(found, "Readers")
    assert "as random in: Obuchowski-Rockette, Hillis df, RRRC [" in told
    assert told.endswith("Agreement of readers: Fleiss' kappa.")
    assert REFERENCES["hillis"] in found.references


def test_without_readers_and_with_permuted_labels_the_text_says_so(context: Context) -> None:
    options = {"shuffle_labels": True}
    found = methods_text([replace(changed(context, options=options), readers=())])
    assert "Readers" not in dict(found.paragraphs)
    assert "labels were permuted" in paragraph(found, "Statistical analysis")


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (None, "Holm's method ["),
        ("hochberg", "Hochberg's method ["),
        ("benjamini-hochberg", "Benjamini and Hochberg ["),
    ],
)
def test_the_adjustment_of_p_values_is_the_declared_one(
    context: Context, declared: str | None, words: str
) -> None:
    statistics = {**context.data.run["statistics"], **({"multiplicity": declared} if declared else {})}
    found = methods_text([changed(context, statistics=statistics)])
    assert words in paragraph(found, "Statistical analysis")
    assert REFERENCES[declared or "holm"] in found.references


def test_decision_curves_are_told_where_they_were_drawn(context: Context) -> None:
    tables = {name: table for name, table in context.data.tables.items() if name != "decision_curves"}
    without = replace(context, data=replace(context.data, tables=tables))
    assert "Net benefit" not in paragraph(methods_text([without]), "Statistical analysis")
    tables["decision_curves"] = pd.DataFrame({"model": ["clinical"]})
    found = methods_text([replace(context, data=replace(context.data, tables=tables))])
    assert "decision curves [" in paragraph(found, "Statistical analysis")
    assert REFERENCES["decision"] in found.references


def test_each_task_of_several_is_told_by_name(task_contexts: tuple[Context, ...]) -> None:
    found = methods_text(task_contexts)
    lesions = paragraph(found, "Patients and lesions")
    assert "Malignant: Is the mass malignant?" in lesions
    assert re.search(
        r"Recurrence: How long until recurrence\? \d+ events were seen among 90 lesions", lesions
    )
    statistics = paragraph(found, "Statistical analysis")
    assert "Recurrence: Models were judged" in statistics
    assert REFERENCES["harrell"] in found.references


def test_masks_are_counted_for_a_task_of_masks(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    task = replace(context.data.task, kind="segmentation", question="Where is it?")
    masks = replace(context, data=replace(context.data, task=task))
    assert "(masks of 60 lesions)" in paragraph(methods_text([masks]), "Patients and lesions")


def test_what_the_dice_was_regressed_on_is_told_in_words(context: Context) -> None:
    terms = ["intercept", "size_mm", "scanner_vendor: B (against A)", "scanner_vendor: C (against A)"]
    regression = pd.DataFrame({"model": "net", "term": terms, "coefficient": 0.1})

    def told(table: pd.DataFrame) -> str:
        tables = context.data.tables | {"dice_covariates": table}
        found = methods_text([replace(context, data=replace(context.data, tables=tables))])
        return paragraph(found, "Statistical analysis")

    assert "was regressed on size and scanner vendor by multiple linear regression" in told(regression)
    assert "regressed" not in told(regression.assign(coefficient=float("nan")))
