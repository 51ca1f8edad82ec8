"""All checks in their order, and the table of what they found in a run."""

from __future__ import annotations

import pandas as pd

from samesplit.evaluation.checks import cohort_checks as cohort
from samesplit.evaluation.checks import history_checks as history
from samesplit.evaluation.checks import model_checks as models
from samesplit.evaluation.checks import reader_checks as readers
from samesplit.evaluation.checks import result_checks as results
from samesplit.evaluation.checks.check import Check, table_of
from samesplit.evaluation.checks.checked_run import CheckedRun

__all__ = ["ALL_CHECKS", "HISTORY_CHECKS", "run_checks", "run_history_checks"]

RUN_CHECKS = (
    Check("SS101", "Patient overlap", "split", cohort.patient_overlap),
    Check("SS102", "Duplicate images", "split", cohort.duplicate_images),
    Check("SS103", "Several lesions a patient", "cohort", cohort.clustered_lesions),
    Check("SS104", "Lesions left out", "ledger", cohort.left_out),
    Check("SS105", "Label provenance", "cohort", cohort.label_provenance),
    Check("SS106", "Class imbalance", "cohort", cohort.class_balance),
    Check("SS107", "Size of the test part", "cohort", cohort.test_set_size),
    Check("SS108", "Small groups", "verdict", cohort.small_groups),
    Check("SS109", "Site confounding", "cohort", cohort.site_confounding),
    Check("SS201", "Events per predictor", "radiomics", models.events_per_predictor),
    Check("SS202", "Candidates tried", "radiomics", models.candidates_tried),
    Check("SS203", "Source of the thresholds", "verdict", models.thresholds),
    Check("SS204", "Seeds of the networks", "training", models.seeds),
    Check("SS301", "Calibration", "calibration", results.calibration),
    Check("SS302", "Power of the comparisons", "differences", results.power_of_comparisons),
    Check("SS303", "Size confounding", "verdict", results.size_confounding),
    Check("SS304", "Control at chance", "verdict", results.chance_control),
    Check("SS401", "Readers and models on the same lesions", "readers", readers.readers_on_same_lesions),
)
"""What is asked of the tables of a run."""

HISTORY_CHECKS = (
    Check("SS205", "Label permutation check", "provenance", history.label_permutation),
    Check("SS206", "Test part used again", "provenance", history.test_part_reuse),
)
"""What is asked of the other runs of the benchmark; the answers change when there are more of them."""

ALL_CHECKS = tuple(sorted((*RUN_CHECKS, *HISTORY_CHECKS), key=lambda check: check.code))
"""All there are, by code."""


def run_checks(run: CheckedRun) -> pd.DataFrame:
    """Ask a run all checks that need its own tables only.

    Args:
        run: One task of a run.

    Returns:
        One row a check, see `CHECKS`.
    """
    return table_of([(check, check.find(run)) for check in RUN_CHECKS])


def run_history_checks(other: history.History) -> pd.DataFrame:
    """Ask the other runs of the benchmark.

    Args:
        other: What they are.

    Returns:
        One row a check, see `CHECKS`.
    """
    return table_of([(check, check.find(other)) for check in HISTORY_CHECKS])
