"""`featureClass` of a parameter file: which features are wanted, in the words of the engine `ibsi`."""

from __future__ import annotations

import difflib
from collections import defaultdict
from typing import Any

from samesplit.features.catalogue import features
from samesplit.features.engines.ibsi.own_definitions import DEFINITIONS
from samesplit.features.engines.pyradiomics_catalogue import FEATURES, feature_names
from samesplit.features.pyradiomics_names import CLASSES, counterpart
from samesplit.features.pyradiomics_params.parameter_file import FileContent
from samesplit.features.pyradiomics_params.processing import ITSELF

__all__ = ["RENAMED", "WITHOUT_VALUE", "chosen_features", "features_of"]

RENAMED: dict[str, dict[str, str]] = {
    "shape": {
        "Volume": "VoxelVolume",
        "MajorAxis": "MajorAxisLength",
        "MinorAxis": "MinorAxisLength",
        "LeastAxis": "LeastAxisLength",
    },
    "glcm": {
        "AverageIntensity": "JointAverage",
        "Energy": "JointEnergy",
        "Entropy": "JointEntropy",
        "Homogeneity1": "Id",
        "Homogeneity2": "Idm",
        "Dissimilarity": "DifferenceAverage",
        "SumVariance": "ClusterTendency",
        "SumVariance2": "ClusterTendency",
    },
}
"""Names of versions 1 and 2, and what the same number is called now."""

WITHOUT_VALUE: dict[str, dict[str, str]] = {
    "shape": {"Roundness": "was wrong, and pyradiomics took it out in version 1.1.1"},
    "gldm": {
        "DependencePercentage": "is always 1",
        "GrayLevelNonUniformityNormalized": "is the same number as firstorder Uniformity",
    },
}
"""Names that pyradiomics knows or knew, and gives no value for."""


def chosen_features(content: FileContent) -> dict[str, list[str]]:
    """Return the features that a file asks for, by class, in today's names.

    Args:
        content: The file; unknown classes and features are added to its faults.
    """
    asked = content.said.featureClass
    if not asked:
        content.note("No featureClass is given: all classes but shape2D are computed.")
        return {name: feature_names(name) for name in CLASSES}
    found: dict[str, list[str]] = {}
    for name, wanted in asked.items():
        place = ("featureClass", name)
        if name == "shape2D":
            content.fault(
                place,
                "the class shape2D measures single slices, which IBSI does not define",
                f"take it out, {ITSELF}",
            )
        elif name not in CLASSES:
            near = difflib.get_close_matches(name, CLASSES, n=1)
            guess = f"did you mean '{near[0]}'?" if near else f"There are: {', '.join(CLASSES)}, shape2D"
            content.fault(place, f"there is no feature class '{name}'", guess)
        else:
            found[name] = _of_class(content, name, wanted) if wanted else feature_names(name)
    return found


def _of_class(content: FileContent, name: str, wanted: tuple[str, ...]) -> list[str]:
    found = []
    for number, given in enumerate(wanted):
        feature = RENAMED.get(name, {}).get(given, given)
        if feature != given:
            content.note(f"{name} {given} is called {feature} today.")
        if feature in FEATURES[name]:
            found.append(feature)
        elif feature in WITHOUT_VALUE.get(name, {}):
            content.note(f"{name} {feature} {WITHOUT_VALUE[name][feature]}: left out, as pyradiomics does.")
        else:
            near = difflib.get_close_matches(feature, FEATURES[name], n=1)
            content.fault(
                ("featureClass", name, number),
                f"the class {name} has no feature '{given}'",
                f"did you mean '{near[0]}'?" if near else f"There are: {', '.join(FEATURES[name])}",
            )
    return list(dict.fromkeys(found))


def features_of(chosen: dict[str, list[str]], *, shift: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return `features` and `pyradiomics` of a profile.

    Args:
        chosen: Features by class.
        shift: `voxelArrayShift`: with one, the energies are pyradiomics' own.
    """
    family_of = {one.tag: one.family for one in features()}
    ours: dict[str, list[str]] = defaultdict(list)
    own: dict[str, Any] = defaultdict(list)
    for kind, names in chosen.items():
        for name in names:
            tag = counterpart(kind, name)
            assert tag is not None  # all that pyradiomics has are there
            if tag.startswith("pyradiomics_") or (shift and name in DEFINITIONS.get(kind, {})):
                own[kind].append(name)
            else:
                ours[family_of[tag]].append(tag)
    if shift and {"Energy", "TotalEnergy", "RootMeanSquared"} & set(own["firstorder"]):
        own["voxel_array_shift"] = shift
    return {family: tuple(tags) for family, tags in ours.items()}, {
        kind: tuple(value) if isinstance(value, list) else value for kind, value in own.items() if value
    }
