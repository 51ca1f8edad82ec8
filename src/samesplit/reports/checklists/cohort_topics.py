"""What a run reports of its patients, images, masks and split."""

from __future__ import annotations

from collections.abc import Callable

from samesplit.reports.checklists.facts import Facts
from samesplit.reports.formatting import counted, join_words

__all__ = ["TOPICS"]

Told = tuple[str, str, str]
REPORTED, PARTLY, OPEN, NONE = "reported", "partly", "you must answer", "not applicable"


def objective(facts: Facts) -> Told:
    """Answer by the question is declared; hypotheses are not."""
    return PARTLY, f"The question is “{facts.question}” Add aims and hypotheses.", "verdict"


def guidelines(_: Facts) -> Told:
    """Answer by the checklists stand in the report."""
    return PARTLY, "These tables can be handed in once you have answered the open items.", "checklists"


def eligibility(facts: Facts) -> Told:
    """Answer by exclusions by the program are known; criteria are not."""
    told = (
        "The ledger names every lesion that could not be used and why. Add inclusion and exclusion criteria."
    )
    return PARTLY, told, "ledger"


def pipeline(_: Facts) -> Told:
    """Answer by the methods text tells the steps in order."""
    return PARTLY, "The methods text tells the steps in their order. Draw the chart.", "methods-text"


def data_source(facts: Facts) -> Told:
    """Answer by licence and source where benchmark.yaml declares them."""
    data = facts.part("data")
    source, licence = str(data.get("source") or ""), str(data.get("licence") or "")
    if not source:
        return OPEN, "benchmark.yaml names no source (data: source).", ""
    return (
        PARTLY,
        f"Source: {source}{f'; licence {licence}' if licence else ''}. Add how data were gathered.",
        "provenance",
    )


def dates(facts: Facts) -> Told:
    """Answer by the column `date`, where it is there."""
    if "date" not in facts.columns:
        return OPEN, "lesions.csv has no dates.", ""
    return PARTLY, "lesions.csv holds dates. Say from when to when, and where.", "cohort"


def centres(facts: Facts) -> Told:
    """Answer by the column `site`."""
    if facts.sites == 0:
        return OPEN, "lesions.csv names no sites.", ""
    told = f"{counted(facts.sites, 'site')} in lesions.csv."
    return PARTLY, f"{told} Say where they are and what kind of care they give.", "cohort"


def image_protocol(facts: Facts) -> Told:
    """Answer by sequences and vendors are known, parameters are not."""
    if not facts.sequences:
        return NONE, "The run has no images.", ""
    vendor = ", with the vendor of the scanner" if "scanner_vendor" in facts.columns else ""
    return (
        PARTLY,
        f"Sequences: {join_words(list(facts.sequences))}{vendor}. Add the acquisition parameters.",
        "cohort",
    )


def clinical_predictors(facts: Facts) -> Told:
    """Answer by declared clinical variables."""
    declared = facts.part("cohort").get("clinical") or {}
    if not declared:
        return NONE, "The benchmark declares no clinical variables.", ""
    names = join_words([str(name) for name in declared])
    return PARTLY, f"Declared: {names}. Define how and when they were measured.", "cohort"


def reference_standard(facts: Facts) -> Told:
    """Answer by how labels were proven, where it is said."""
    if "label_provenance" not in facts.columns:
        return OPEN, "lesions.csv does not say how labels were proven (label_provenance).", ""
    return PARTLY, "How many labels rest on pathology and on imaging is shown. Add the definition.", "cohort"


def classes(facts: Facts) -> Told:
    """Answer by the names of the classes."""
    return PARTLY, "The classes are named. Say how the reference standard was cut into them.", "cohort"


def segmentation(facts: Facts) -> Told:
    """Answer by raters are known by name."""
    if not facts.raters:
        return NONE, "The run has no masks.", ""
    rater = str(facts.part("cohort").get("rater") or facts.raters[0])
    return PARTLY, f"Models are judged on the masks of {rater}. Say how they were drawn, with what.", "cohort"


def annotators(facts: Facts) -> Told:
    """Answer by who they are is not known to a run."""
    if not facts.raters:
        return OPEN, "", ""
    return (
        OPEN,
        f"Masks of {join_words(list(facts.raters))}: number, experience and training are yours to tell.",
        "",
    )


def mask_reliability(facts: Facts) -> Told:
    """Answer by masks of other raters."""
    if len(facts.raters) < 2:
        return OPEN, "There are masks of one rater only.", ""
    return (
        REPORTED,
        f"Agreement of the masks of {join_words(list(facts.raters))}, and its effect.",
        "rater-masks",
    )


def single_rater(facts: Facts) -> Told:
    """Answer by the test masks are those of one rater by design."""
    if not facts.raters:
        return NONE, "The run has no masks.", ""
    rater = str(facts.part("cohort").get("rater") or facts.raters[0])
    return (
        PARTLY,
        f"All test masks of the main results are of {rater}. Say whether that is one reader.",
        "cohort",
    )


def automatic_masks(facts: Facts) -> Told:
    """Answer by predicted masks."""
    if "segmentation-network" not in facts.kinds:
        return NONE, "No masks were predicted.", ""
    return REPORTED, "Overlap, distances and found lesions with intervals.", "mask-measures"


def missing_data(_: Facts) -> Told:
    """Answer by the ledger."""
    told = "What is missing stands in the ledger, how models treat it in the methods text."
    return REPORTED, f"{told} Check SS104 counts lesions that were left out.", "ledger"


def indeterminate(_: Facts) -> Told:
    """Answer by lesions without an outcome are excluded with a reason."""
    return (
        PARTLY,
        "Lesions with an indeterminate outcome are excluded and listed. Say how common they are.",
        "ledger",
    )


def split(facts: Facts) -> Told:
    """Answer by the frozen split."""
    counts = f"{counted(facts.patients, 'patient')} with {counted(facts.lesions, 'lesion')}"
    return REPORTED, f"Scheme “{facts.scheme}”, {counts}, by patient, frozen before features.", "split"


def patients_apart(_: Facts) -> Told:
    """Answer by the proof of the overlap."""
    return REPORTED, "Parts are apart by patient, which is checked (SS101).", "split"


def balance(_: Facts) -> Told:
    """Answer by standardised differences between parts."""
    return REPORTED, "Standardised differences of validation and test from training.", "split"


def external_differences(facts: Facts) -> Told:
    """Answer by standardised differences of named test sets."""
    if facts.test_sets < 2:
        return NONE, "There is no named external test set.", ""
    return REPORTED, "Standardised differences of each test set from training.", "split"


def flow(_: Facts) -> Told:
    """Answer by the flow of lesions."""
    return (
        PARTLY,
        "The flow from the cohort to the evaluated lesions. Add the steps before the cohort.",
        "cohort",
    )


def baseline(_: Facts) -> Told:
    """Answer by the table of the cohort."""
    return REPORTED, "Characteristics of all lesions and by class, with missing values.", "cohort"


def baseline_by_part(_: Facts) -> Told:
    """Answer by the table by subset."""
    return (
        REPORTED,
        "Characteristics by class in the cohort, by training, validation and test in the split.",
        "split",
    )


TOPICS: dict[str, Callable[[Facts], Told]] = {
    function.__name__: function
    for function in (
        annotators, automatic_masks, balance, baseline, baseline_by_part, centres, classes, clinical_predictors,
        data_source, dates, eligibility, external_differences, flow, guidelines, image_protocol, indeterminate,
        mask_reliability, missing_data, objective, patients_apart, pipeline, reference_standard, segmentation,
        single_rater, split,
    )
}  # fmt: skip
