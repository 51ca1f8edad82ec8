"""The methods of a run as text to paste into a paper: written from what ran, with references."""

from samesplit.reports.methods_text.text import MethodsText, methods_text

__all__ = ["MethodsText", "methods_text"]
