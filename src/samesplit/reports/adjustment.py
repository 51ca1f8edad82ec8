"""The method by which P values of several differences were adjusted, in words."""

from __future__ import annotations

from samesplit.reports.context import Context

__all__ = ["adjustment_method", "adjustment_name", "declared_families"]

_METHODS = {
    "holm": ("Holm", "Holm's method"),
    "hochberg": ("Hochberg", "Hochberg's method"),
    "benjamini-hochberg": ("Benjamini-Hochberg", "the method of Benjamini and Hochberg"),
}


def adjustment_method(context: Context) -> str:
    """Return how P values of differences between models were adjusted: `Holm's method`.

    Args:
        context: The run.
    """
    return _METHODS[_declared(context)][1]


def adjustment_name(context: Context) -> str:
    """Return the name of the method alone: `Holm`.

    Args:
        context: The run.
    """
    return _METHODS[_declared(context)][0]


def _declared(context: Context) -> str:
    """Return the method that the run was made with; Holm's for runs that say nothing of it."""
    return str(context.data.section("statistics").get("multiplicity") or "holm")


def declared_families(context: Context) -> str:
    """Return a sentence on the families of comparisons that were declared beforehand; empty without any.

    Args:
        context: The run.
    """
    families = context.data.section("statistics").get("families")
    if not isinstance(families, dict) or not families:
        return ""
    told = "; ".join(f"{name}: {', '.join(map(str, pairs))}" for name, pairs in families.items())
    return f"Declared families, each adjusted by itself: {told.replace(' - ', ' − ')}."
