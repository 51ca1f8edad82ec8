"""The IBSI digital phantom, for the tests of the feature families (import it as `features.phantom`)."""

from __future__ import annotations

from samesplit.features.compliance.phantom import SPACING_MM, digital_phantom, phantom_levels

__all__ = ["SPACING_MM", "digital_phantom", "phantom_levels"]
