"""Zhong and colleagues 2025: small renal masses, benign or malignant by T1 mapping and qualitative MR findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2

from samesplit.ordering import at_most
from samesplit.reproduction.numbers import PARTS, Part, PrintedNumber, Recomputed, Verdict
from samesplit.reproduction.relations import (
    Share,
    Sum,
    Where,
    judge,
    locate,
    mean_and_sd,
    rounding_range,
    shares,
    sums,
)
from samesplit.reproduction.rules import Rule
from samesplit.reproduction.studies import zhong2025_findings
from samesplit.reproduction.studies.zhong2025_numbers import (
    BENIGN,
    MALIGNANT,
    MAPS,
    NECROSIS_CURVE,
    OBSERVERS,
    combined,
    group_pair,
    map_means,
    necrosis_counts,
    pooled_t,
    whole_counts,
)
from samesplit.statistics.from_summaries import icc_interval_of_summary, overall_mean_and_sd

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Zhong 2025"

_PATIENTS = 104
_IDENTITY = 1e-4
"""Relative difference up to which two means that were averaged and rounded on different ways are the same."""


def _n(name: str) -> Where:
    return {"model_or_reader": name, "metric": "n"}


def _percent(name: str) -> Where:
    return {"model_or_reader": name, "metric": "percent"}


_SUMS = (
    Sum(_n("malignant"), (_n("ccRCC"), _n("pRCC"), _n("chRCC"))),
    Sum(_n("benign"), (_n("AML"), _n("oncocytoma"))),
    Sum(_n("patients, all"), (_n("malignant"), _n("benign")), judged="total"),
    Sum(_n("benign (header of Table 2)"), (_n("benign"),), judged="total"),
    Sum(_n("female, all"), (_n("female, malignant"), _n("female, benign"))),
    Sum(_n("malignant"), (_n("male, malignant"), _n("female, malignant")), judged="parts"),
    Sum(_n("male, all"), (_n("male, malignant"), _n("male, benign")), judged="total"),
    Sum(_n("benign"), (_n("male, benign"), _n("female, benign")), judged="parts"),
    *(
        Sum(_n(f"{kind} nephrectomy all"), tuple(_n(f"{kind} nephrectomy {which}") for which in parts))
        for kind in ("partial", "radical")
        for parts in [("malignant", "benign")]
    ),
)
_COUNTED = (
    "male, all", "male, malignant", "male, benign", "female, all", "female, malignant", "female, benign",
    "partial nephrectomy all", "partial nephrectomy malignant", "partial nephrectomy benign",
    "radical nephrectomy all", "radical nephrectomy malignant", "radical nephrectomy benign", "ccRCC", "pRCC",
    "chRCC", "AML", "oncocytoma",
)  # fmt: skip
_SHARES = (
    *(Share(_percent(name), _n(name), _PATIENTS) for name in _COUNTED),
    Share(_percent("AML, share of benign"), _n("AML"), _n("benign")),
)


def _overall_means(published: pd.DataFrame) -> list[Recomputed]:
    """Means and SDs of all patients from those of the two groups."""
    found = []
    for what in ("age", "size cm"):
        everyone = locate(published, {"model_or_reader": f"{what} all", "metric": "mean_sd"})
        both = mean_and_sd(everyone)
        groups = group_pair(published, what)
        if everyone is None or both is None or groups is None:
            continue
        inputs = [number for group in groups for number in group]
        values = combined(groups)
        judged = []
        for k, number in enumerate(both):

            def overall(m: float, s: float, m2: float, s2: float, k: int = k) -> float:
                return overall_mean_and_sd([m, m2], [s, s2], [MALIGNANT, BENIGN])[k]

            between = rounding_range(overall, inputs)
            judged.append(judge(number, values[k], "", between=between))
        names = ("mean", "SD")
        wrong = [names[k] for k, one in enumerate(judged) if one.verdict == "inconsistent"]
        verdict: Verdict = "inconsistent" if wrong else "reproduced"
        note = f"{' and '.join(wrong)} not possible with the groups' means and SDs" if wrong else ""
        formula = f"both groups combined, {MALIGNANT} + {BENIGN} patients"
        said = f"{values[0]:.2f}±{values[1]:.3f}"
        found.append(Recomputed(everyone.row, "value", said, formula, verdict, note))
    return found


def _t_tests(published: pd.DataFrame) -> list[Recomputed]:
    """P values of Table 1 and 2: Student's t test with pooled variance from means and SDs."""
    found = []
    for what in ("age", "size cm"):
        printed = locate(published, {"model_or_reader": f"{what} all", "metric": "mean_sd"}, "p_value")
        found += _t_test(printed, group_pair(published, what))
    for name in MAPS.values():
        for group in ("malignant", "benign"):
            where = {"table_figure": "Table 2", "model_or_reader": name, "metric": f"{group} mean±sd"}
            found += _t_test(locate(published, where, "p_value"), map_means(published, name))
    return found


