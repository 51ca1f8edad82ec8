"""The known leaks, one file each or one for a family; `LEAKS` holds them in the order of the table."""

from __future__ import annotations

from samesplit.audit.leaks.base import Audited, Leak
from samesplit.audit.leaks.harmonisation import CombatOnAllData, CombatOnAllDataWithLabel
from samesplit.audit.leaks.hold_out import FittedOnTest
from samesplit.audit.leaks.oversampling import SmoteBeforeFolds
from samesplit.audit.leaks.patients import PatientOnTwoSides, SequencesAsRows
from samesplit.audit.leaks.preparation import ScalingOnAllData
from samesplit.audit.leaks.scoring import BestOfNOnTest, HardLabelAuc, ThresholdOnTest
from samesplit.audit.leaks.selection import SelectionOnAllData
from samesplit.audit.leaks.selectors import SignedRank, UndiscretisedInformation
from samesplit.audit.leaks.splits import NewSplitPerCell

__all__ = ["LEAKS", "Audited", "Leak"]

LEAKS: dict[str, Leak] = {
    leak.key(): leak()
    for leak in (
        SelectionOnAllData,
        ScalingOnAllData,
        CombatOnAllData,
        CombatOnAllDataWithLabel,
        SmoteBeforeFolds,
        PatientOnTwoSides,
        SequencesAsRows,
        FittedOnTest,
        NewSplitPerCell,
        BestOfNOnTest,
        ThresholdOnTest,
        HardLabelAuc,
        SignedRank,
        UndiscretisedInformation,
    )
}
"""Every leak by its key, in the order of tables."""
