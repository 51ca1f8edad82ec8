"""`models/*.yaml` read into the settings of the kind of model that the file names."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path
from typing import Any

from samesplit.declarations import parse_declaration, read_yaml
from samesplit.errors import DeclarationError
from samesplit.models.settings import ModelSettings
from samesplit.models.targets import FromFile

__all__ = ["KINDS", "read_model", "settings_class"]

KINDS: dict[str, str] = {
    "zero-rule": "samesplit.models.baselines:ZeroRuleSettings",
    "lesion-size": "samesplit.models.baselines:LesionSizeSettings",
    "clinical-logistic": "samesplit.models.clinical.logistic:ClinicalLogisticSettings",
    "radiomics-grid": "samesplit.models.radiomics.settings:RadiomicsGridSettings",
    "ridge": "samesplit.models.radiomics.ridge:RidgeSettings",
    "lasso-random-forest": "samesplit.models.radiomics.lasso_forest_settings:LassoForestSettings",
    "univariate-multivariable-logistic": (
        "samesplit.models.clinical.multivariable_settings:UnivariateMultivariableSettings"
    ),
    "cox": "samesplit.models.survival.cox:CoxSettings",
    "renal-nomogram": "samesplit.models.clinical.nomogram:RenalNomogramSettings",
    "average": "samesplit.models.ensembles.average:AverageSettings",
    "weighted-average": "samesplit.models.ensembles.weighted:WeightedSettings",
    "stacking": "samesplit.models.ensembles.stacking:StackingSettings",
    "bagging": "samesplit.models.ensembles.bagging:BaggingSettings",
    "calibrated": "samesplit.models.ensembles.calibrated:CalibratedSettings",
    "tabicl": "samesplit.models.tabicl.settings:TabiclSettings",
    "estimator": "samesplit.models.estimator:EstimatorSettings",
    "torch-module": "samesplit.models.networks.settings:TorchModuleSettings",
    "tpot": "samesplit.models.automl.settings:TpotSettings",
    "network": "samesplit.models.networks.settings:NetworkSettings",
    "segmentation-network": "samesplit.models.segmentation.settings:SegmentationNetworkSettings",
}
"""What `kind:` may say, and the settings class that reads such a file; imported when it is asked for."""


def settings_class(kind: str) -> type[ModelSettings]:
    """Return the settings class of a kind of model.

    Raises:
        KeyError: There is no such kind.
    """
    module, _, name = KINDS[kind].partition(":")
    found: type[ModelSettings] = getattr(importlib.import_module(module), name)
    return found


def read_model(
    path: Path, *, name: str | None = None, overrides: dict[str, Any] | None = None
) -> ModelSettings:
    """Read a model file.

    Args:
        path: A YAML file with `kind:` and the keys of that kind.
        name: The name the model goes by; default: the file's name without `.yaml`. Under another name than
            the file's, a title that is not given anew gets the name in brackets, so that two uses of one
            file can be told apart.
        overrides: Keys that replace the file's.

    Returns:
        The settings, ready for `needs()` and `build()`.

    Raises:
        DeclarationError: The file is missing, or it (or the overrides) says something that cannot be; the
            message names the nearest valid key, the file and the line.
    """
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise DeclarationError("holds no keys", where=path, remedy="write 'key: value' lines")
    changed = overrides or {}
    used_as = name or path.stem
    data = data | changed
    if used_as != path.stem and "title" in data and "title" not in changed:
        data["title"] = f"{data['title']} ({used_as})"
    lines = {key: line for key, line in lines.items() if key[0] not in changed}
    where = str(path) if not changed else f"{path} as changed for the model '{used_as}'"
    kind = _kind(data, where, lines.get(("kind",)))
    try:
        settings: ModelSettings = parse_declaration(
            data | {"name": used_as}, settings_class(kind), path=path, lines=lines
        )
    except DeclarationError as error:
        if changed and error.where == str(path):
            raise DeclarationError(error.problem, where=where, remedy=error.remedy) from None
        raise
    if isinstance(settings, FromFile):
        line = lines.get(("target",))
        settings.came_from(path.resolve().parent, f"{path}, line {line}" if line else where)
    return settings


def _kind(data: dict[str, Any], where: str, line: int | None) -> str:
    kind = data.get("kind")
    known = ", ".join(sorted(KINDS))
    if kind is None:
        raise DeclarationError("the key 'kind' is missing", where=where, remedy=f"add 'kind: ...': {known}")
    if not isinstance(kind, str) or kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise DeclarationError(
            f"there is no kind of model called '{kind}'",
            where=f"{where}, line {line}" if line else where,
            remedy=f"{hint}Kinds: {known}",
        )
    return str(kind)