def _t_test(
    printed: PrintedNumber | None, groups: tuple[tuple[PrintedNumber, PrintedNumber], ...] | None
) -> list[Recomputed]:
    if printed is None or groups is None:
        return []
    numbers = [number for group in groups for number in group]
    mean, sd, mean_of_benign, sd_of_benign = (float(number.number or 0) for number in numbers)
    value = pooled_t(mean, sd, mean_of_benign, sd_of_benign)
    between = rounding_range(pooled_t, numbers)
    formula = f"pooled t test, {MALIGNANT} and {BENIGN} patients"
    return [judge(printed, value, formula, between=between)]


def _chi_square(published: pd.DataFrame) -> list[Recomputed]:
    """P values of sex and surgery: chi-square without correction, where Methods name Fisher's test."""
    found = []
    for row, (first, second) in {
        "male, all": ("male", "female"),
        "partial nephrectomy all": ("partial nephrectomy", "radical nephrectomy"),
    }.items():
        printed = locate(published, _n(row), "p_value")
        comma = "," if first == "male" else ""
        cells = [
            [locate(published, _n(f"{kind}{comma} {group}")) for kind in (first, second)]
            for group in ("malignant", "benign")
        ]
        counts = [[cell.number for cell in line if cell is not None] for line in cells]
        if printed is None or any(len(line) < 2 or None in line for line in counts):
            continue
        table = np.array(counts, dtype=np.float64)
        value = float(stats.chi2_contingency(table, correction=False).pvalue)
        fisher = float(stats.fisher_exact(table).pvalue)
        formula = "chi-square without correction, " + " and ".join(
            "/".join(f"{count:.0f}" for count in line) for line in table
        )
        found.append(
            judge(printed, value, formula, note=f"Fisher's test, named in Methods, gives {fisher:.4f}")
        )
    return found


def _observers(published: pd.DataFrame) -> list[Recomputed]:
    """Means of Table 2 against the mean of both observers of Table 3."""
    found = []
    for short, name in MAPS.items():
        groups = map_means(published, name)
        read = [
            mean_and_sd(locate(published, {"model_or_reader": f"{who} {short}", "metric": "mean±sd"}))
            for who in OBSERVERS
        ]
        if groups is None or any(each is None for each in read):
            continue
        means = [float(each[0].number or 0) for each in read if each is not None]
        both = sum(means) / len(means)
        overall, _ = combined(groups)
        fits = {
            "the mean of both observers": _same(both, overall),
            **{f"{who} alone": _same(mean, overall) for who, mean in zip(OBSERVERS, means, strict=True)},
        }
        agreed = [what for what, same in fits.items() if same]
        note = f"agrees with {agreed[0]}" if agreed else "agrees with no observer and not with their mean"
        for group in groups:
            said = f"all patients {overall:.2f}; Table 3: {means[0]:.2f}, {means[1]:.2f}, mean {both:.2f}"
            formula = f"mean of both groups ({MALIGNANT} + {BENIGN}) against Table 3"
            verdict: Verdict = "reproduced" if agreed else "inconsistent"
            found.append(Recomputed(group[0].row, "value", said, formula, verdict, note))
    return found


def _same(first: float, second: float) -> bool:
    return bool(at_most(abs(first - second), _IDENTITY * max(abs(first), abs(second))))


