"""What no single number of Zhong 2025 says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from samesplit.ordering import at_most, below
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.numbers import Part, cell_text, parse
from samesplit.reproduction.ratios import is_ratio
from samesplit.reproduction.relations import judge, locate, mean_and_sd, rounding_range
from samesplit.reproduction.rules import FindingRule
from samesplit.reproduction.studies.zhong2025_numbers import (
    BENIGN,
    MALIGNANT,
    MAPS,
    NECROSIS_CURVE,
    combined,
    group_pair,
    map_means,
    pooled_t,
    whole_counts,
)
from samesplit.statistics.from_summaries import ratio_p_value
from samesplit.statistics.hanley_mcneil import hanley_mcneil
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.proportions import proportion_interval

__all__ = ["FINDINGS"]

_N = MALIGNANT + BENIGN


def _patients(published: pd.DataFrame) -> list[Finding]:
    share = locate(published, {"model_or_reader": "AML, share of benign", "metric": "percent"})
    if share is None or locate(published, {"model_or_reader": "patients, all", "metric": "n"}) is None:
        return []
    text = (
        "104 patients are stated, but 78 malignant and 25 benign masses make 103; the subtypes make 78 and "
        "25 as well. The header of Table 2 counts 21 benign masses, and the Discussion's share of "
        f"angiomyolipomas ({share.text} %) is 15/21, not 18/25 = 72.0 %: remnants of an older cohort. Of the "
        "benign patients 8 men and 16 women are printed (24), and 65 men in all where 55 + 8 is 63."
    )
    return [Finding("How many patients", text)]


def _percentages(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for name in ("male, benign", "female, all", "female, benign"):
        count = locate(published, {"model_or_reader": name, "metric": "n"})
        percent = locate(published, {"model_or_reader": name, "metric": "percent"})
        if count is None or percent is None or count.number is None:
            continue
        exact = 100 * count.number / 104
        fitting = [k for k in range(105) if round(100 * k / 104) == percent.number]
        lines.append([name, count.text, percent.text, f"{exact:.1f}", ", ".join(map(str, fitting))])
    if not lines:
        return []
    columns = ["row of Table 1", "count", "printed %", "count / 104 in %", "counts of 104 that print so"]
    text = (
        "The percentages of Table 1 are of 104. Three of them are not those of the counts beside them. Nine "
        "benign men would fit both the printed 9 % and the 25 benign patients."
    )
    return [
        Finding("Percentages that are not those of their counts", text, pd.DataFrame(lines, columns=columns))
    ]


def _tests(published: pd.DataFrame) -> list[Finding]:
    lines = []
    rows = [
        *(("Table 1", what, f"{what} all", "mean_sd", group_pair) for what in ("age", "size cm")),
        *(("Table 2", name, name, "malignant mean±sd", map_means) for name in MAPS.values()),
    ]
    for where, what, name, metric, groups_of in rows:
        printed = locate(published, {"model_or_reader": name, "metric": metric}, "p_value")
        groups = groups_of(published, what)
        if printed is None or groups is None:
            continue
        numbers = [number for group in groups for number in group]
        mean, sd, mean2, sd2 = (float(number.number or 0) for number in numbers)
        low, high = rounding_range(pooled_t, numbers)
        welch = stats.ttest_ind_from_stats(mean, sd, MALIGNANT, mean2, sd2, BENIGN, equal_var=False).pvalue
        values = [
            f"{pooled_t(mean, sd, mean2, sd2):.4f}",
            f"{low:.4f} to {high:.4f}",
            f"{pooled_t(mean, sd, mean2, sd2, 21):.4f}",
            f"{float(welch):.4f}",
        ]
        lines.append([where, what, printed.text, *values])
    if not lines:
        return []
    columns = [
        "table",
        "quantity",
        "printed P",
        "pooled t, n = 25",
        "with rounding",
        "pooled t, n = 21",
        "Welch",
    ]
    text = (
        "Table 2 comes from Student's t test with pooled variance and 25 benign masses, not the 21 of its "
        "header: NPr, T1, T1e and T1r are reproduced, CMPr is not (0.376; with 21 masses 0.411). The benign "
        "group is the smaller one and has the smaller SDs, where the pooled test is too careful: Welch's "
        "test gives 0.005 for T1e. The P value of size cannot be reached whatever the rounding of the means; "
        "a test of ranks (Methods name Mann-Whitney's) cannot be computed from means. Sex and surgery are "
        "chi-square without correction, where Methods name Fisher's test."
    )
    return [Finding("Which tests were made", text, pd.DataFrame(lines, columns=columns))]


def _combined(published: pd.DataFrame) -> list[Finding]:
    groups = group_pair(published, "size cm")
    everyone = locate(published, {"model_or_reader": "size cm all", "metric": "mean_sd"})
    if groups is None or everyone is None:
        return []
    sds = [group[1].text for group in groups]
    _, sd = combined(groups)
    text = (
        f"Size is printed as {everyone.text} cm for all patients, with SDs of {sds[0]} and {sds[1]} in the "
        f"groups and means that differ by 0.1 cm. Together the groups have an SD of {sd:.3f}."
    )
    return [Finding("An SD that cannot be", text)]


def _observers(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for short, name in MAPS.items():
        groups = map_means(published, name)
        observers = [
            locate(published, {"model_or_reader": f"Observer {k} {short}", "metric": "mean±sd"})
            for k in (1, 2)
        ]
        if groups is None or observers[0] is None or observers[1] is None:
            continue
        mean, sd = combined(groups)
        read = [float(one.text.split("±")[0]) for one in observers if one is not None]
        lines.append(
            [short, f"{mean:.2f}±{sd:.2f}", observers[0].text, observers[1].text, f"{sum(read) / 2:.2f}"]
        )
    if not lines:
        return []
    columns = ["quantity", "Table 2, both groups", "observer 1", "observer 2", "mean of both observers"]
    text = (
        "Methods average both observers. T1 and T1e of Table 2 (with 25 benign masses) are that average; NPr "
        "is observer 1 alone; CMPr and T1r are neither. The SD of T1r in Table 2 is half of that of each "
        "observer, which averaging two observers with an ICC of 0.97 cannot do."
    )
    return [Finding("Table 2 against Table 3", text, pd.DataFrame(lines, columns=columns))]


def _one_digit(published: pd.DataFrame) -> list[Finding]:
    groups = map_means(published, MAPS["CMPr"])
    first = mean_and_sd(locate(published, {"model_or_reader": "Observer 1 CMPr", "metric": "mean±sd"}))
    p = locate(published, {"model_or_reader": MAPS["CMPr"], "metric": "benign mean±sd"}, "p_value")
    if groups is None or first is None or p is None:
        return []
    (mean, sd), (printed, sd_of_benign) = (
        [float(number.number or 0) for number in group] for group in groups
    )
    needed = (_N * float(first[0].number or 0) - MALIGNANT * mean) / BENIGN
    low, high = rounding_range(
        lambda everyone: pooled_t(mean, sd, (_N * everyone - MALIGNANT * mean) / BENIGN, sd_of_benign),
        [first[0]],
    )
    text = (
        f"If CMPr of Table 2 is, as NPr is, observer 1 alone, the benign mean had to be {needed:.2f} %; "
        f"printed is {printed:.2f} %. With {needed:.2f} the pooled t test gives P = {low:.4f} to {high:.4f} "
        f"within the rounding of observer 1's mean, and {p.text} is printed: one wrong digit in that mean "
        "(175 printed as 173) would explain both numbers of CMPr that are not reproduced (inferred)."
    )
    return [Finding("One digit of CMPr", text)]


def _auc_intervals(published: pd.DataFrame) -> list[Finding]:
    rows = published[(published["metric"] == "ROC_AUC") & (published["table_figure"] == "Fig 4/text")]
    lines = []
    for _, record in rows.iterrows():
        printed = f"{record['ci_low_text']} to {record['ci_high_text']}"
        value = parse(cell_text(record, "value"))
        if value.number is None:
            continue
        line = [str(record["model_or_reader"]), value.text, printed]
        for n in (99, _N, 104):
            found = proportion_interval(value.number * n, n, method="Clopper-Pearson")
            line.append(f"{found.ci_low:.3f} to {found.ci_high:.3f}")
        own = hanley_mcneil(value.number, MALIGNANT, BENIGN)
        lines.append([*line, f"{own.ci_low:.3f} to {own.ci_high:.3f}"])
    if not lines:
        return []
    columns = ["curve", "AUC", "printed", "Clopper-Pearson, n = 99", "n = 103", "n = 104", "Hanley-McNeil"]
    sizes = [
        str(n) for n in range(95, 111) if all(_as_proportion(record, n) for _, record in rows.iterrows())
    ]
    text = (
        "The three intervals are Clopper-Pearson's with the AUC taken for a proportion of patients (the "
        "binomial exact interval of MedCalc). Within the rounding of the AUC, of 95 to 110 patients only "
        f"{' and '.join(sizes)} give all of them; 99 (the classes of Table 2's header) and 104 (as stated) "
        "do not. An AUC compares pairs of patients and is no proportion of patients: Hanley and McNeil's "
        "intervals reach higher. The AUC of the model is 0.792 in Results and 0.793 in the abstract and "
        "Discussion; the interval fits both."
    )
    return [Finding("How the intervals of the AUCs were made", text, pd.DataFrame(lines, columns=columns))]


def _as_proportion(record: pd.Series[Any], n: int) -> bool:
    """Whether an AUC taken for a proportion of n patients has the printed Clopper-Pearson interval."""
    value = parse(cell_text(record, "value"))
    parts: tuple[Part, Part] = ("ci_low", "ci_high")
    for part in parts:

        def bound(auc: float, part: str = part) -> float:
            found = proportion_interval(auc * n, n, method="Clopper-Pearson")
            return found.ci_low if part == "ci_low" else found.ci_high

        printed = parse(cell_text(record, part))
        middle = bound(float(value.number or 0))
        if judge(printed, middle, "", between=rounding_range(bound, [value])).verdict != "reproduced":
            return False
    return True


def _curves(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for curve in ("T1 > 2186.2 ms", NECROSIS_CURVE, "T1 + necrosis logistic"):
        rates = [
            locate(published, {"model_or_reader": curve, "metric": metric, "table_figure": "Fig 4/text"})
            for metric in ("ROC_AUC", "sensitivity", "specificity")
        ]
        if any(rate is None or rate.number is None for rate in rates):
            continue
        auc, sensitivity, specificity = (rate for rate in rates if rate is not None)
        right = [whole_counts(sensitivity, MALIGNANT)[0], whole_counts(specificity, BENIGN)[-1]]
        shares = right[0] / MALIGNANT, right[1] / BENIGN
        lines.append(
            [curve, f"{right[0]}/{MALIGNANT}", f"{right[1]}/{BENIGN}", auc.text, f"{sum(shares) / 2:.3f}"]
        )
        if curve.startswith("T1 >"):
            rest = (float(auc.number or 0) - shares[0] * shares[1]) / (1 - shares[0])
    if len(lines) < 3:
        return []
    columns = ["curve", "malignant found", "benign spared", "AUC", "(sensitivity + specificity) / 2"]
    text = (
        "The cut-offs are Youden's on the same patients, so these rates are apparent ones. At 78 and 25 each "
        "is one whole number. The T1 cut-off splits off 37 malignant masses and no benign one; with an AUC "
        "of 0.692 over all, T1 ranks the other 41 malignant masses against the 25 benign ones with an AUC of "
        f"{rest:.2f}, below chance: above the cut-off T1 tells something, below it nothing. One point of "
        "each curve has a higher mean of sensitivity and specificity than the whole curve has area, except "
        "for necrosis, which has one point."
    )
    return [Finding("Whole patients behind the ROC curves", text, pd.DataFrame(lines, columns=columns))]


def _odds_ratios(published: pd.DataFrame) -> list[Finding]:
    rows = published[published["metric"].map(lambda name: is_ratio(str(name))) & published["ci_low"].gt(0)]
    if rows.empty:
        return []
    lines = []
    for _, record in rows.iterrows():
        p = ratio_p_value(float(record["ci_low"]), float(record["ci_high"]))
        crosses = bool(record["ci_low"] < 1 < record["ci_high"])
        if at_most(p, 0.051):
            one = "yes" if crosses else "no"
            kind = str(record["metric"]).removeprefix("OR_")
            lines.append([kind, str(record["model_or_reader"]), str(record["value"]), f"{p:.4f}", one])
    columns = ["model", "term", "odds ratio", "P by its interval", "interval holds 1"]
    text = (
        f"All {len(rows)} odds ratios with an interval fit their interval and their P value. The low signal "
        "on ADC is starred as significant, though its interval holds 1 and its P value is 0.0505 before "
        "rounding; cystic change (P = 0.040) is not starred and is left out of the text."
    )
    return [Finding("Odds ratios of Table 4", text, pd.DataFrame(lines, columns=columns))]


def _per_sd(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for short, name in MAPS.items():
        groups = map_means(published, name)
        printed = locate(published, {"model_or_reader": short, "metric": "OR_univariate"})
        if groups is None or printed is None or printed.number is None:
            continue
        means, sds = ([float(group[k].number or 0) for group in groups] for k in (0, 1))
        _, overall = combined(groups)
        pooled = math.sqrt(((MALIGNANT - 1) * sds[0] ** 2 + (BENIGN - 1) * sds[1] ** 2) / (_N - 2))
        slope = (means[0] - means[1]) / pooled**2
        lines.append([name, printed.text, f"{math.exp(slope):.4f}", f"{math.exp(slope * overall):.2f}"])
    if not lines:
        return []
    columns = ["quantity", "printed odds ratio", "expected per unit", "expected per SD of all patients"]
    text = (
        "The unit of the odds ratios of measured quantities is not stated. A linear discriminant of the "
        "printed means and SDs says what to expect: per millisecond or per cent the odds ratios would all be "
        "near 1; the printed ones are those per SD. An odds ratio of 2.62 per SD of T1 (about 590 ms) is "
        "1.002 per millisecond."
    )
    return [Finding("Odds ratios are per SD", text, pd.DataFrame(lines, columns=columns))]


def _multiplicity(published: pd.DataFrame) -> list[Finding]:
    rows = published[published["metric"] == "OR_univariate"]
    names = rows["model_or_reader"].str.split(" ").str[0]
    reference = rows["model_or_reader"].str.contains("(reference)", regex=False)
    several = set(names[reference])
    tested = rows[reference | ~names.isin(several)]
    numbers = tested["p_value"].map(lambda text: parse(str(text)).number)
    if tested.empty or numbers.isna().any():
        return []
    p = pd.Series(numbers.to_numpy(dtype=np.float64), index=list(tested["model_or_reader"]))
    screened = int(np.sum(at_most(p.to_numpy(), 0.05)))
    adjusted = holm(p)
    left = [str(name) for name in adjusted.index[below(adjusted.to_numpy(), 0.05)]]
    shown = pd.DataFrame({"variable": p.index, "printed P": p.to_numpy(), "Holm": adjusted.to_numpy()})
    shown = shown[shown["printed P"] <= 0.05].sort_values("printed P", kind="stable").round(4)
    text = (
        f"{len(p)} variables were tested one by one and none of the P values was adjusted; {screened} are "
        f"0.05 or below, so {BENIGN} benign masses are {BENIGN / screened:.1f} events for each of them in "
        f"the multivariable step. After Holm's adjustment {' and '.join(left) if left else 'none'} is left "
        "below 0.05. That all P values are below 0.025, as the abstract has it, is not what Table 2 says: "
        "T1e has 0.042."
    )
    return [Finding("Variables screened", text, shown.reset_index(drop=True))]


FINDINGS: tuple[FindingRule, ...] = (
    _patients, _percentages, _tests, _combined, _observers, _one_digit, _auc_intervals, _curves,
    _odds_ratios, _per_sd, _multiplicity,
)  # fmt: skip
