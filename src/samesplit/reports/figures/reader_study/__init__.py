"""Figures of a reader study."""
