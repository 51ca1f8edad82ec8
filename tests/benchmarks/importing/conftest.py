"""Tiny folders in the formats that the public cohorts are downloaded in."""

from public_cohorts import kits_folder

__all__ = ["kits_folder"]
