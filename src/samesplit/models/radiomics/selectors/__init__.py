"""Feature selectors of the radiomics grid, by the key that model files use."""

from __future__ import annotations

from samesplit.models.radiomics.selectors.base import SELECTORS, RankingSelector
from samesplit.models.radiomics.selectors.embedded import Lasso
from samesplit.models.radiomics.selectors.univariate import AnovaF

__all__ = ["SELECTORS", "AnovaF", "Lasso", "RankingSelector"]
