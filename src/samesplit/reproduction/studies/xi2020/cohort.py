"""Cohort: class sizes of the parts, diagnoses by imaging, and the number of features."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.confusion import splits_that_fit
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.generic.groups import rate_groups
from samesplit.reproduction.numbers import PrintedNumber, Recomputed
from samesplit.reproduction.relations import judge, locate
from samesplit.reproduction.studies.xi2020.lookup import PAPER, rows_of

__all__ = ["cohort_counts", "features_that_are_empty", "imaging_diagnoses", "only_division"]


def _count(published: pd.DataFrame, name: str, **where: str) -> PrintedNumber | None:
    return locate(published, {"metric": "count", "model_or_reader": name, **where})


def cohort_counts(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the augmented images, the features of a sequence and the diagnoses by imaging.

    Args:
        published: Rows of the study.
    """
    found = []
    images, epochs = _count(published, "augmented images"), _count(published, "training epochs at most")
    train = _count(published, "train")
    if images and epochs and train and epochs.number and train.number:
        formula = f"{train.text} lesions x {epochs.text} epochs"
        found.append(judge(images, train.number * epochs.number, formula))
    names = ("non-texture features", "texture features", "texture configurations")
    parts = [_count(published, name) for name in names]
    features = _count(published, "features of a sequence")
    if features and all(part and part.number for part in parts):
        plain, texture, configurations = (int(part.number or 0) for part in parts if part)
        formula = f"{plain} + {texture} x {configurations}"
        found.append(judge(features, plain + texture * configurations, formula))
    found += _imaging(published)
    return found


def _imaging(published: pd.DataFrame) -> list[Recomputed]:
    """Judge both numbers of benign lesions that were diagnosed by imaging against the others of Table 1."""
    benign = _count(published, "benign")
    parts = [_count(published, f"benign, {how}", table_figure="Table 1") for how in ("excision", "biopsy")]
    if not (benign and benign.number and all(part and part.number for part in parts)):
        return []
    histology = [int(part.number or 0) for part in parts if part]
    value = benign.number - sum(histology)
    formula = f"{benign.text} - {' - '.join(map(str, histology))}"
    printed = [
        _count(published, "benign, imaging and follow-up", table_figure=table)
        for table in ("Table 1", "text")
    ]
    return [judge(number, value, formula) for number in printed if number]


def only_division(published: pd.DataFrame) -> list[Finding]:
    """Show which divisions of the lesions into two classes fit the printed rates.

    Args:
        published: Rows of the study.
    """
    table = rows_of(published, study=PAPER, table_figure="Table 2")
    totals = {
        name: number
        for name in ("malignant", "benign")
        if (number := _count(published, name)) is not None and number.number is not None
    }
    lines, best = [], {}
    for part in ("test", "validation"):
        mine = table[table["cohort_split"] == part]
        if mine.empty or mine["n"].isna().any():
            return []
        n = int(mine["n"].iloc[0])
        rows = [[(metric, number) for _, metric, number in group.rates] for group in rate_groups(mine)]
        missing = sorted(splits_that_fit(rows, n), key=lambda entry: entry[1])
        best[part] = missing
        printed = sum(len(rates) for rates in rows)
        lines += [(part, n_pos, n - n_pos, f"{count} of {printed}") for n_pos, count in missing[:3]]
    if len(totals) == 2:
        rest = [int(totals[name].number or 0) for name in ("malignant", "benign")]
        for part in ("test", "validation"):
            n = int(table.loc[table["cohort_split"] == part, "n"].iloc[0])
            rest = [rest[0] - best[part][0][0], rest[1] - (n - best[part][0][0])]
        lines.append(("train", rest[0], rest[1], "what is left of Table 1"))
    columns = ["part", "malignant", "benign", "printed rates that no whole lesions give"]
    fitting = [n_pos for n_pos, count in best["test"] if count == 0]
    first, second = best["test"][0], best["test"][1]
    n = int(table.loc[table["cohort_split"] == "test", "n"].iloc[0])
    only = "the only division" if len(fitting) == 1 else f"one of {len(fitting)} divisions"
    text = (
        f"The paper does not print how many test lesions were malignant. {first[0]} malignant and "
        f"{n - first[0]} benign is {only} of {n} lesions for which whole numbers of lesions give every rate "
        f"of all nine rows of Table 2; the next best leaves {second[1]} rates out. In the validation part "
        "the best division leaves out only what was rounded twice, and the training part is what is left "
        "of Table 1."
    )
    return [Finding("How many test lesions were malignant", text, pd.DataFrame(lines, columns=columns))]


def imaging_diagnoses(published: pd.DataFrame) -> list[Finding]:
    """Say how many benign lesions were diagnosed by imaging, and where they are.

    Args:
        published: Rows of the study.
    """
    benign = _count(published, "benign")
    by_imaging = _count(published, "benign, imaging and follow-up", table_figure="Table 1")
    other = _count(published, "benign, imaging and follow-up", table_figure="text")
    test = rows_of(published, study=PAPER, table_figure="Table 2", cohort_split="test")
    if not (benign and by_imaging and other and benign.number and by_imaging.number) or test.empty:
        return []
    developed = benign.number - float(test["n_neg"].iloc[0])
    text = (
        f"Table 1 gives {by_imaging.text} benign lesions without histology, the text {other.text}; only "
        f"{by_imaging.text} adds up with the others of Table 1. All of them were put into the training and "
        f"validation parts, so that {by_imaging.text} of the {developed:.0f} benign lesions that models "
        f"were developed on ({100 * by_imaging.number / developed:.0f} %) were known by imaging and "
        "follow-up, and none of the test part: models are judged on another spectrum of benign lesions "
        "than they learnt from."
    )
    return [Finding("345 or 347 lesions diagnosed by imaging, none of them tested", text)]


def features_that_are_empty(published: pd.DataFrame) -> list[Finding]:
    """Compare the features that the paper counts with those that its code keeps.

    Args:
        published: Rows of the study.
    """
    printed = _count(published, "features of a sequence")
    kept = _count(published, "columns without the empty ones")
    if not (printed and kept and printed.number and kept.number):
        return []
    empty = int(printed.number - kept.number)
    text = (
        f"The {printed.text} features of a sequence add up from the extractor's groups. The public code "
        f"reads as many columns and keeps {kept.text}: {empty} features are empty, those that the extractor "
        "leaves out for intensities without units (18 intensity statistics, 2 local peaks, the integrated "
        "intensity, Moran's I and Geary's C)."
    )
    return [Finding(f"{printed.text} features, {empty} of them empty", text)]
