"""Feature selectors of the radiomics grid, by the key that model files use."""

from __future__ import annotations

from samesplit.models.radiomics.selectors.base import SELECTORS, RankingSelector
from samesplit.models.radiomics.selectors.embedded import Boruta, ElasticNet, Lasso
from samesplit.models.radiomics.selectors.filters import Correlation, NoSelection, Variance
from samesplit.models.radiomics.selectors.information import CIFE, CMIM, DISR, ICAP, JMI, MIFS, MIM, MRMR
from samesplit.models.radiomics.selectors.penalised_logistic import L1Logistic
from samesplit.models.radiomics.selectors.relief import ReliefF
from samesplit.models.radiomics.selectors.univariate import (
    AnovaF,
    ChiSquared,
    FisherScore,
    Gini,
    TScore,
    Wilcoxon,
)

__all__ = [
    "CIFE",
    "CMIM",
    "DISR",
    "ICAP",
    "JMI",
    "MIFS",
    "MIM",
    "MRMR",
    "SELECTORS",
    "AnovaF",
    "Boruta",
    "ChiSquared",
    "Correlation",
    "ElasticNet",
    "FisherScore",
    "Gini",
    "L1Logistic",
    "Lasso",
    "NoSelection",
    "RankingSelector",
    "ReliefF",
    "TScore",
    "Variance",
    "Wilcoxon",
]
