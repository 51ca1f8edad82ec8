"""Methods text: operating points, statistics, readers, software."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.formatting import counted, join_words
from samesplit.reports.methods_text.references import Citations

__all__ = ["operating_point", "readers", "reproduction", "statistics"]

_METHODS = {
    "delong": "delong",
    "obuchowski": "obuchowski",
    "influence values": "auc_cv",
    "corrected resampled": "nadeau",
    "agresti-coull": "agresti",
    "clopper-pearson": "clopper",
}
"""What stands in the name of a method, and the reference that it is from."""
_READER_METHODS = {
    "obuchowski-rockette": ("or", "hillis"),
    "rrrc": ("or", "hillis"),
    "u-statistic": ("u_statistics",),
}
_ADJUSTMENTS = {
    "holm": "Holm's method",
    "hochberg": "Hochberg's method",
    "benjamini-hochberg": "the method of Benjamini and Hochberg",
}
_RANDOM = ("obuchowski-rockette", "u-statistic", "rrrc")
"""What stands in the name of a method that takes readers and cases as random."""
_NETWORKS = ("network", "torch-module", "segmentation-network")
_NAMES = {
    "binary": "the area under the ROC curve (AUC)",
    "multiclass": "the mean over classes of the area under the ROC curve of each class against the rest",
    "survival": "Harrell's concordance index",
    "segmentation": "the mean Dice coefficient",
}


def operating_point(context: Context, cite: Citations) -> str:
    """Tell how thresholds were chosen; empty where a task has none."""
    if context.data.task.kind != "binary":
        return ""
    point = context.data.section("statistics").get("operating_point") or "youden"
    policy, value = (
        (point.get("policy"), point.get("value")) if isinstance(point, dict) else (str(point), None)
    )
    if policy == "fixed":
        return f"A probability of {value:g} or more, fixed beforehand, was called {context.data.positive}."
    rule = (
        f"the largest Youden index{cite('youden')}"
        if policy == "youden"
        else f"a {policy} of at least {value:g} where that can be reached"
    )
    where = "chosen on its validation part, not on test labels"
    return f"Each fitted model has its own threshold, {where}, for {rule}."


def statistics(context: Context, cite: Citations) -> str:
    """Tell which estimates, intervals and tests were used."""
    data, numbers, main = context.data, context.numbers, context.main
    evaluated = sorted(
        {found.n for model in context.models if (found := numbers.get(main.quantity, model.name))}
    )
    where = f" on the same {counted(evaluated[0], 'test lesion')}" if len(evaluated) == 1 else ""
    cited = f"{cite('harrell')}" if data.task.kind == "survival" else ""
    parts = [
        f"Models were judged{where}. The main quantity was {_NAMES[data.task.kind]}{cited}, with "
        f"{context.percent()} intervals ({_named(_methods(context, main.quantity), cite)})."
    ]
    rates = _methods(context, "sensitivity", "specificity")
    if rates:
        parts.append(f"Sensitivity, specificity and the rates derived from them: {_named(rates, cite)}.")
    compared = _methods(context, f"{main.quantity}_difference")
    if compared:
        level = f"{1 - data.confidence:.2g}"
        key = str(data.section("statistics").get("multiplicity") or "holm")
        parts.append(
            f"Models were compared in pairs on the same lesions ({_named(compared, cite)}); P values were "
            f"adjusted over the comparisons of one question by {_ADJUSTMENTS.get(key, key)}{cite(key)}, and a "
            f"difference is called shown when its adjusted P is below {level}{_false_claims(context, cite)}."
        )
    bootstraps = data.section("statistics").get("bootstraps")
    if bootstraps and any("bootstrap" in method for method in numbers.methods(tuple(numbers.quantities("")))):
        parts.append(f"Bootstrap intervals are of {int(bootstraps)} samples of patients.")
    slope = _methods(context, "calibration_slope")
    if slope:
        parts.append(
            f"Calibration was judged by its slope and intercept ({_named(slope, cite)}) and by binned errors."
        )
    if len(data.table("decision_curves")):
        parts.append(
            f"Net benefit over threshold probabilities was drawn as decision curves{cite('decision')}."
        )
    covariates = _regressed_on(data.table("dice_covariates"))
    if covariates:
        parts.append(
            f"The Dice coefficient of each lesion and sequence was regressed on {join_words(covariates)} by "
            "multiple linear regression with patients as clusters."
        )
    if data.shuffled:
        parts.append("In this run the labels were permuted between patients before training.")
    return " ".join(parts)


def _regressed_on(terms: pd.DataFrame) -> list[str]:
    """Name the variables of the regression of the Dice coefficient, where it was fitted."""
    if "coefficient" not in terms:
        return []
    named = [str(term) for term in terms.loc[terms["coefficient"].notna(), "term"] if term != "intercept"]
    known = {"diameter_mm": "diameter", "size_mm": "size"}
    columns = dict.fromkeys(term.partition(":")[0] for term in named)
    return [known.get(column, column.replace("_", " ")) for column in columns]


def _false_claims(context: Context, cite: Citations) -> str:
    """Tell the second condition of a claim, where the results carry it."""
    told = context.data.results.get("false_claim_probability")
    if told is None:
        return ""
    return f" and the probability that the claim is false is at most 5 %{cite('claims')}"


def _methods(context: Context, *quantities: str) -> list[str]:
    """Return the methods of some quantities of the models that are no constants, and of pairs of them."""
    names = {model.name for model in context.models if not model.is_constant}
    rows = context.data.results
    rows = rows[rows["quantity"].isin(quantities) & rows["model"].isin(names) & (rows["group"] == "all")]
    rows = rows[rows["subset"] == "test"]
    rows = rows[rows["reference"].isin(names | {""}) & rows["estimate"].notna()]
    return list(dict.fromkeys(rows["method"].astype(str)))


def _named(methods: Sequence[str], cite: Citations) -> str:
    told = []
    for method in methods:
        keys = [key for words, key in _METHODS.items() if words in method.lower()]
        told.append(f"{method}{cite(*keys) if keys else ''}")
    return "; ".join(told) or "none"


def readers(context: Context, cite: Citations) -> str:
    """Tell who read what, and how readers were compared; empty without readers."""
    if not context.readers:
        return ""
    readings = context.data.readings
    names = sorted({reader.reader for reader in context.readers if reader.reader})
    modalities = sorted({reader.modality for reader in context.readers}, key=lambda m: (m != "unaided", m))
    parts = [
        f"{counted(len(names), 'reader')} read {counted(int(readings['lesion_id'].nunique()), 'lesion')} "
        f"({join_words(modalities)}). Sensitivity and specificity are of decisions, the AUC is of scores; "
        "a missing decision was left out."
    ]
    means = [reader.name for reader in context.readers if reader.is_mean]
    if means:
        parts.append(
            "The mean over readers gives each the same weight; in the table of performance readers are fixed."
        )
    random = _random_readers(context, cite)
    return " ".join([*parts, random] if random else parts)


def _random_readers(context: Context, cite: Citations) -> str:
    """Name the analyses with readers and cases random, and the measures of agreement, where they were made."""
    of = {
        name: list(dict.fromkeys(table["method"].dropna().astype(str)))
        for name, table in sorted(context.data.tables.items())
        if name.startswith("readers/") and "method" in table
    }
    every = dict.fromkeys(method for methods in of.values() for method in methods)
    random = [method for method in every if any(words in method.lower() for words in _RANDOM)]
    agreed = dict.fromkeys(
        method for name, methods in of.items() if "agreement" in name for method in methods
    )
    parts = []
    if random:
        known = " ".join(random).lower()
        keys = [key for words, found in _READER_METHODS.items() for key in found if words in known]
        cited = cite(*dict.fromkeys(keys)) if keys else ""
        parts.append(f"Readers and cases were taken as random in: {'; '.join(random)}{cited}.")
    if agreed:
        parts.append(f"Agreement of readers: {'; '.join(agreed)}.")
    return " ".join(parts)


def reproduction(contexts: Sequence[Context]) -> str:
    """Tell the software that took part, the machine, and the command that makes the run again."""
    data = contexts[0].data
    versions, machine = data.section("versions"), data.section("machine")
    told = [f"{name} {versions[name]}" for name in _libraries(contexts) if name in versions]
    where = f" on {machine.get('processor')} ({machine.get('system')})" if machine.get("processor") else ""
    networks = _kinds(contexts) & set(_NETWORKS)
    device = f", networks on {machine['device']}" if machine.get("device") and networks else ""
    own = f"samesplit {versions.get('samesplit', '')} and Python {versions.get('python', '')}"
    command = str(data.run.get("command") or "")
    parts = [
        f"All was done with {own}{where}{device}.",
        f"Libraries: {', '.join(told)}." if told else "",
        f"The command {command} makes the run again." if command else "",
    ]
    return " ".join(part for part in parts if part)


def _kinds(contexts: Sequence[Context]) -> set[str]:
    return {model.kind for context in contexts for model in context.models}


def _libraries(contexts: Sequence[Context]) -> list[str]:
    """Name the libraries that the run needed, by what was extracted and fitted."""
    run, kinds = contexts[0].data.run, _kinds(contexts)
    engines = {str(item.get("engine")) for item in run.get("profiles") or []}
    judged = {model.name for context in contexts for model in context.models}
    settings = str([item.get("settings") for item in run.get("models", []) if item.get("name") in judged])
    needed = ["numpy", "pandas", "scipy", "scikit-learn", "statsmodels"]
    needed += ["SimpleITK", "pydicom"] if len(contexts[0].data.images) else []
    needed += ["numba"] if "ibsi" in engines else []
    needed += ["pyradiomics-bhklab"] if "pyradiomics" in engines else []
    needed += ["torch", "lightning", "monai"] if kinds & set(_NETWORKS) or "encoder" in engines else []
    needed += ["TPOT"] if "tpot" in kinds else []
    return [*needed, *(name for name in ("xgboost", "lightgbm", "catboost", "boruta") if name in settings)]
