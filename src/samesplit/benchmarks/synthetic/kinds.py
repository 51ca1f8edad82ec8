"""The kinds of synthetic cohorts, and what makes each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from samesplit.benchmarks.synthetic.crops.cohort import CropCohort
from samesplit.benchmarks.synthetic.crops.settings import CropSettings
from samesplit.benchmarks.synthetic.ct.cohort import CtCohort
from samesplit.benchmarks.synthetic.ct.settings import CtSettings
from samesplit.benchmarks.synthetic.ct.study_cohort import CtStudy
from samesplit.benchmarks.synthetic.ct.study_settings import CtStudySettings
from samesplit.benchmarks.synthetic.files import CohortMaker
from samesplit.benchmarks.synthetic.mr_cohort import MrCohort
from samesplit.benchmarks.synthetic.mr_sequences.cohort import MrSequencesCohort
from samesplit.benchmarks.synthetic.mr_sequences.settings import MrSequencesSettings
from samesplit.benchmarks.synthetic.settings import SyntheticSettings
from samesplit.benchmarks.synthetic.t1_mapping.cohort import T1MappingCohort
from samesplit.benchmarks.synthetic.t1_mapping.settings import T1MappingSettings

__all__ = ["AnySettings", "known_keys", "maker_of", "parse_settings"]

AnySettings = (
    SyntheticSettings | CropSettings | CtSettings | CtStudySettings | MrSequencesSettings | T1MappingSettings
)
_KINDS: dict[str, type[AnySettings]] = {
    "renal-mr": SyntheticSettings,
    "renal-ct": CtSettings,
    "renal-ct-study": CtStudySettings,
    "renal-ct-crops": CropSettings,
    "renal-mr-sequences": MrSequencesSettings,
    "renal-t1-mapping": T1MappingSettings,
}
_TOLD_APART: TypeAdapter[AnySettings] = TypeAdapter(Annotated[AnySettings, Field(discriminator="kind")])


def parse_settings(given: Mapping[str, Any]) -> AnySettings:
    """Read the settings of a synthetic cohort, as they stand under `data.synthetic`.

    Args:
        given: Its keys; without `kind` it is the MR cohort.

    Raises:
        pydantic.ValidationError: A key or a value is not known.

    Example:
        >>> parse_settings({"kind": "renal-ct-crops", "n_lesions": 10}).n_lesions
        10
    """
    of = _KINDS.get(str(given.get("kind", "renal-mr")))
    return _TOLD_APART.validate_python(given) if of is None else of.model_validate(given)


def known_keys(given: Mapping[str, Any]) -> list[str]:
    """Return the keys that the settings of this kind may have."""
    return list(_KINDS.get(str(given.get("kind", "renal-mr")), SyntheticSettings).model_fields)


def maker_of(settings: AnySettings) -> CohortMaker:
    """Return what makes the cohort of some settings."""
    if isinstance(settings, CropSettings):
        return CropCohort(settings)
    if isinstance(settings, CtSettings):
        return CtCohort(settings)
    if isinstance(settings, MrSequencesSettings):
        return MrSequencesCohort(settings)
    if isinstance(settings, T1MappingSettings):
        return T1MappingCohort(settings)
    if isinstance(settings, CtStudySettings):
        return CtStudy(settings)
    return MrCohort(settings)
