"""What a run reports of features and models."""

from __future__ import annotations

from collections.abc import Callable

from samesplit.reports.checklists.facts import CLINICAL, ENSEMBLES, NETWORKS, RADIOMIC, SIMPLE, Facts
from samesplit.reports.formatting import counted, join_words

__all__ = ["TOPICS"]

Told = tuple[str, str, str]
REPORTED, PARTLY, OPEN, NONE = "reported", "partly", "you must answer", "not applicable"
_NO_FEATURES = "The run extracts no features."


def preprocessing(facts: Facts) -> Told:
    """Answer by profiles, with all settings."""
    if facts.profiles:
        return REPORTED, "The methods text names the settings of each profile.", "methods-text"
    if facts.part("features"):
        return OPEN, "Features came as a table: how images were prepared is not known here.", ""
    return PARTLY, "The methods text says what models are given. Add what was done before.", "methods-text"


def extraction(facts: Facts) -> Told:
    """Answer by engines and versions."""
    if not facts.profiles:
        return (OPEN, "Features came as a table.", "") if facts.part("features") else (NONE, _NO_FEATURES, "")
    engines = join_words(sorted({str(item.get("engine")) for item in facts.profiles}))
    return REPORTED, f"Engine: {engines}; versions stand in the provenance.", "methods-text"


def feature_classes(facts: Facts) -> Told:
    """Answer by the catalogue."""
    if not facts.profiles:
        return (OPEN, "Features came as a table.", "") if facts.part("features") else (NONE, _NO_FEATURES, "")
    return (
        REPORTED,
        "Families with their counts; catalogue.parquet beside the report has every feature.",
        "methods-text",
    )


def feature_count(facts: Facts) -> Told:
    """Answer by the catalogue, or the columns of the table."""
    own = facts.part("features")
    if own:
        return (
            REPORTED,
            f"{counted(int(own.get('columns') or 0), 'column')} of {own.get('file')}.",
            "methods-text",
        )
    return feature_classes(facts)


def settings(_: Facts) -> Told:
    """Answer by effective settings."""
    return REPORTED, "All effective settings, defaults included.", "provenance"


def feature_models(facts: Facts) -> Told:
    """Answer by what models do with features."""
    if not facts.any_kind((*RADIOMIC, *CLINICAL)):
        return NONE, "No model is fitted on features or variables.", ""
    return REPORTED, "Scaling, filtering and selection, all within the training part.", "methods-text"


def class_imbalance(facts: Facts) -> Told:
    """Answer by the check and the settings."""
    return PARTLY, "Check SS106 tells the share of the rarest class; weights are in the settings.", "checks"


def algorithms(_: Facts) -> Told:
    """Answer by every model."""
    return REPORTED, "Each model with its kind, and its settings in the provenance.", "methods-text"


def tuning(_: Facts) -> Told:
    """Answer by search and choice."""
    return REPORTED, "How each model was tuned and chosen, without test lesions.", "methods-text"


def confounders(facts: Facts) -> Told:
    """Answer by the checks of size and site."""
    told = "Checks SS303 (size of the lesion) and SS109 (site). Discuss others."
    return PARTLY, told, "checks"


def ensembles(facts: Facts) -> Told:
    """Answer by ensembles."""
    if not facts.any_kind(ENSEMBLES):
        return NONE, "No ensemble was made.", ""
    return REPORTED, "Members and how they are combined.", "methods-text"


def initial_weights(facts: Facts) -> Told:
    """Answer by weights that networks start from."""
    if not facts.any_kind(NETWORKS):
        return NONE, "No network was trained.", ""
    return (
        REPORTED,
        "Pretrained weights with source and hash where there are any; else random by seed.",
        "provenance",
    )


def network_robustness(facts: Facts) -> Told:
    """Answer by masks of other raters for networks."""
    if not facts.any_kind(NETWORKS):
        return NONE, "No network was trained end to end.", ""
    if len(facts.raters) < 2:
        return OPEN, "No second rater's masks and no test-retest.", ""
    return PARTLY, "Networks under the masks of other raters.", "rater-masks"


def robust_features(facts: Facts) -> Told:
    """Answer by removal of features that change under perturbation or between raters."""
    used = any((item.get("settings") or {}).get("stability") for item in facts.run.get("models", []))
    if not facts.any_kind(RADIOMIC):
        return NONE, "No model is fitted on features.", ""
    if not used:
        return OPEN, "No model leaves out features that are not robust (setting 'stability').", ""
    return REPORTED, "Features below the declared ICC are left out, within the training part.", "methods-text"


def dimensionality(facts: Facts) -> Told:
    """Answer by the check of events per predictor."""
    state = facts.states.get("SS201", "not applicable")
    if state == "not applicable":
        return OPEN, "", ""
    return PARTLY, f"Check SS201 (events per predictor): {state}.", "checks"


def explanation(_: Facts) -> Told:
    """Answer by what models look at."""
    return REPORTED, "What the fitted models look at.", "explanation"


def feature_statistics(_: Facts) -> Told:
    """Answer by selected features and how steady they are."""
    return REPORTED, "Features that were chosen, how often, and how steady the choice is.", "radiomics"


def software(_: Facts) -> Told:
    """Answer by versions."""
    return REPORTED, "Versions of samesplit, Python and all libraries that numbers depend on.", "provenance"


def simple_models(facts: Facts) -> Told:
    """Answer by simple models beside the others."""
    if not facts.any_kind(SIMPLE):
        return OPEN, "No simple model was judged.", ""
    return REPORTED, "Simple models are judged on the same lesions, with adjusted P values.", "differences"


def one_sequence(facts: Facts) -> Told:
    """Answer by number of sequences."""
    if len(facts.sequences) == 1:
        return REPORTED, f"One sequence: {facts.sequences[0]}.", "cohort"
    return (
        OPEN,
        "Several sequences: say whether one alone does as well (a factorial benchmark compares them).",
        "",
    )


def predictions(_: Facts) -> Told:
    """Answer by predictions of each lesion."""
    return REPORTED, "predictions.csv has every prediction; fitted models are kept beside it.", "methods-text"


def updating(_: Facts) -> Told:
    """Answer by models are not updated on test data."""
    return NONE, "No model is updated on test lesions.", ""


TOPICS: dict[str, Callable[[Facts], Told]] = {
    function.__name__: function
    for function in (
        algorithms, class_imbalance, confounders, dimensionality, ensembles, explanation, extraction,
        feature_classes, feature_count, feature_models, feature_statistics, initial_weights, network_robustness,
        one_sequence, predictions, preprocessing, robust_features, settings, simple_models, software, tuning,
        updating,
    )
}  # fmt: skip
