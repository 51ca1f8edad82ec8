"""What a run reports of its results, and of what others need to check them."""

from __future__ import annotations

from collections.abc import Callable

from samesplit.reports.checklists.facts import CLINICAL, Facts
from samesplit.reports.formatting import counted

__all__ = ["TOPICS"]

Told = tuple[str, str, str]
REPORTED, PARTLY, OPEN, NONE = "reported", "partly", "you must answer", "not applicable"


def sample_size(facts: Facts) -> Told:
    """Answer by what the checks say of power; the plan is the authors'."""
    told = "Checks SS107 (size of the test part) and SS302 (power of the comparisons), after the fact."
    return PARTLY, f"{told} Say how the size was planned (samesplit plan).", "checks"


def testing(facts: Facts) -> Told:
    """Answer by internal by the split, external by named sets."""
    if external_testing(facts)[0] == OPEN:
        return PARTLY, f"Internal, scheme “{facts.scheme}”. There is no external test set.", "split"
    return REPORTED, f"Scheme “{facts.scheme}”, with test sets judged apart.", "split"


def internal_testing(facts: Facts) -> Told:
    """Answer by the split."""
    return (
        REPORTED,
        f"Scheme “{facts.scheme}”: test patients are in no training part of the same fold.",
        "split",
    )


def external_testing(facts: Facts) -> Told:
    """Answer by named test sets, sites left out, or a later time."""
    if facts.test_sets > 1:
        return (
            PARTLY,
            f"{counted(facts.test_sets, 'named test set')}. Say which is of another institution.",
            "split",
        )
    if facts.scheme == "leave-one-site-out":
        return PARTLY, "Each site is tested by models that were fitted without it.", "split"
    return OPEN, "There is no external test set in this run.", ""


def metrics(_: Facts) -> Told:
    """Answer by all measures."""
    return (
        REPORTED,
        "Discrimination, calibration, rates at the operating point. Say why you chose these.",
        "verdict",
    )


def uncertainty(_: Facts) -> Told:
    """Answer by intervals with their methods."""
    return REPORTED, "Intervals with the name of their method under each table.", "verdict"


def comparison(_: Facts) -> Told:
    """Answer by paired differences."""
    return (
        REPORTED,
        "Paired differences on the same lesions, with the test named and P adjusted.",
        "differences",
    )


def calibration(_: Facts) -> Told:
    """Answer by calibration."""
    return REPORTED, "Curves, slope, calibration in the large and errors.", "calibration"


def other_methods(facts: Facts) -> Told:
    """Answer by models without radiomics, and readers."""
    found = [
        words
        for there, words in (
            (facts.any_kind(CLINICAL), "clinical models"),
            ("lesion-size" in facts.kinds, "the size of the lesion alone"),
            (facts.readers > 0, counted(facts.readers, "reader")),
        )
        if there
    ]
    if not found:
        return OPEN, "No clinical model, no size and no reader was judged.", ""
    return REPORTED, f"Judged on the same lesions: {', '.join(found)}.", "verdict"


def performance(_: Facts) -> Told:
    """Answer by the verdict."""
    return REPORTED, "Every model and reader with n and interval.", "verdict"


def cross_tabulation(_: Facts) -> Told:
    """Answer by confusion matrices."""
    return REPORTED, "Calls against the reference standard, for each model and reader.", "confusion"


def failures(_: Facts) -> Told:
    """Answer by misclassified lesions with images."""
    return REPORTED, "Misclassified lesions with their images. Add what they have in common.", "errors"


def thresholds(_: Facts) -> Told:
    """Answer by the operating point."""
    return REPORTED, "Chosen on validation data or declared beforehand (check SS203).", "methods-text"


def robustness(facts: Facts) -> Told:
    """Answer by other raters' masks, seeds and folds."""
    if facts.has("rater-masks"):
        return (
            REPORTED,
            "Results under the masks of other raters; spread over folds and seeds.",
            "rater-masks",
        )
    return PARTLY, "Spread over folds and seeds.", "verdict"


def heterogeneity(facts: Facts) -> Told:
    """Answer by groups that are judged by themselves."""
    if not facts.groups:
        return OPEN, "No group of lesions is judged by itself (statistics: groups).", ""
    section = next((name for name in ("subgroups", "named-test-sets") if facts.has(name)), "verdict")
    return REPORTED, "Groups of lesions judged by themselves, with n and interval.", section


def fairness(facts: Facts) -> Told:
    """Answer by fairness where groups were declared."""
    section = next((name for name in ("fairness", "subgroups") if facts.has(name)), "")
    if not section:
        return OPEN, "No groups were declared to compare.", ""
    return PARTLY, "Performance by declared group. Say which groups matter and why.", section


def readers_described(facts: Facts) -> Told:
    """Answer by readers by number."""
    if not facts.readers:
        return OPEN, "", ""
    return PARTLY, f"{counted(facts.readers, 'reader')}. Add their qualification and experience.", "readers"


def earlier_works(_: Facts) -> Told:
    """Answer by published results on the same benchmark."""
    return PARTLY, "Published results beside those of this run. Discuss the differences.", "published"


def limitations(_: Facts) -> Told:
    """Answer by open checks are limitations."""
    return PARTLY, "Open issues and tips are limitations to discuss.", "checks"


def sharing(_: Facts) -> Told:
    """Answer by data are the authors' to share."""
    return OPEN, "Features and predictions stand in the folder of the run; sharing them is yours.", ""


def sharing_settings(_: Facts) -> Told:
    """Answer by everything that makes the run again, but for the data."""
    told = "Settings, versions and the command that makes the run again. Say where they can be had."
    return PARTLY, told, "provenance"


def sharing_models(_: Facts) -> Told:
    """Answer by fitted models."""
    return OPEN, "Fitted models stand in the folder 'models' of the run; sharing them is yours.", ""


def audit(_: Facts) -> Told:
    """Answer by outputs are kept with hashes."""
    return (
        REPORTED,
        "Every prediction and reading is kept with hashes of what it was made from.",
        "provenance",
    )


TOPICS: dict[str, Callable[[Facts], Told]] = {
    function.__name__: function
    for function in (
        audit, calibration, comparison, cross_tabulation, earlier_works, external_testing, failures, fairness,
        heterogeneity, internal_testing, limitations, metrics, other_methods, performance, readers_described,
        robustness, sample_size, sharing, sharing_models, sharing_settings, testing, thresholds, uncertainty,
    )
}  # fmt: skip
