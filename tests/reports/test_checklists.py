"""Reporting checklists: complete lists, filled from the run and never invented."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.checklists import NAMES, fill, read_checklist
from samesplit.reports.checklists.facts import Facts, facts_of
from samesplit.reports.checklists.filling import STATUSES, TOPICS
from samesplit.reports.context import Context, make_contexts
from samesplit.reports.document import Details, Report, Table
from samesplit.reports.run_folder import read_tasks

COUNTS = {
    "clear": (58, 58),
    "metrics": (30, 30),
    "tripod-ai": (27, 52),
    "claim": (44, 44),
    "stard-ai": (40, 48),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_list_has_its_items_in_order_and_a_rule_for_each(name: str) -> None:
    checklist = read_checklist(name)
    items, rows = COUNTS[name]
    numbers = [re.fullmatch(r"(\d+)([a-g]?)", item.number) for item in checklist.items]
    assert all(numbers)
    keys = [(int(found[1]), found[2]) for found in numbers if found]
    assert keys == sorted(set(keys))
    assert len(keys) == rows
    assert {number for number, _ in keys} == set(range(1, items + 1))
    assert checklist.count == items
    assert all(item.topic == "author" or item.topic in TOPICS for item in checklist.items)


def test_every_rule_is_used_and_the_weights_of_metrics_sum_to_one() -> None:
    used = {item.topic for name in NAMES for item in read_checklist(name).items}
    assert set(TOPICS) <= used
    assert sum(item.weight for item in read_checklist("metrics").items) == pytest.approx(1.0, abs=5e-4)


@pytest.fixture
def context(small_run: Path) -> Context:
    (found,) = make_contexts(read_tasks(small_run))
    return found


def by_number(name: str, facts: Facts) -> dict[str, tuple[str, str, str]]:
    return {item.number: (a.status, a.text, a.section) for item, a in fill(read_checklist(name), facts)}


SECTIONS = {
    name: name
    for name in (
        "verdict", "checks", "cohort", "ledger", "split", "differences", "confusion", "radiomics", "calibration",
        "readers", "errors", "methods-text", "checklists", "provenance", "rater-masks", "mask-measures",
        "explanation", "published", "subgroups",
    )
}  # fmt: skip


def test_what_no_run_can_know_is_left_to_the_authors(context: Context) -> None:
    facts = facts_of([context], SECTIONS)
    for name, number in (("clear", "8"), ("stard-ai", "6"), ("tripod-ai", "18a"), ("claim", "44")):
        assert by_number(name, facts)[number] == ("you must answer", "", "")


def test_an_item_whose_section_is_not_in_the_report_is_not_claimed(context: Context) -> None:
    facts = facts_of([context], SECTIONS)
    assert by_number("claim", facts)["31"][::2] == ("reported", "explanation")
    without = {key: value for key, value in SECTIONS.items() if key != "explanation"}
    answer = by_number("claim", facts_of([context], without))["31"]
    assert answer == ("you must answer", "The run has nothing on it.", "")


def test_what_the_run_reports_links_to_its_section(context: Context) -> None:
    answers = by_number("clear", facts_of([context], SECTIONS))
    assert answers["15"][::2] == ("reported", "split")
    assert answers["17"] == (
        "partly",
        "Declared: age and sex. Define how and when they were measured.",
        "cohort",
    )
    assert answers["31"][::2] == ("reported", "rater-masks")
    assert answers["42"][1] == "Judged on the same lesions: clinical models, 2 readers."


def bare(context: Context) -> Facts:
    """A run of one network without masks, features, sites, readers or clinical variables."""
    facts = facts_of([context], SECTIONS)
    return replace(
        facts, run={"models": []}, kinds=frozenset({"network"}), columns=frozenset(), sites=0, sequences=("CT",),
        raters=(), readers=0, test_sets=0, states={},
    )  # fmt: skip


def test_a_run_that_lacks_something_says_so(context: Context) -> None:
    facts = bare(context)
    clear, metrics, stard = (by_number(name, facts) for name in ("clear", "metrics", "stard-ai"))
    for number in ("17", "19", "25", "26", "27", "32"):
        assert clear[number][0] == "not applicable", number
    for number in ("13", "18", "20", "31", "38", "42"):
        assert clear[number][0] in ("you must answer", "partly"), number
    for number in ("4", "3", "16", "17", "24", "25", "27"):
        assert metrics[number][0] == "you must answer", number
    for number in ("8", "9", "10", "12", "14", "15"):
        assert metrics[number][0] == "not applicable", number
    assert metrics["23"][:2] == ("reported", "One sequence: CT.")
    assert stard["15d"][0] == "you must answer"
    assert stard["29"][0] == "not applicable"
    assert by_number("claim", facts)["27"][0] == "not applicable"
    assert by_number("clear", replace(facts, sequences=()))["16"][0] == "not applicable"


def test_a_run_that_has_much_reports_it(context: Context) -> None:
    facts = replace(
        facts_of([context], SECTIONS),
        run={
            "features": {"file": "f.csv", "columns": 12},
            "models": [{"settings": {"stability": {"icc": 0.75}}}],
            "data": {"source": "a registry", "licence": ""},
        },
        kinds=frozenset({"network", "segmentation-network", "average", "lesion-size", "radiomics-grid"}),
        columns=frozenset({"date", "scanner_vendor"}),
        test_sets=3,
        states={"SS201": "tip"},
        groups=True,
    )
    clear, metrics, claim = (by_number(name, facts) for name in ("clear", "metrics", "claim"))
    assert clear["13"][1] == "Source: a registry. Add how data were gathered."
    assert clear["27"][1] == "12 columns of f.csv."
    assert clear["38"][0] == "reported"
    assert [clear[number][0] for number in ("21", "25", "26")] == ["you must answer"] * 3
    assert [metrics[number][0] for number in ("9", "14", "16", "17", "27")] == [
        "reported", "reported", "partly", "partly", "partly",
    ]  # fmt: skip
    assert [claim[number][0] for number in ("24", "27", "30", "33")] == [
        "reported", "reported", "reported", "partly",
    ]  # fmt: skip
    assert by_number("tripod-ai", facts)["5b"][0] == "partly"
    assert by_number("tripod-ai", facts)["23b"][::2] == ("reported", "subgroups")
    assert by_number("stard-ai", facts)["29"][0] == "reported"
    left_out = replace(facts, test_sets=0, scheme="leave-one-site-out", raters=("R1",))
    assert by_number("claim", left_out)["33"][0] == "partly"
    assert by_number("metrics", left_out)["17"][0] == "you must answer"
    alone = replace(left_out, sections={**SECTIONS, "rater-masks": ""}, run={"models": []})
    assert by_number("metrics", alone)["14"][0] == "you must answer"
    no_masks = {key: value for key, value in SECTIONS.items() if key not in ("rater-masks", "subgroups")}
    plain = replace(facts, sections=no_masks, groups=False)
    assert by_number("claim", plain)["30"][::2] == ("partly", "verdict")
    assert by_number("stard-ai", plain)["23"][0] == "you must answer"
    assert by_number("stard-ai", plain)["21"][0] == "you must answer"
    assert by_number("clear", replace(plain, run={"profiles": [{"engine": "ibsi"}]}))["25"][0] == "reported"


def test_named_test_sets_and_checks_are_among_the_facts(context: Context) -> None:
    splits = context.data.splits.assign(
        test_set=pd.Series(["a", "b"] * 1000)[: len(context.data.splits)].to_numpy()
    )
    facts = facts_of([replace(context, data=replace(context.data, splits=splits))], SECTIONS)
    assert facts.test_sets == 2
    assert facts.states["SS101"] == "passed"
    assert {"SS205", "SS206"} <= set(facts.states)


def test_the_section_has_each_list_folded_with_its_counts(full_report: Report) -> None:
    section = next(one for one in full_report.sections if one.id == "checklists")
    ids = {one.id for one in full_report.sections}
    for name, block in zip(NAMES, section.blocks, strict=True):
        assert isinstance(block, Details)
        table = block.blocks[1]
        assert isinstance(table, Table)
        states = [row.cells["status"].text for row in table.rows]
        assert len(states) == COUNTS[name][1]
        assert set(states) <= set(STATUSES)
        assert f"{states.count('you must answer')} you must answer" in block.summary
        for row in table.rows:
            href = row.cells["status"].href
            assert href == "" or href in ids
            assert (row.cells["status"].text == "reported") <= bool(href)


def test_items_answered_in_a_chapter_link_to_the_first_task(task_report: Report) -> None:
    section = next(one for one in task_report.sections if one.id == "checklists")
    tables = [block.blocks[1] for block in section.blocks if isinstance(block, Details)]
    links = {row.cells["status"].href for table in tables if isinstance(table, Table) for row in table.rows}
    assert "task-malignant-verdict" in links
    assert "split" in links
