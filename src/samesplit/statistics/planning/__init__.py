"""Planning a study: power, sizes of reader studies, events for a model, and what a study can detect.

Start with `detectable_difference`.
"""

from __future__ import annotations

from samesplit.statistics.planning.power import detectable_difference, power_of_difference

__all__ = ["detectable_difference", "power_of_difference"]
