"""What no single number of Peking University First Hospital says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.multiclass import confusion_tables
from samesplit.reproduction.relations import locate
from samesplit.reproduction.rules import FindingRule
from samesplit.reproduction.studies.pku_numbers import (
    CLASSIFIED,
    DETECTED,
    detection,
    reference_masses,
    type_counts,
)
from samesplit.statistics.from_summaries import smallest_n_of_correlation
from samesplit.statistics.proportions import proportion_interval

__all__ = ["FINDINGS"]

_EXTERNAL = CLASSIFIED[2]


def _detected(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for part in DETECTED:
        for side, counts in (detection(published, part) or {}).items():
            line = [part, side, counts.reference, counts.right, counts.wrong, counts.reference - counts.right]
            lines.append([*line, f"{counts.f1:.4f}"])
    if len(lines) < 4:
        return []
    columns = ["part", "kidney", "masses", "found", "false detections", "missed", "F1"]
    text = (
        "Every rate of detection comes from whole masses, and only one division of the masses into left and "
        "right kidneys gives them all: 97 and 83 of the 180 test masses, 244 and 183 of the 427 external "
        "ones. The F1 of external left kidneys is 0.747 by its own precision and recall; 0.76 is printed."
    )
    return [Finding("Whole masses behind the detection rates", text, pd.DataFrame(lines, columns=columns))]


def _tables(published: pd.DataFrame) -> list[Finding]:
    lines = []
    for part in CLASSIFIED:
        counts = type_counts(published, part)
        if not counts:
            continue
        right, there, named = (
            [getattr(each, what) for each in counts.values()] for what in ("right", "reference", "named")
        )
        tables = confusion_tables(right, there, named)
        shown = " or ".join(str(table.tolist()) for table in tables) or "none"
        kinds = ", ".join(counts)
        lines.append([part, kinds, sum(there), sum(named), "/".join(map(str, named)), len(tables), shown])
    if len(lines) < 3:
        return []
    columns = [
        "part",
        "types",
        "masses",
        "predicted in all",
        "predicted by type",
        "possible tables",
        "rows: true type",
    ]
    text = (
        "From precision, recall and accuracy of each type follow the diagonal and both margins of the table "
        "of true against predicted types. Below 5 mm one table is possible and in the external set there are "
        "three. In the test set from 5 mm none is: predictions of the three types make 136 of 137 masses, so "
        "one precision is off by one mass. It is that of AML (16/17 = 0.941) or of solid masses (36/39 = "
        "0.923), each against its own F1; 83 cystic predictions are not possible, for the other types miss 8 "
        "masses only."
    )
    return [Finding("Which confusion matrices are possible", text, pd.DataFrame(lines, columns=columns))]


def _baselines(published: pd.DataFrame) -> list[Finding]:
    lines = []
    parts = {"test, all": CLASSIFIED[:2], "external": (_EXTERNAL,)}
    for name, strata in parts.items():
        there: dict[str, int] = {}
        right: dict[str, int] = {}
        named: dict[str, int] = {}
        for part in strata:
            for kind, each in type_counts(published, part).items():
                there[kind] = there.get(kind, 0) + each.reference
                right[kind] = right.get(kind, 0) + each.right
                named[kind] = named.get(kind, 0) + each.named
        if len(there) < 3:
            return []
        n, hits = sum(there.values()), sum(right.values())
        interval = proportion_interval(hits, n)
        balanced = float(np.mean([right[kind] / there[kind] for kind in there]))
        macro = float(np.mean([2 * right[kind] / (there[kind] + named[kind]) for kind in there]))
        accuracy = f"{hits}/{n} = {hits / n:.3f} ({interval.ci_low:.3f} to {interval.ci_high:.3f})"
        most = max(there.values())
        lines.append([name, accuracy, f"{most}/{n} = {most / n:.3f}", f"{balanced:.3f}", f"{macro:.3f}"])
    columns = [
        "part", "accuracy (95 % Agresti-Coull)", "always the commonest type", "balanced accuracy", "macro F1",
    ]  # fmt: skip
    text = (
        "Most masses are cystic. Calling every mass cystic is right in 63 % of the test and 72 % of the "
        "external masses; the external accuracy of 0.843 is to be read against that, and is 0.792 as the "
        "mean over types. Several masses are of one patient, so the intervals are too narrow; how many is "
        "not printed."
    )
    return [Finding("Accuracy against the commonest type", text, pd.DataFrame(lines, columns=columns))]


def _missed(published: pd.DataFrame) -> list[Finding]:
    sides, total = detection(published, "external"), reference_masses(published, "external")
    counts = type_counts(published, _EXTERNAL)
    if sides is None or not counts or total is None:
        return []
    found = sum(each.right for each in sides.values())
    scored, right = (sum(getattr(each, what) for each in counts.values()) for what in ("reference", "right"))
    steps = pd.DataFrame(
        [
            ["reference masses", total, "1.000"],
            ["found by the segmentation", found, f"{found / total:.3f}"],
            ["found, above 5 mm, and classified", scored, f"{scored / total:.3f}"],
            ["classified right", right, f"{right / total:.3f}"],
        ],
        columns=["external set", "masses", "share of all"],
    )
    text = (
        f"The external accuracy counts only masses that the segmentation found: {total - found} of {total} "
        f"({(total - found) / total:.0%}) were missed and never scored, nor were {found - scored} found ones "
        "that are not above 5 mm. In the test set manual contours were classified. So the accuracy of the "
        f"whole chain was not measured in either set; of all external masses {right / total:.0%} were found "
        "and named right."
    )
    return [Finding("Missed masses are not scored", text, steps)]


def _correlation(published: pd.DataFrame) -> list[Finding]:
    r = locate(published, {"metric": "pearson_r"})
    if r is None or not r.number:
        return []
    n = smallest_n_of_correlation(r.number)
    text = (
        f"A Pearson correlation of {r.text} differs from 0 at P < 0.05 from {n} masses on. Of how many it "
        f"is, and of which set, is not printed; it explains {r.number**2:.1%} of the variance."
    )
    return [Finding("Correlation of Dice with a right type", text)]


def _window(published: pd.DataFrame) -> list[Finding]:
    where = {"model_or_reader": "CT window"}
    width, level = (locate(published, {**where, "metric": f"{what} HU"}) for what in ("width", "level"))
    if width is None or level is None:
        return []
    text = (
        f"A window {width.text} HU wide at {level.text} HU shows 285 to 315 HU, where no soft tissue lies "
        "even when enhanced. Swapped, it shows -120 to 180 HU, an ordinary abdominal window: the two were "
        "swapped in print or in the code (inferred)."
    )
    return [Finding("A window that shows no kidney", text)]


FINDINGS: tuple[FindingRule, ...] = (
    _detected, _tables, _baselines, _missed, _correlation, _window,
)  # fmt: skip
