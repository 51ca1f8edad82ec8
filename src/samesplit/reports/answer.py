"""The answer in one sentence, with intervals, and nothing that the tables do not carry."""

from __future__ import annotations

from samesplit.ordering import ranked
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.formatting import counted, interval_text, is_missing, number, p_text
from samesplit.reports.numbers import Estimate, Pair

__all__ = ["answer", "is_shown"]


def is_shown(low: float, high: float, p_value: float, *, confidence: float) -> bool:
    """Whether a difference is shown: its interval leaves zero out, and its p-value, if any, is small enough.

    Args:
        low: Lower bound of the difference.
        high: Upper bound.
        p_value: Adjusted where there are several; NaN for none.
        confidence: Coverage of the interval.

    Example:
        >>> is_shown(0.01, 0.07, 0.02, confidence=0.95), is_shown(0.01, 0.07, 0.2, confidence=0.95)
        (True, False)
    """
    if is_missing(low) or is_missing(high):
        return False
    outside = low > 0 or high < 0
    return outside and (is_missing(p_value) or p_value < 1 - confidence)


def answer(context: Context) -> str:
    """Answer the question of the benchmark in one sentence.

    The model with the highest AUC is named with its interval, then its difference to the reference (or,
    when it is the reference, the next model's difference to it), then the readers' mean. A difference that is
    not shown is called that; nobody is ever called equal.
    """
    ranked = _ranked(context)
    if not ranked:
        return "No model could be judged: no AUC is defined on the test lesions."
    if context.data.shuffled:
        return _canary(context, ranked)
    best, auc = ranked[0]
    parts = [_opening(context, best, auc, len(ranked))]
    reference = context.reference
    if len(ranked) == 1:
        pass
    elif reference is None:
        parts.append("no reference model is named, so no difference is stated")
    elif best.name != reference.name:
        parts.append(_against(context, best, reference, leader=True))
    else:
        parts.append(_against(context, ranked[1][0], reference, leader=False))
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
    pair, adjusted = _difference(context, model.name, reference.name)
    other = f"the reference, {reference.title}" if leader else "it"
    who = "it is" if leader else f"the next, {model.title}, is"
    if pair is None or is_missing(pair.difference):
        return f"no difference to {'the reference' if leader else 'the next model'} could be computed"
    p = pair.p_holm if adjusted else pair.p_value
    tested = "" if is_missing(p) else f", {'Holm-adjusted ' if adjusted else ''}p {_equals(p)}"
    numbers = (
        f"difference {number(pair.difference, signed=True)}, "
        f"{interval_text(pair.low, pair.high, signed=True)}{tested}"
    )
    if not is_shown(pair.low, pair.high, p, confidence=context.data.confidence):
        return f"{who} not shown to differ from {other} ({numbers})"
    return f"{who} shown to be {'above' if pair.difference > 0 else 'below'} {other} ({numbers})"


def _equals(p: float) -> str:
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"


def _difference(context: Context, first: str, second: str) -> tuple[Pair | None, bool]:
    """First minus second, and whether its p-value is adjusted for the number of pairs."""
    pair = context.pairs.get(first, second)
    if pair is not None:
        return pair, not is_missing(pair.p_holm)
    found = context.numbers.get("auc_difference", first, reference=second)
    if found is None:
        return None, False
    return Pair(found.estimate, found.low, found.high, found.p_value, float("nan")), False


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
    numbers = (
        f"difference {number(found.estimate, signed=True)}, {interval_text(found.low, found.high, signed=True)}"
        + ("" if is_missing(found.p_value) else f", p {_equals(found.p_value)}")
    )
    if is_shown(found.low, found.high, found.p_value, confidence=context.data.confidence):
        side = "above" if found.estimate > 0 else "below"
        return f"{text} and is shown to be {side} the reference ({numbers})"
    return f"{text} and is not shown to differ from the reference ({numbers})"


def _canary(context: Context, ranked: list[tuple[ModelInfo, Estimate]]) -> str:
    off = [model.title for model, auc in ranked if auc.low > 0.5 or auc.high < 0.5]
    unknown = [model.title for model, auc in ranked if is_missing(auc.low)]
    rest = f"; {', '.join(unknown)}: no interval" if unknown else ""
    if off:
        return (
            f"With shuffled labels the {context.percent()} interval of {', '.join(off)} does not hold 0.5, "
            "chance"
            f"{rest}: look for a leak before you trust this benchmark (by chance alone about one interval in "
            f"{round(1 / (1 - context.data.confidence))} misses it)."
        )
    return (
        f"With shuffled labels the {context.percent()} AUC intervals of all {len(ranked) - len(unknown)} "
        "models "
        f"hold 0.5, chance{rest}: no leak is shown."
    )
