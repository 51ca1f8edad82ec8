"""The conclusion in a few sentences, with intervals, and nothing that the tables do not carry."""

from __future__ import annotations

from samesplit.ordering import above, below
from samesplit.reports.adjustment import adjustment_name
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.estimates import Estimate
from samesplit.reports.formatting import counted, interval_text, is_missing, join_words, number, p_text
from samesplit.reports.named_test_sets import (
    INTERNAL,
    lowest_site,
    lowest_test_set,
    of_test_set,
    undefined_test_sets,
)
from samesplit.reports.ranking import ranked_models
from samesplit.reports.rows import records

__all__ = ["answer"]


def answer(context: Context) -> str:
    """Answer the question of the task in a few sentences.

    The model that is best by the main quantity of the task is named with its interval (controls are no models:
    they are not counted among them, and named where they beat every model or where nothing else was evaluated),
    then the named test set and the site in which it is worst, then its difference to the reference (or, when it
    is the reference, the next model's difference to it), then the controls above it, then the readers' mean. A
    difference that is not shown is called that; nobody is ever called equal.
    """
    judged = ranked_models(context)
    if not judged:
        return f"No model could be evaluated: no {context.main.noun} is defined on the test lesions."
    if context.data.shuffled:
        return _label_permutation(context, judged)
    controls = [(model, found) for model, found in judged if model.is_control]
    judged = [item for item in judged if item not in controls] or controls
    best, found = judged[0]
    parts = [
        _opening(context, best, found, len(judged)),
        _worst_test_set(context, best),
        _worst_site(context, best),
    ]
    reference = context.reference
    if len(judged) == 1:
        pass
    elif reference is None:
        parts.append("no reference model is named, so no difference is stated")
    elif best.name != reference.name:
        parts.append(_against(context, best, reference, leader=True))
    else:
        parts.append(_against(context, judged[1][0], reference, leader=False))
    better = [model.title for model, control in controls if above(control.estimate, found.estimate)]
    if better:
        parts.append(f"no model has a higher {context.main.noun} than the control {join_words(better)}")
    parts.append(_readers(context))
    first, *rest = [part for part in parts if part]
    return " ".join(f"{part}." for part in (first, *(part[:1].upper() + part[1:] for part in rest)))


def _opening(context: Context, best: ModelInfo, found: Estimate, count: int) -> str:
    events = f", {found.n_positive} with an event" if context.data.task.kind == "survival" else ""
    where = f"on {counted(found.n, 'lesion')}{events}"
    value = f"{number(found.estimate)} ({context.percent()} interval {interval_text(found.low, found.high)})"
    role = ", the reference," if context.reference is not None and best.name == context.reference.name else ""
    if count == 1:
        return f"{best.title}{role} reaches {context.main.words} of {value} {where}"
    return f"{best.title}{role} has the highest {context.main.noun} of {count} models, {value} {where}"


def _worst_test_set(context: Context, best: ModelInfo) -> str:
    """Name the test set in which the best model is worst, beside the internal one where there is one."""
    lowest = lowest_test_set(context, best.name)
    undefined = undefined_test_sets(context, best.name)
    unknown = f"its {context.main.noun} is not defined in {join_words(undefined)}" if undefined else ""
    if lowest is None:
        return f"among the named test sets {unknown}" if unknown else ""
    name, found = lowest
    inside = of_test_set(context, best.name, INTERNAL)
    against = f", against {inside.words()} in {INTERNAL}" if inside is not None and name != INTERNAL else ""
    return (
        f"among the named test sets its {context.main.noun} is lowest in {name}, {found.words()} on "
        f"{counted(found.n, 'lesion')}{against}" + (f"; {unknown}" if unknown else "")
    )


def _worst_site(context: Context, best: ModelInfo) -> str:
    """Name the site in which the best model is worst, where sites are judged apart."""
    lowest = lowest_site(context, best.name)
    if lowest is None:
        return ""
    name, found = lowest
    return (
        f"of the sites its {context.main.noun} is lowest in {name}, {found.words()} on "
        f"{counted(found.n, 'lesion')}"
    )


