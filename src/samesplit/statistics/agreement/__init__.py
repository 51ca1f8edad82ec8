"""How far readers, or readers and models, agree on the same cases."""

from __future__ import annotations

from samesplit.statistics.agreement.bland_altman import BlandAltman, bland_altman
from samesplit.statistics.agreement.gwet import gwet_ac
from samesplit.statistics.agreement.kappa import (
    cohen_kappa_interval,
    conger_kappa,
    fleiss_kappa,
    fleiss_kappa_by_category,
    light_kappa,
)
from samesplit.statistics.agreement.krippendorff import AlphaLevel, krippendorff_alpha
from samesplit.statistics.agreement.ratings import Agreement, CategoryWeights
from samesplit.statistics.agreement.raw_agreement import cochran_q, friedman, percent_agreement
from samesplit.statistics.agreement.similarity import (
    ClusterOrder,
    Coefficient,
    Similarity,
    cluster_order,
    similarity_matrix,
)

__all__ = [
    "Agreement",
    "AlphaLevel",
    "BlandAltman",
    "CategoryWeights",
    "ClusterOrder",
    "Coefficient",
    "Similarity",
    "bland_altman",
    "cluster_order",
    "cochran_q",
    "cohen_kappa_interval",
    "conger_kappa",
    "fleiss_kappa",
    "fleiss_kappa_by_category",
    "friedman",
    "gwet_ac",
    "krippendorff_alpha",
    "light_kappa",
    "percent_agreement",
    "similarity_matrix",
]
