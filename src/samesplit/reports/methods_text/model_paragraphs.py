"""Methods text: the models, each as it was fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samesplit.reports.context import Context
from samesplit.reports.formatting import counted, join_words
from samesplit.reports.methods_text.references import Citations

__all__ = ["explanation", "models"]

_SCALES = {
    "standard": "scaled to mean 0 and standard deviation 1",
    "minmax": "scaled to the range 0 to 1",
    "robust": "scaled by median and interquartile range",
}
_NETWORKS = ("network", "torch-module", "segmentation-network")


def models(contexts: Sequence[Context], cite: Citations) -> list[str]:
    """Return one paragraph a model that was evaluated, and one for those that failed.

    Args:
        contexts: The tasks of the run.
        cite: Numbers the references.
    """
    run = contexts[0].data.run
    judged = {model.name: model.title for context in contexts for model in context.models}
    declared = {str(item.get("name")): item for item in run.get("models", [])}
    found = [
        _model(judged[name], declared.get(name, {}), judged, cite)
        for name in [
            *(name for name in declared if name in judged),
            *(n for n in judged if n not in declared),
        ]
    ]
    failed = [str(item.get("title") or name) for name, item in declared.items() if name not in judged]
    if failed:
        found.append(f"{join_words(failed)} gave no predictions and is not reported.")
    return found


def _model(title: str, item: Mapping[str, Any], titles: Mapping[str, str], cite: Citations) -> str:
    kind = str(item.get("kind") or "external")
    settings = item.get("settings") or {}
    description = str(item.get("description") or "").strip().rstrip(".")
    parts = [
        f"{title} ({kind.replace('-', ' ')}): {description}."
        if description
        else f"{title} ({kind.replace('-', ' ')})."
    ]
    parts += _grid(settings, cite) if kind == "radiomics-grid" and settings.get("selectors") else []
    parts += _network(item, settings, cite) if kind in _NETWORKS else []
    members = [titles.get(str(name), str(name)) for name in settings.get("members") or []]
    if members:
        parts.append(f"Its members are {join_words(members)}.")
    member = settings.get("member")
    if member:
        parts.append(f"It calibrates the probabilities of {titles.get(str(member), str(member))}.")
    if kind == "external" and settings.get("threshold") is not None:
        parts.append(f"Its threshold, {settings['threshold']:g}, was given with the predictions.")
    weights = item.get("weights") or {}
    if weights:
        parts.append(f"It starts from published weights ({weights.get('source') or weights.get('weights')}).")
    seeds = item.get("seeds") or []
    if len(seeds) > 1:
        parts.append(f"It was fitted with {len(seeds)} seeds, over which results are averaged.")
    return " ".join(parts)


def _grid(settings: Mapping[str, Any], cite: Citations) -> list[str]:
    """Tell how a grid prepares features, what it compares and how it chooses."""
    dropped = []
    if settings.get("missing") is not None:
        dropped.append(f"missing in more than {100 * settings['missing']:g} % of the training lesions")
    if settings.get("near_constant") is not None:
        dropped.append(f"with one value in {100 * settings['near_constant']:g} % of them")
    if settings.get("correlation") is not None:
        dropped.append(f"correlated above {settings['correlation']:g} with an earlier one")
    parts = [f"Features {join_words(dropped, 'or')} were dropped."] if dropped else []
    if settings.get("stability"):
        parts.append("Features that did not hold still under perturbations were left out first.")
    if settings.get("harmonise"):
        parts.append(
            f"Differences between sites were estimated on the training part and removed{cite('combat')}."
        )
    if settings.get("impute"):
        scale = _SCALES.get(str(settings.get("scale")), f"scaled ({settings.get('scale')})")
        parts.append(f"Missing values were replaced by the {settings['impute']}, and features were {scale}.")
    if settings.get("oversample"):
        parts.append("The rarer class was oversampled within the rows that were fitted on.")
    selectors, classifiers = ([_use(use) for use in settings[key]] for key in ("selectors", "classifiers"))
    sizes = [str(size) for size in settings.get("sizes") or []]
    cells = len(selectors) * len(classifiers) * max(len(sizes), 1)
    cited = cite("xgboost") if any("xgboost" in name for name in classifiers) else ""
    parts.append(
        f"{counted(cells, 'combination')} of selector ({join_words(selectors)}), classifier "
        f"({join_words(classifiers)}{cited}) and number of features ({join_words(sizes, 'or')}) "
        f"{'was' if cells == 1 else 'were'} fitted{cite('sklearn')}."
    )
    by = "the AUC of the validation part" if settings.get("compare") == "validation" else (
        f"the mean AUC of {settings.get('inner_folds')} inner folds of the training part, grouped by patient"
    )  # fmt: skip
    which = (
        "the one with the fewest features within one standard error of the best"
        if settings.get("choose") == "one-standard-error"
        else "the best"
    )
    parts.append(f"By {by}, {which} was taken and fitted again on the training part.")
    return parts


def _use(use: object) -> str:
    return str(use.get("name")) if isinstance(use, Mapping) else str(use)


def _network(item: Mapping[str, Any], settings: Mapping[str, Any], cite: Citations) -> list[str]:
    """Tell what a network is and how it was trained, as far as its settings say."""
    network = str(settings.get("network") or "")
    parts = []
    if network:
        keys = ("torch", "monai") if network.startswith("monai:") else ("torch",)
        start = "" if item.get("weights") else ", from random weights"
        parts.append(f"The network is {network}{start}{cite(*keys)}.")
    training = settings.get("training")
    if isinstance(training, Mapping):
        told = [f"{key.replace('_', ' ')} {value}" for key, value in training.items() if _plain(value)]
        parts.append(f"Training: {'; '.join(told)}.")
    if item.get("kind") == "network":
        parts.append("The weights that were best on the validation part were kept.")
    return parts


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def explanation(context: Context, cite: Citations) -> str:
    """Tell what was looked at to explain networks; empty where nothing was."""
    names = {name for name in context.data.tables if "grad_cam" in name.replace("-", "_")}
    return f"What networks look at was drawn with Grad-CAM{cite('gradcam')}." if names else ""