def _icc_bounds(published: pd.DataFrame) -> list[Recomputed]:
    """Intervals of the ICCs: F distribution, single measures, consistency, 103 patients and two observers."""
    found = []
    parts: tuple[Part, Part] = ("ci_low", "ci_high")
    for short in MAPS:
        where = {"model_or_reader": short, "metric": "ICC"}
        estimate = locate(published, where)
        if estimate is None or estimate.number is None:
            continue
        for k, part in enumerate(parts):
            printed = locate(published, where, part)
            if printed is None:
                continue

            def bound(value: float, k: int = k) -> float:
                made = icc_interval_of_summary(value, MALIGNANT + BENIGN, len(OBSERVERS))
                return (made.ci_low, made.ci_high)[k]

            between = rounding_range(bound, [estimate])
            formula = f"F interval of ICC(C,1), {MALIGNANT + BENIGN} patients, two observers"
            found.append(judge(printed, bound(estimate.number), formula, between=between))
    return found


def _roc(published: pd.DataFrame) -> list[Recomputed]:
    """Rates as whole patients, the AUC of a yes-or-no finding, and the two AUCs of one model."""
    found = []
    curves = ("T1 > 2186.2 ms", NECROSIS_CURVE, "T1 + necrosis logistic")
    for curve in curves:
        for metric, n in (("sensitivity", MALIGNANT), ("specificity", BENIGN)):
            printed = locate(published, {"model_or_reader": curve, "metric": metric})
            counts = whole_counts(printed, n) if printed is not None else []
            if printed is not None and len(counts) == 1:
                found.append(judge(printed, counts[0] / n, f"{counts[0]}/{n}", note="the only whole number"))
    necrosis = necrosis_counts(published)
    auc = locate(published, {"model_or_reader": NECROSIS_CURVE, "metric": "ROC_AUC"})
    if necrosis is not None and auc is not None:
        value = (necrosis[0] / MALIGNANT + necrosis[1] / BENIGN) / 2
        formula = (
            f"(sensitivity + specificity) / 2 = ({necrosis[0]}/{MALIGNANT} + {necrosis[1]}/{BENIGN}) / 2"
        )
        found.append(judge(auc, value, formula, note="a yes-or-no finding has one point of the curve"))
    model = {"model_or_reader": "T1 + necrosis logistic", "metric": "ROC_AUC"}
    results = locate(published, {**model, "table_figure": "Fig 4/text"})
    abstract = locate(published, {**model, "table_figure": "abstract"})
    if results is not None and results.number is not None and abstract is not None:
        found.append(judge(abstract, results.number, "the same AUC in Results"))
    return found


def _woolf(published: pd.DataFrame) -> list[Recomputed]:
    """Odds ratio, interval and P value of necrosis from the four counts that the ROC curve gives away."""
    counts = necrosis_counts(published)
    if counts is None:
        return []
    with_it, without = counts[0], BENIGN - counts[1]
    table = Table2x2(np.array([[with_it, MALIGNANT - with_it], [without, counts[1]]]))
    low, high = table.oddsratio_confint()
    values = (table.oddsratio, low, high, table.log_oddsratio_pvalue())
    where = {"model_or_reader": "Necrosis Y:N", "metric": "OR_univariate"}
    formula = f"Woolf, {with_it}/{MALIGNANT - with_it} and {without}/{counts[1]}"
    found = []
    for part, value in zip(PARTS, values, strict=True):
        printed = locate(published, where, part)
        if printed is not None:
            found.append(judge(printed, float(value), formula))
    return found


def _all_below(published: pd.DataFrame) -> list[Recomputed]:
    """Compare the abstract's bound of all P values with the largest of the three in Table 2."""
    printed = locate(published, {"table_figure": "abstract", "metric": "p"}, "p_value")
    values = [
        locate(
            published,
            {"table_figure": "Table 2", "model_or_reader": MAPS[short], "metric": "malignant mean±sd"},
            "p_value",
        )
        for short in ("T1", "T1e", "T1r")
    ]
    known = [value.number for value in values if value is not None and value.number is not None]
    if printed is None or len(known) < 3:
        return []
    one = judge(printed, max(known), "largest of the three P values of T1, T1e and T1r in Table 2")
    return [replace(one, note="T1e" if one.verdict == "inconsistent" else "")]


RULES: tuple[Rule, ...] = (
    sums(_SUMS), shares(_SHARES), _overall_means, _t_tests, _chi_square, _observers, _icc_bounds, _roc, _woolf,
    _all_below,
)  # fmt: skip
FINDINGS = zhong2025_findings.FINDINGS
