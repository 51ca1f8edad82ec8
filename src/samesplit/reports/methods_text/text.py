"""The methods text as paragraphs and references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.context import Context
from samesplit.reports.methods_text import data_paragraphs, model_paragraphs, statistics_paragraphs
from samesplit.reports.methods_text.references import Citations

__all__ = ["MethodsText", "methods_text"]


@dataclass(frozen=True)
class MethodsText:
    """Paragraphs to paste into a paper.

    Attributes:
        paragraphs: Each with its heading; empty ones are left out.
        references: In the order in which the paragraphs cite them, from 1.
    """

    paragraphs: tuple[tuple[str, str], ...]
    references: tuple[str, ...]

    def plain(self) -> str:
        """Return all of it as plain text."""
        parts = [f"{title}\n{text}" for title, text in self.paragraphs]
        listed = [f"{number}. {text}" for number, text in enumerate(self.references, 1)]
        return "\n\n".join([*parts, "\n".join(["References", *listed])] if listed else parts)


def methods_text(contexts: Sequence[Context]) -> MethodsText:
    """Write the methods of a run: what ran, with which settings, and nothing else.

    Args:
        contexts: The tasks of the run.
    """
    cite = Citations()
    first, several = contexts[0], len(contexts) > 1

    def of_tasks(texts: Sequence[str]) -> str:
        named = zip(contexts, texts, strict=True)
        told = {text: f"{each.data.task.title}: {text}" if several else text for each, text in named if text}
        return " ".join(told.values())

    paragraphs = [
        ("Patients and lesions", data_paragraphs.lesions(contexts)),
        ("Images and masks", data_paragraphs.images(first)),
        ("Features", data_paragraphs.features(first, cite)),
        ("Data split", data_paragraphs.split(first, cite)),
        ("Models", " ".join(model_paragraphs.models(contexts, cite))),
        (
            "Operating point",
            of_tasks([statistics_paragraphs.operating_point(each, cite) for each in contexts]),
        ),
        (
            "Statistical analysis",
            of_tasks([statistics_paragraphs.statistics(each, cite) for each in contexts]),
        ),
        ("Readers", of_tasks([statistics_paragraphs.readers(each, cite) for each in contexts])),
        ("Software and reproduction", statistics_paragraphs.reproduction(contexts)),
    ]
    return MethodsText(tuple((title, text) for title, text in paragraphs if text), cite.listed())