def _against(context: Context, model: ModelInfo, reference: ModelInfo, *, leader: bool) -> str:
    found = context.numbers.difference(context.main.quantity, model.name, reference.name)
    other = f"the reference, {reference.title}" if leader else "it"
    who = "it is" if leader else f"the next, {model.title}, is"
    if found is None or not found.is_known():
        return f"no difference to {'the reference' if leader else 'the next model'} could be computed"
    if not found.excludes_zero:
        return f"{who} not shown to differ from {other} ({_numbers(context, found)})"
    side = "above" if found.claim == "higher" else "below"
    return f"{who} shown to be {side} {other} ({_numbers(context, found)})"


def _numbers(context: Context, found: Estimate) -> str:
    adjusted = f"{adjustment_name(context)}-adjusted p {_equals(found.p_adjusted)}"
    tested = "" if is_missing(found.p_adjusted) else f", {adjusted}"
    bounds = interval_text(found.low, found.high, signed=True)
    if found.excludes_zero and not is_missing(found.false_claim):
        tested += f", probability of a false claim {_probability(found.false_claim)}"
    return f"difference {number(found.estimate, signed=True)}, {bounds}{tested}"


def _probability(share: float) -> str:
    return "below 0.001" if share < 0.001 else number(share)


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
    text = (
        f"the mean of {counted(count, 'reader')} ({mean.modality}) has an AUC of {auc.words()}, readers fixed"
    )
    if reference is None:
        return text
    found = context.numbers.get("auc_difference", mean.name, reference=reference.name)
    if found is None or not found.is_known():
        return text
    random = _with_random_readers(context, mean.modality, reference)
    told, is_shown = random or (_numbers(context, found), True)
    if found.excludes_zero and is_shown:
        side = "above" if found.claim == "higher" else "below"
        return f"{text}, and is shown to be {side} the reference ({told})"
    return f"{text}, and is not shown to differ from the reference ({told})"


def _with_random_readers(context: Context, modality: str, reference: ModelInfo) -> tuple[str, bool] | None:
    """Return the readers' mean minus the reference with readers and lesions random, and whether P is small enough.

    What holds for these readers alone is no statement about readers, so that a difference that is shown with fixed
    readers has to be shown with random ones, too.
    """
    table = context.data.table("readers/against_model")
    if table.empty:
        return None
    mine = (table["model"] == reference.name) & (table["modality"] == modality) & (table["quantity"] == "auc")
    row = next(iter(records(table[mine])), None)
    if row is None or is_missing(row["p_value"]):
        return None
    bounds = interval_text(-row["ci_high"], -row["ci_low"], signed=True)
    told = (
        f"difference {number(-row['estimate'], signed=True)}, {bounds} with readers and lesions random, "
        f"unadjusted p {_equals(row['p_value'])}"
    )
    return told, bool(below(row["p_value"], 1 - context.data.confidence))


def _label_permutation(context: Context, ranked: list[tuple[ModelInfo, Estimate]]) -> str:
    noun, chance = context.main.noun, context.main.chance
    if chance is None:
        return f"With permuted labels nothing is known of what {context.main.words} must be."
    off = [model.title for model, found in ranked if found.low > chance or found.high < chance]
    unknown = [model.title for model, found in ranked if is_missing(found.low)]
    rest = f"; {', '.join(unknown)}: no interval" if unknown else ""
    if off:
        return (
            f"With permuted labels the {context.percent()} interval of {', '.join(off)} does not contain "
            f"{chance:g}, chance{rest}: look for a leak before you trust this benchmark (by chance alone "
            f"about one interval in {round(1 / (1 - context.data.confidence))} misses it)."
        )
    return (
        f"With permuted labels the {context.percent()} {noun} intervals of all "
        f"{len(ranked) - len(unknown)} models contain {chance:g}, chance{rest}: no leak is shown."
    )
