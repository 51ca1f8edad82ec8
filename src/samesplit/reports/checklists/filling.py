"""Fill a checklist: for each item what the run reports, in part or in full, and what the authors must answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from samesplit.reports.checklists import cohort_topics, model_topics, result_topics
from samesplit.reports.checklists.checklist import Checklist, Item
from samesplit.reports.checklists.facts import Facts

__all__ = ["TOPICS", "Answer", "Status", "fill"]

Status = Literal["reported", "partly", "you must answer", "not applicable"]

STATUSES: tuple[Status, ...] = ("reported", "partly", "you must answer", "not applicable")


@dataclass(frozen=True)
class Answer:
    """What stands beside an item.

    Attributes:
        status: How far the run answers it.
        text: What is reported, and what is still to be said.
        section: The id on the page of the section that reports it; empty for none.
    """

    status: Status
    text: str
    section: str = ""


TOPICS: dict[str, Callable[[Facts], tuple[str, str, str]]] = {
    **cohort_topics.TOPICS,
    **model_topics.TOPICS,
    **result_topics.TOPICS,
}
"""By topic: what answers it, as status, text and the section without the prefix of a task."""


def fill(checklist: Checklist, facts: Facts) -> list[tuple[Item, Answer]]:
    """Answer the items of a checklist.

    What a section would report is `you must answer` where the report has no such section: nothing is claimed that
    did not run.

    Args:
        checklist: Its items.
        facts: What is known of the run.
    """
    return [(item, _answer(item, facts)) for item in checklist.items]


def _answer(item: Item, facts: Facts) -> Answer:
    if item.topic == "author":
        return Answer("you must answer", "")
    status, text, section = TOPICS[item.topic](facts)
    if section and not facts.has(section):
        if status in ("reported", "partly"):
            return Answer("you must answer", "The run has nothing on it.")
        section = ""
    found: Status = next(one for one in STATUSES if one == status)
    return Answer(found, text, facts.sections.get(section, ""))
