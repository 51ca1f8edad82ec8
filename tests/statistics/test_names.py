"""What the library offers by name: nothing is missing, hidden by a file of the same name, or without words."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

from samesplit import statistics

PACKAGES = [statistics.__name__] + [
    found.name for found in pkgutil.walk_packages(statistics.__path__, "samesplit.statistics.") if found.ispkg
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_of_a_package_is_what_it_says(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__doc__
    offered = {name: getattr(module, name) for name in module.__all__}
    hidden = [name for name, thing in offered.items() if isinstance(thing, ModuleType)]
    assert hidden == []  # a file of the same name, imported later, would take the place of a function
    public = [thing for thing in offered.values() if inspect.isfunction(thing) or inspect.isclass(thing)]
    assert [thing for thing in public if not thing.__doc__] == []


def test_the_subjects_of_a_reader_study_can_be_imported_from_one_place() -> None:
    subjects = [
        "obuchowski_rockette", "u_statistic_analysis", "incomplete_standalone", "model_against_readers",
        "model_against_panel", "model_at_reader_point", "model_at_mean_reader_point", "fixed_sequence",
        "limits_of_agreement", "gee_correctness", "advice_followed", "reading_time", "cases_missed",
        "free_response_analysis", "free_response_curve", "cohen_kappa_interval", "fleiss_kappa",
        "krippendorff_alpha", "gwet_ac", "icc", "bland_altman", "similarity_matrix", "cluster_order",
        "correlated_aucs", "partial_auc", "partial_auc_interval", "proportion_interval", "paired_interval",
        "tango_interval", "mcnemar_p_value", "paired_predictive_values", "corrected_resampled_t", "adjust",
        "tost", "calibration_slope", "calibration_intercept", "calibration_distances", "spiegelhalter",
        "decision_curve", "net_reclassification_improvement", "integrated_discrimination_improvement",
        "false_claim_probability", "deferral_curve", "calibrate_sets", "group_rates",
        "equal_opportunity_difference", "heterogeneity", "standardised_difference", "kaplan_meier",
        "log_rank", "cox_regression", "harrell_c", "uno_c", "compare_concordance", "share_without_event",
    ]  # fmt: skip
    assert [name for name in subjects if name not in statistics.__all__] == []
