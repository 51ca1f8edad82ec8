"""Xiong and colleagues, Nat Commun 2025: malignancy and aggressiveness of renal masses on multi-phase CT."""

from __future__ import annotations

import pandas as pd

from samesplit.ordering import below
from samesplit.reproduction.agrees import agrees
from samesplit.reproduction.numbers import Recomputed, Verdict, cell_text
from samesplit.reproduction.relations import Share, Sum, Where, locate, shares, sums
from samesplit.reproduction.rules import Rule
from samesplit.reproduction.studies import xiong2025_findings
from samesplit.reproduction.studies.xiong2025_numbers import (
    CLASSES,
    COHORTS,
    HOSPITALS,
    class_counts,
    n_where,
    survival_rates,
)
from samesplit.statistics.from_summaries import hazard_ratio_of_survival

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Xiong 2025"

_SUMS = (
    Sum(n_where("patients", HOSPITALS), tuple(n_where("patients", cohort) for cohort in COHORTS[:4])),
    Sum(n_where("patients", "all"), (n_where("patients", HOSPITALS), n_where("patients", "TCIA"))),
    *(
        Sum(n_where("patients", cohort), tuple(n_where(name, cohort) for name in CLASSES))
        for cohort in COHORTS
    ),
)


def _percent(name: str) -> Where:
    return {"model_or_reader": name, "cohort_split": "TCIA", "metric": "percent"}


_SHARES = tuple(
    Share(_percent(name), n_where(name, "TCIA"), n_where("patients", "TCIA")) for name in ("Black", "MEST")
)


def _class_shares(published: pd.DataFrame) -> list[Recomputed]:
    """Shares of classes whose label in the text is not that of the class that they fit."""
    found = []
    counts = class_counts(published, "prospective")
    total = sum(counts.values())
    rows = published[(published["metric"] == "percent") & (published["cohort_split"] == "prospective")]
    for row, record in rows.iterrows():
        printed = str(record["value"])
        fits = [name for name, count in counts.items() if agrees(printed, 100 * count / total)]
        if len(fits) == 1:
            formula = f"100 x {counts[fits[0]]:.0f} / {total:.0f} is the share of {fits[0]}"
            note = "printed beside the name of another class"
            found.append(Recomputed(int(str(row)), "value", fits[0], formula, "inconsistent", note))
    return found


def _percent_for_count(published: pd.DataFrame) -> list[Recomputed]:
    """Percentages that stand in the place of a count."""
    found = []
    total = locate(published, n_where("patients", "internal"))
    for name in ("TNM II", "TNM III"):
        printed = locate(published, n_where(name, "internal"))
        if printed is None or printed.number is None or total is None or total.number is None:
            continue
        if printed.number == round(printed.number) and not printed.decimals:
            continue
        n = int(total.number)
        counts = [count for count in range(n + 1) if agrees(printed, 100 * count / n)]
        if len(counts) == 1:
            note = "a percentage printed as the count"
            formula = f"100 x {counts[0]} / {n} = {100 * counts[0] / n:.1f}"
            found.append(Recomputed(printed.row, "value", float(counts[0]), formula, "inconsistent", note))
    return found


def _race(published: pd.DataFrame) -> list[Recomputed]:
    """White patients of TCIA, whom the text calls the majority."""
    printed, total = (
        locate(published, n_where("White", "TCIA")),
        locate(published, n_where("patients", "TCIA")),
    )
    if printed is None or printed.number is None or total is None or not total.number:
        return []
    if not below(printed.number, total.number / 2):
        return []
    formula = f"{printed.text} of {total.text} is {100 * printed.number / total.number:.1f} %"
    note = "the text says that most patients of TCIA are White"
    said = f"more than {total.number / 2:.0f}"
    return [Recomputed(printed.row, "value", said, formula, "inconsistent", note)]


def _volumes(published: pd.DataFrame) -> list[Recomputed]:
    """CT volumes: three of each patient of the hospitals, and what is left for TCIA."""
    volumes, hospitals, tcia = (
        locate(published, n_where(*where))
        for where in (("CT volumes", "all"), ("patients", HOSPITALS), ("patients", "TCIA"))
    )
    if volumes is None or hospitals is None or tcia is None:
        return []
    three, patients = 3 * int(hospitals.number or 0), int(tcia.number or 0)
    left = int(volumes.number or 0) - three
    fits = patients <= left <= 3 * patients
    formula = f"3 x {hospitals.text} = {three}, and {left} of {patients} TCIA patients"
    note = f"{left / patients:.2f} volumes a TCIA patient; one to three are possible, and how many is not printed"
    said = f"{three + patients} to {three + 3 * patients}"
    return [
        Recomputed(volumes.row, "value", said, formula, "not derivable" if fits else "inconsistent", note)
    ]


def _stained(published: pd.DataFrame) -> list[Recomputed]:
    """Cases of immunohistochemistry: indolent and aggressive ones."""
    printed = locate(published, {"model_or_reader": "IHC cases", "metric": "n"})
    if printed is None:
        return []
    parts = [float(str(published.loc[printed.row, name])) for name in ("n_neg", "n_pos")]
    verdict: Verdict = "reproduced" if agrees(printed, sum(parts)) else "inconsistent"
    formula = " + ".join(f"{part:.0f}" for part in parts)
    return [Recomputed(printed.row, "value", sum(parts), formula, verdict)]


def _hazard_ratios(published: pd.DataFrame) -> list[Recomputed]:
    """Hazard ratios: none has an interval; beside those of 5-year rates stands what proportional hazards give."""
    found = []
    for row, record in published[published["metric"].str.startswith("HR_")].iterrows():
        if cell_text(record, "ci_low"):
            continue
        rates = survival_rates(published, str(record["cohort_split"]), str(record["metric"]).split("_")[1])
        note = "no interval is printed"
        value, formula = None, ""
        if rates is not None and str(record["metric"]).endswith("_univariate"):
            value = hazard_ratio_of_survival(*(float(rate.number or 0) for rate in rates))
            formula = f"ln {rates[0].text} / ln {rates[1].text}, for comparison: proportional hazards"
        found.append(Recomputed(int(str(row)), "value", value, formula, "not derivable", note))
    return found


RULES: tuple[Rule, ...] = (
    sums(_SUMS), shares(_SHARES), _class_shares, _percent_for_count, _race, _volumes, _stained,
    _hazard_ratios,
)  # fmt: skip
FINDINGS = xiong2025_findings.FINDINGS
