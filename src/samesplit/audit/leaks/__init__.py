"""The known leaks, one file each or one for a family; `LEAKS` holds them in the order of the table."""

from __future__ import annotations

from samesplit.audit.leaks.base import LEAKS, Audited, Leak
from samesplit.audit.leaks.patients import PatientOnTwoSides, SequencesAsRows
from samesplit.audit.leaks.preparation import ScalingOnAllData
from samesplit.audit.leaks.scoring import BestOfNOnTest, HardLabelAuc, ThresholdOnTest
from samesplit.audit.leaks.selection import SelectionOnAllData
from samesplit.audit.leaks.selectors import SignedRank, UndiscretisedInformation
from samesplit.audit.leaks.splits import NewSplitPerCell

__all__ = [
    "LEAKS",
    "Audited",
    "BestOfNOnTest",
    "HardLabelAuc",
    "Leak",
    "NewSplitPerCell",
    "PatientOnTwoSides",
    "ScalingOnAllData",
    "SelectionOnAllData",
    "SequencesAsRows",
    "SignedRank",
    "ThresholdOnTest",
    "UndiscretisedInformation",
]
