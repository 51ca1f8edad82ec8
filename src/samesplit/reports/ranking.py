"""Which models stand first by the main quantity of a task."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.ordering import ranked
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.estimates import Estimate, Numbers

__all__ = ["best_first", "leading_models", "ranked_models"]


def best_first(numbers: Numbers, quantity: str, models: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Order models by a quantity of which more is better; those without it stand last, equals as they were given.

    Args:
        numbers: The results.
        quantity: As results call it.
        models: To be ordered.
    """
    found = [numbers.get(quantity, model.name) for model in models]
    values = [one.estimate if one is not None and one.is_known() else -1.0 for one in found]
    return [models[place] for place in ranked(values, descending=True)]


def ranked_models(context: Context) -> list[tuple[ModelInfo, Estimate]]:
    """Rank all models with a main quantity, but the constant one, from the best.

    Args:
        context: The run.
    """
    found = [
        (model, context.numbers.get(context.main.quantity, model.name))
        for model in context.models
        if not model.is_constant
    ]
    known = [(model, value) for model, value in found if value is not None and value.is_known()]
    return [known[place] for place in ranked([value.estimate for _, value in known], descending=True)]


def leading_models(context: Context, most: int = 3) -> list[ModelInfo]:
    """Return the best model, the reference and the next ones, for figures that hold few; controls come last.

    Args:
        context: The run.
        most: How many at most.
    """
    order = sorted((model for model, _ in ranked_models(context)), key=lambda model: model.is_control)
    reference = [model for model in order[1:] if model == context.reference]
    rest = [model for model in order[1:] if model not in reference and not model.is_control]
    return [*order[:1], *reference, *rest][:most]
