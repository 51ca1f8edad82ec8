"""What no single number of Xiong 2025 says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.ordering import below
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.numbers import cell_text, parse
from samesplit.reproduction.relations import locate, rounding_range
from samesplit.reproduction.rules import FindingRule
from samesplit.reproduction.studies.xiong2025_numbers import (
    CLASSES,
    COHORTS,
    class_counts,
    n_where,
    survival_rates,
)
from samesplit.statistics.from_summaries import hazard_ratio_of_survival, ratio_interval
from samesplit.statistics.multiplicity import holm

__all__ = ["FINDINGS"]


def _sums(published: pd.DataFrame) -> list[Finding]:
    counts = {cohort: class_counts(published, cohort) for cohort in COHORTS}
    printed = {cohort: locate(published, n_where("patients", cohort)) for cohort in COHORTS}
    if any(len(each) < len(CLASSES) for each in counts.values()) or None in printed.values():
        return []
    lines = []
    for cohort, each in counts.items():
        total = printed[cohort]
        line = [cohort, *(int(each[name]) for name in CLASSES), int(sum(each.values()))]
        lines.append([*line, total.text if total is not None else ""])
    table = pd.DataFrame(lines, columns=["cohort", *CLASSES, "sum", "printed"])
    text = (
        "The classes add up in every cohort, and the cohorts to 4,169 patients of six hospitals and 4,557 in "
        "all. The 13,261 CT volumes leave 754 for the 388 patients of TCIA when the hospitals' patients have "
        "three each, as the inclusion asks; how many each TCIA patient has is not printed, so that number "
        "can only be bounded."
    )
    return [Finding("Sums that agree", text, table)]


def _misprints(published: pd.DataFrame) -> list[Finding]:
    if locate(published, n_where("MEST", "TCIA")) is None:
        return []
    lines = [
        [
            "text, prospective",
            "13.8 % and 63.9 % beside other classes",
            "the shares of benign (84) and malignant-indolent (390) of 610",
        ],
        [
            "Table 1, internal",
            "TNM II and III printed as 6.7 and 9.0",
            "percentages of 598: 40 and 54 patients",
        ],
        [
            "Table 1, TCIA",
            "median age equal to its lower quartile",
            "hardly possible for 388 ages; the ages are not available here",
        ],
        ["Table 1, TCIA", "14 White patients; the text says mostly White", "14/388 = 3.6 %"],
        ["Table 1, TCIA", "3 Black patients, 0.1 %", "3/388 = 0.8 %"],
        ["Table 1, TCIA", "2 MEST, 1.4 %", "2/388 = 0.5 %"],
        [
            "Table 1, TCIA",
            "percentages of TNM over 388",
            "14 of them are benign; the percentages are not available here",
        ],
        [
            "Table 1, prospective",
            "percentage of necrosis over 610",
            "over malignant masses in the other cohorts; not available here",
        ],
    ]
    text = (
        "Numbers of the cohort table and of the text that cannot be right as printed. Where no figure is at "
        "hand, the contradiction is named and not recomputed."
    )
    table = pd.DataFrame(lines, columns=["where", "printed", "what fits"])
    return [Finding("Misprints", text, table)]


def _survival(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for cohort in ("internal", "external"):
        split = f"{cohort} (malignant only)"
        for outcome in ("DSS", "RFS", "OS"):
            known = survival_rates(published, split, outcome)
            printed = locate(published, {"cohort_split": split, "metric": f"HR_{outcome}_univariate"})
            if known is None or printed is None:
                continue
            value = hazard_ratio_of_survival(*(float(rate.number or 0) for rate in known))
            low, high = rounding_range(hazard_ratio_of_survival, known)
            line = [cohort, outcome, known[0].text, known[1].text, f"{value:.1f}", f"{low:.1f} to {high:.1f}"]
            lines.append([*line, printed.text])
    if not lines:
        return []
    columns = [
        "cohort", "outcome", "5-year rate, AI aggressive", "AI indolent", "ln ratio", "with rounding",
        "printed hazard ratio",
    ]  # fmt: skip
    text = (
        "If hazards were proportional, the two 5-year rates would give the hazard ratio as the ratio of "
        "their logarithms. A Cox regression over the whole follow-up may differ from it, so the printed "
        "hazard ratios are not contradicted, but those of disease-specific and overall survival are only 0.4 "
        "to 0.8 times as large (20.6 against 57 for external disease-specific survival, where 0.4 % of the "
        "indolent group died within 5 years): they rest on few events. No hazard ratio is printed with an "
        "interval, so none can be recomputed."
    )
    return [Finding("Hazard ratios against 5-year rates", text, pd.DataFrame(lines, columns=columns))]


def _hazard_intervals(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for _, record in published[published["metric"].str.startswith("HR_")].iterrows():
        ratio, p = parse(cell_text(record, "value")), parse(cell_text(record, "p_value"))
        if ratio.number is None or p.number is None or ratio.number == 1:
            continue
        found = ratio_interval(ratio.number, p.number)
        said = f"{found.ci_low:.2f} to {found.ci_high:.2f}"
        within = "within " if p.bound == "<" else ""
        about = [str(record[name]) for name in ("cohort_split", "model_or_reader", "metric")]
        lines.append([*about, ratio.text, p.text, within + said])
    if not lines:
        return []
    columns = ["cohort", "by", "metric", "hazard ratio", "P", "95 % interval that P implies"]
    text = (
        "A hazard ratio and Wald's P value imply the interval that is not printed. Where P is only said to "
        "be below 0.001, the true interval is narrower than the one given. They hold only if the P values "
        "are Wald's; the log-rank test would give others."
    )
    return [
        Finding("Intervals that hazard ratios and P values imply", text, pd.DataFrame(lines, columns=columns))
    ]


def _labels(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for cohort in COHORTS[1:]:
        counts = class_counts(published, cohort)
        if len(counts) < len(CLASSES):
            return []
        benign, indolent, aggressive, unknown = (int(counts[name]) for name in CLASSES)
        n, malignant = benign + indolent + aggressive + unknown, indolent + aggressive + unknown
        lines.append(
            [
                cohort, f"{malignant} + {benign}", f"{malignant / n:.3f}", f"{aggressive} + {benign + indolent}",
                f"{(benign + indolent) / (n - unknown):.3f}", unknown, aggressive + unknown,
            ]
        )  # fmt: skip
    columns = [
        "cohort", "malignant + benign", "always malignant is right", "aggressive + indolent",
        "always indolent is right", "indeterminate", "aggressive if indeterminate counted so",
    ]  # fmt: skip
    text = (
        "The 14 benign masses of TCIA carry its whole AUC of malignancy: Hanley and McNeil's interval is "
        "0.82 to 0.94. Patients of unknown aggressiveness are malignant for the first task and left out of "
        "the second. The public code of the radiomics arm counts them as aggressive, which makes 129 instead "
        "of 111 positive cases in the external cohort, so the two arms are not scored on the same labels."
    )
    return [Finding("Classes, majority and indeterminate labels", text, pd.DataFrame(lines, columns=columns))]


def _cells(published: pd.DataFrame) -> list[Finding]:
    rows = published[published["table_figure"].eq("Fig 5G") & published["metric"].eq("p")]
    numbers = [parse(str(text)).number for text in rows["p_value"]]
    if not numbers or None in numbers:
        return []
    p = pd.Series(np.array(numbers, dtype=np.float64), index=list(rows["model_or_reader"]))
    adjusted = holm(p)
    few = [str(name) for name in p.index[below(p.to_numpy(), 0.05)]]
    left = [str(name) for name in adjusted.index[below(adjusted.to_numpy(), 0.05)]]
    shown = pd.DataFrame(
        {"cells": p.index, "printed P": list(rows["p_value"]), "Holm": adjusted.round(3).to_numpy()}
    )
    text = (
        f"Of {len(p)} cell fractions {len(few)} differ with P < 0.05 ({', '.join(few)}); no P value is "
        f"adjusted. After Holm's adjustment (0.001 taken for <0.001) {' and '.join(left) or 'none'} is left."
    )
    return [Finding("Cell fractions", text, shown)]


def _readers(published: pd.DataFrame) -> list[Finding]:
    readers = locate(published, n_where("radiologists", "prospective"))
    rows = published[published["metric"].str.startswith("n_readers")]
    if readers is None or len(rows) != 3:
        return []
    below_curve, less_sensitive, less_specific = (str(value) for value in rows["value"])
    text = (
        f"Of the {readers.text} radiologists only counts are printed: {below_curve} lie below the model's "
        f"curve, {less_sensitive} are less sensitive at the same specificity (P < 0.05) and {less_specific} "
        "less specific at the same sensitivity (none significantly). The calls of each reader stand in a "
        "supplement that was not available, so no McNemar test can be recomputed; the tests are not adjusted "
        "for their number. C-indices are in a figure only and not available."
    )
    return [Finding("Readers and C-indices", text)]


FINDINGS: tuple[FindingRule, ...] = (
    _sums, _misprints, _survival, _hazard_intervals, _labels, _cells, _readers,
)  # fmt: skip
