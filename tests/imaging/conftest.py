"""Small phantoms on disk, and tables that name them."""

from phantoms import block, cohort, save

__all__ = ["block", "cohort", "save"]
