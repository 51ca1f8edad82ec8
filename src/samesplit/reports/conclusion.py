"""The answer in one sentence, with intervals, and nothing that the tables do not carry."""

from __future__ import annotations

from samesplit.ordering import above, ranked
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.estimates import Estimate
from samesplit.reports.formatting import counted, interval_text, is_missing, join_words, number, p_text

__all__ = ["answer"]


def answer(context: Context) -> str:
    """Answer the question of the benchmark in one sentence.

    The model with the highest AUC is named with its interval (controls are no models: they are not counted among
    them, and named where they beat every model or where nothing else was judged), then its difference to the
    reference (or, when it is the reference, the next model's difference to it), then the readers' mean. A
    difference that is not shown is called that; nobody is ever called equal.
    """
    judged = _ranked(context)
    if not judged:
        return "No model could be evaluated: no AUC is defined on the test lesions."
    if context.data.shuffled:
        return _label_permutation(context, judged)
    controls = [(model, auc) for model, auc in judged if model.is_control]
    judged = [item for item in judged if item not in controls] or controls
    best, auc = judged[0]
    parts = [_opening(context, best, auc, len(judged))]
    better = [model.title for model, control in controls if above(control.estimate, auc.estimate)]
    if better:
        parts.append(f"no model has a higher AUC than the control {join_words(better)}")
    reference = context.reference
    if len(judged) == 1:
        pass
    elif reference is None:
        parts.append("no reference model is named, so no difference is stated")
    elif best.name != reference.name:
        parts.append(_against(context, best, reference, leader=True))
    else:
        parts.append(_against(context, judged[1][0], reference, leader=False))
    readers = _readers(context)
    return "; ".join([*parts, readers] if readers else parts) + "."


def _ranked(context: Context) -> list[tuple[ModelInfo, Estimate]]:
    """All models with an AUC, but the constant one, by falling AUC."""
    found = [
        (model, context.numbers.get("auc", model.name)) for model in context.models if not model.is_constant
    ]
    known = [(model, auc) for model, auc in found if auc is not None and auc.is_known()]
    return [known[place] for place in ranked([auc.estimate for _, auc in known], descending=True)]


def _opening(context: Context, best: ModelInfo, auc: Estimate, count: int) -> str:
    where = f"on {counted(auc.n, 'lesion')}"
    value = f"{number(auc.estimate)} ({context.percent()} interval {interval_text(auc.low, auc.high)})"
    role = ", the reference," if context.reference is not None and best.name == context.reference.name else ""
    if count == 1:
        return f"{best.title}{role} reaches an AUC of {value} {where}"
    return f"{best.title}{role} has the highest AUC of {count} models, {value} {where}"


def _against(context: Context, model: ModelInfo, reference: ModelInfo, *, leader: bool) -> str:
    found = context.numbers.difference("auc", model.name, reference.name)
    other = f"the reference, {reference.title}" if leader else "it"
    who = "it is" if leader else f"the next, {model.title}, is"
    if found is None or not found.is_known():
        return f"no difference to {'the reference' if leader else 'the next model'} could be computed"
    if not found.is_shown:
        return f"{who} not shown to differ from {other} ({_numbers(found)})"
    return f"{who} shown to be {'above' if found.claim == 'higher' else 'below'} {other} ({_numbers(found)})"


def _numbers(found: Estimate) -> str:
    tested = "" if is_missing(found.p_adjusted) else f", Holm-adjusted p {_equals(found.p_adjusted)}"
    bounds = interval_text(found.low, found.high, signed=True)
    return f"difference {number(found.estimate, signed=True)}, {bounds}{tested}"


def _equals(p: float) -> str:
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"


def _readers(context: Context) -> str:
    reference = context.reference
    means = [reader for reader in context.readers if reader.is_mean and reader.modality == "unaided"]
    mean = next(iter(means or [reader for reader in context.readers if reader.is_mean]), None)
    if mean is None:
        return ""
    count = sum(not r.is_mean and r.modality == mean.modality for r in context.readers)
    auc = context.numbers.get("auc", mean.name)
    if auc is None or not auc.is_known():
        return ""
    text = f"the mean of {counted(count, 'reader')} ({mean.modality}) has an AUC of {auc.words()}"
    if reference is None:
        return text
    found = context.numbers.get("auc_difference", mean.name, reference=reference.name)
    if found is None or not found.is_known():
        return text
    if found.is_shown:
        side = "above" if found.claim == "higher" else "below"
        return f"{text} and is shown to be {side} the reference ({_numbers(found)})"
    return f"{text} and is not shown to differ from the reference ({_numbers(found)})"


def _label_permutation(context: Context, ranked: list[tuple[ModelInfo, Estimate]]) -> str:
    off = [model.title for model, auc in ranked if auc.low > 0.5 or auc.high < 0.5]
    unknown = [model.title for model, auc in ranked if is_missing(auc.low)]
    rest = f"; {', '.join(unknown)}: no interval" if unknown else ""
    if off:
        return (
            f"With permuted labels the {context.percent()} interval of {', '.join(off)} does not contain 0.5, "
            "chance"
            f"{rest}: look for a leak before you trust this benchmark (by chance alone about one interval in "
            f"{round(1 / (1 - context.data.confidence))} misses it)."
        )
    return (
        f"With permuted labels the {context.percent()} AUC intervals of all {len(ranked) - len(unknown)} "
        "models "
        f"contain 0.5, chance{rest}: no leak is shown."
    )
