"""Sites harmonised by ComBat on all lesions before the folds, with and without the label to preserve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from samesplit.audit.leaks.base import Audited, Leak
from samesplit.audit.procedure import FoldData, Procedure
from samesplit.audit.table import Values
from samesplit.models.radiomics.harmonisation import (
    SITE_COLUMN,
    ComBat,
    HarmoniseSettings,
    covariate_column,
)
from samesplit.models.radiomics.settings import RadiomicsGridSettings

__all__ = ["CombatOnAllData", "CombatOnAllDataWithLabel"]

_LABEL = "label"


@dataclass(frozen=True)
class _HarmonisedOnAll(Procedure):
    """ComBat is estimated on all rows before the folds; nothing is harmonised after that."""

    def covariates(self, work: FoldData) -> dict[str, Values]:
        """Return what is preserved besides the covariates of the settings."""
        return {}

    def start(self, work: FoldData) -> FoldData:
        settings = work.settings.harmonise
        assert settings is not None  # both procedures of the leak are made with it
        gaps = np.isnan(work.X)
        usable = ~gaps.all(axis=0)
        middle = np.nanmedian(np.where(usable, work.X, 0.0), axis=0)
        table = replace(work, X=np.where(gaps, middle, work.X)).table()
        more = self.covariates(work)
        table = table.assign(**{covariate_column(name): values for name, values in more.items()})
        combat = ComBat(covariates=(*settings.covariates, *more))
        X = np.where(gaps, np.nan, combat.fit(table).transform(table))
        return replace(work, X=X, settings=work.settings.model_copy(update={"harmonise": None}))


@dataclass(frozen=True)
class _HarmonisedOnAllWithLabel(_HarmonisedOnAll):
    """The label is handed over as a covariate whose effect is to be preserved."""

    def covariates(self, work: FoldData) -> dict[str, Values]:
        return {_LABEL: work.y.astype("float64")}


class CombatOnAllData(Leak):
    """ComBat on all data."""

    name = "combat-on-all-data"
    title = "ComBat fitted on all data"
    done_in = (
        "Common in multi-centre radiomics: features are harmonised between sites once, over the "
        "whole cohort, before "
        "any split. None of the five reproduced studies harmonises."
    )
    measured = (
        "Sites' shifts and scales are estimated on all lesions, against estimates from the training "
        "part of each fold. "
        "No label is used."
    )
    informative = False
    honest_title = "ComBat fitted on the training part (a site it lacks gets the mean correction)"

    def why_not(self, cohort: Audited, settings: RadiomicsGridSettings) -> str:
        """There are no sites to harmonise."""
        sites = cohort.table.aside.get(SITE_COLUMN)
        if sites is None:
            return "the benchmark does not tell the lesions' sites"
        if (sites == "").any():
            return f"{int((sites == '').sum())} lesions have no site"
        return "" if len(np.unique(sites)) > 1 else "all lesions are of one site"

    def _harmonised(self, settings: RadiomicsGridSettings) -> RadiomicsGridSettings:
        """Return the model's settings, with harmonisation where it has none."""
        return settings.model_copy(
            update={"harmonise": settings.harmonise or HarmoniseSettings(unseen="pooled")}
        )

    def fair(self, settings: RadiomicsGridSettings) -> Procedure:
        """Harmonised inside the folds."""
        return Procedure(self._harmonised(settings))

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Harmonised before the folds."""
        return _HarmonisedOnAll(self._harmonised(settings))


class CombatOnAllDataWithLabel(CombatOnAllData):
    """ComBat on all data with the label as covariate."""

    variant = "label as covariate"
    title = "ComBat on all data, label preserved"
    done_in = (
        "ComBat's usual software asks for the outcome of interest among the covariates whose effect is preserved "
        "(sva, neuroCombat); Nygaard 2016 (doi 10.1093/biostatistics/kxv027) shows that this "
        "exaggerates differences "
        "between groups."
    )
    measured = (
        "Sites' shifts and scales are estimated on all lesions with the label as a covariate, "
        "against estimates from "
        "the training part of each fold without it."
    )
    informative = True

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Harmonised before the folds, all labels known."""
        return _HarmonisedOnAllWithLabel(self._harmonised(settings))
