"""Phase 2 of IBSI-2: statistics of the CT phantom's response maps, by the engine `ibsi` as users run it.

The built-in profiles `ibsi2-a` and `ibsi2-b` say everything; their filters stand in the order of the
settings.
Source: Whybra et al., Radiology 2024, doi:10.1148/radiol.231319.
"""

from __future__ import annotations

from samesplit.features.catalogue import tags
from samesplit.features.engines.ibsi.extraction import extract
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.profiles import read_profile
from samesplit.imaging.case import Case
from samesplit.workspace import builtin_folder

__all__ = ["configuration_settings", "configuration_values"]


def configuration_settings(configuration: str) -> IbsiSettings:
    """Return what the built-in profile of a configuration says.

    Args:
        configuration: `A` or `B`.
    """
    path = builtin_folder() / "features" / f"ibsi2-{configuration.lower()}.yaml"
    settings = read_profile(path).settings
    assert isinstance(settings, IbsiSettings)
    return settings


def configuration_values(case: Case, configuration: str) -> dict[str, float]:
    """Compute the values of a configuration.

    Args:
        case: The CT phantom.
        configuration: `A` or `B`.

    Returns:
        By setting and tag, as `3.A stat_mean`; setting 1 is the image without a filter.
    """
    settings = configuration_settings(configuration)
    assert settings.filters is not None
    found = extract(case, settings)
    beginnings = ["", *(f"{one.name}_" for one in settings.filters.filters)]
    return {
        f"{number}.{configuration} {tag}": found[f"{beginning}{tag}"]
        for number, beginning in enumerate(beginnings, start=1)
        for tag in tags("statistics")
    }
