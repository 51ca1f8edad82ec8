"""What is known for the responsible use of a package's data: properties of Croissant RAI 1.0."""

from __future__ import annotations

from typing import Any

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.workflows.export.publication import Publication

__all__ = ["responsible_use"]


def responsible_use(definition: BenchmarkDefinition, publication: Publication) -> dict[str, Any]:
    """Return what benchmark.yaml tells of the use, the limits and the sensitivity of the data.

    Args:
        definition: The benchmark.
        publication: Who publishes it; the source of the cohort is the citation that stands there.
    """
    raters = [definition.cohort.rater, *definition.cohort.other_raters]
    synthetic = definition.data.synthetic is not None
    asked = [task.question for task in definition.all_tasks().values()]
    told: dict[str, Any] = {
        "rai:dataUseCases": [
            f"Judging models on the same patients in one frozen split: {one}" for one in asked
        ],
        "rai:dataLimitations": [
            "A patient stands on one side of every fold; results in other splits of the same patients cannot be "
            "compared with the published ones. Images and masks are not part of the package."
        ],
        "rai:dataPreprocessingProtocol": [
            f"Features as features/{name}.yaml says" for name in definition.profiles
        ],
        "rai:personalSensitiveInformation": [
            "None: the cohort is synthetic."
            if synthetic
            else "Health data of patients under pseudonyms: " + _sensitive(definition)
        ],
    }
    if publication.data_source:
        told["rai:dataCollection"] = publication.data_source
    if definition.cohort.sequences:
        told["rai:annotationsPerItem"] = f"Masks of {len(raters)} rater{'s' * (len(raters) > 1)}"
    return {key: value for key, value in told.items() if value}


def _sensitive(definition: BenchmarkDefinition) -> str:
    columns = dict.fromkeys([*definition.outcome_columns(), *definition.cohort.clinical])
    return ", ".join(columns) or "outcomes"
