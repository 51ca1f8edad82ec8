"""Peking University First Hospital: kidneys and masses on CT, segmented in two stages, three types."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from samesplit.reproduction.multiclass import (
    Found,
    confusion_tables,
)
from samesplit.reproduction.numbers import Recomputed, Verdict
from samesplit.reproduction.relations import Sum, Where, judge, locate, sums, to_whole_percents
from samesplit.reproduction.rules import Rule
from samesplit.reproduction.studies import pku_findings
from samesplit.reproduction.studies.pku_numbers import (
    CLASSIFIED,
    DETECTED,
    detection,
    type_counts,
)
from samesplit.statistics.from_summaries import smallest_n_of_correlation

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Peking University First Hospital"


def _n(name: str, part: str) -> Where:
    return {"model_or_reader": name, "cohort_split": part, "metric": "n"}


_SUMS = (
    Sum(_n("patients", "internal"), (_n("male", "internal"), _n("female", "internal"))),
    Sum(_n("series", "internal"), tuple(_n("series", part) for part in ("train", "validation", "test"))),
)


def _detections(published: pd.DataFrame) -> list[Recomputed]:
    """Precision, recall and F1 of detection from whole masses of both kidneys."""
    found: list[Recomputed] = []
    for part in DETECTED:
        sides = detection(published, part)
        if sides is None:
            continue
        for side, counts in sides.items():
            where = {"task": "mass_detection", "cohort_split": part, "model_or_reader": f"3D U-Net {side}"}
            found += _three(published, where, counts)
        for metric, values in {
            "TP": [counts.right for counts in sides.values()],
            "FP": [counts.wrong for counts in sides.values()],
        }.items():
            where = {"task": "mass_detection", "cohort_split": part, "metric": metric}
            printed = locate(published, where)
            if printed is not None:
                formula = "left + right = " + " + ".join(map(str, values))
                found.append(judge(printed, sum(values), formula))
    return found


def _three(published: pd.DataFrame, where: Mapping[str, str], counts: Found) -> list[Recomputed]:
    values = {
        "precision": (counts.right / counts.named, f"{counts.right}/{counts.named}"),
        "recall": (counts.right / counts.reference, f"{counts.right}/{counts.reference}"),
        "F1": (counts.f1, f"2 x {counts.right} / ({counts.reference} + {counts.named})"),
    }
    found = []
    for metric, (value, formula) in values.items():
        printed = locate(published, {**where, "metric": metric})
        if printed is not None:
            found.append(judge(to_whole_percents(printed), value, formula))
    return found


def _classified(published: pd.DataFrame) -> list[Recomputed]:
    """Precision, recall, F1 and accuracy of the types from whole masses."""
    found: list[Recomputed] = []
    for part in CLASSIFIED:
        counts = type_counts(published, part)
        if not counts:
            continue
        named, total = (
            sum(each.named for each in counts.values()),
            sum(each.reference for each in counts.values()),
        )
        for kind, each in counts.items():
            where = {"cohort_split": part, "model_or_reader": f"3D ResNet-10 {kind}"}
            found += _doubted(published, where, counts, kind) if named != total else []
            found += _three(published, where, each)
        found += _accuracy(published, part, counts)
    found += _all_tested(published)
    return found


def _doubted(
    published: pd.DataFrame, where: Mapping[str, str], counts: Mapping[str, Found], kind: str
) -> list[Recomputed]:
    """Precision where the named masses do not add up: what it had to be if all else were right."""
    total = sum(each.reference for each in counts.values())
    rest = sum(each.named for name, each in counts.items() if name != kind)
    mine = counts[kind]
    named = {name: each.named if name != kind else total - rest for name, each in counts.items()}
    tables = confusion_tables(
        [each.right for each in counts.values()],
        [each.reference for each in counts.values()],
        list(named.values()),
    )
    printed = locate(published, {**where, "metric": "precision"})
    if printed is None or not tables:
        return []
    others = ", ".join(f"{each.named} {name}" for name, each in counts.items() if name != kind)
    note = (
        f"predictions of all types make {rest + mine.named} of {total} masses, so one precision is off "
        f"by one mass; this is what it would be here with {others} as printed"
    )
    value, formula = mine.right / named[kind], f"{mine.right}/{named[kind]}"
    return [judge(to_whole_percents(printed), value, formula, note=note)]


def _accuracy(published: pd.DataFrame, part: str, counts: Mapping[str, Found]) -> list[Recomputed]:
    right = [each.right for each in counts.values()]
    total = [each.reference for each in counts.values()]
    where = {"cohort_split": part, "model_or_reader": "3D ResNet-10", "metric": "accuracy"}
    printed = locate(published, where)
    formula = f"({' + '.join(map(str, right))}) / ({' + '.join(map(str, total))}) = {sum(right)}/{sum(total)}"
    found = [] if printed is None else [judge(printed, sum(right) / sum(total), formula)]
    if part.startswith("external"):
        positives = locate(published, {"task": "mass_detection", "metric": "TP >5 mm"})
        if positives is not None:
            found.append(judge(positives, sum(total), " + ".join(map(str, total))))
    return found


def _all_tested(published: pd.DataFrame) -> list[Recomputed]:
    """Accuracy of all test masses from those of both sizes."""
    strata = [type_counts(published, part) for part in CLASSIFIED if part.startswith("test")]
    printed = locate(published, {"cohort_split": "test, all (manual contours)", "metric": "accuracy"})
    if printed is None or not all(strata):
        return []
    right = [sum(each.right for each in counts.values()) for counts in strata]
    total = [sum(each.reference for each in counts.values()) for counts in strata]
    formula = f"({' + '.join(map(str, right))}) / ({' + '.join(map(str, total))}) = {sum(right)}/{sum(total)}"
    return [judge(printed, sum(right) / sum(total), formula)]


def _correlation(published: pd.DataFrame) -> list[Recomputed]:
    """P value of the correlation of Dice with a right type: of how many masses is not printed."""
    where = {"metric": "pearson_r"}
    r, p = locate(published, where), locate(published, where, "p_value")
    if r is None or r.number is None or p is None:
        return []
    n = smallest_n_of_correlation(r.number)
    note = "the number of masses is not printed"
    return [Recomputed(p.row, "p_value", f"n >= {n}", f"t test of r = {r.text}", "not derivable", note)]


def _window(published: pd.DataFrame) -> list[Recomputed]:
    """Width and level of the CT window: as printed they show no soft tissue."""
    width, level = (
        locate(published, {"model_or_reader": "CT window", "metric": f"{what} HU"})
        for what in ("width", "level")
    )
    if width is None or level is None or not width.number or not level.number:
        return []
    formula = (
        f"as printed {level.number - width.number / 2:.0f} to {level.number + width.number / 2:.0f} HU, swapped "
        f"{width.number - level.number / 2:.0f} to {width.number + level.number / 2:.0f} HU"
    )
    note = "width and level swapped (inferred): as printed, kidneys and masses are black"
    verdict: Verdict = "inconsistent" if level.number - width.number / 2 > 250 else "not derivable"
    return [
        Recomputed(width.row, "value", level.number, formula, verdict, note),
        Recomputed(level.row, "value", width.number, formula, verdict, note),
    ]


RULES: tuple[Rule, ...] = (sums(_SUMS), _detections, _classified, _correlation, _window)
FINDINGS = pku_findings.FINDINGS
