"""pyradiomics' parameter files, read into profiles."""

from __future__ import annotations

from samesplit.features.pyradiomics_params.read import PyradiomicsParameters, read_parameters

__all__ = ["PyradiomicsParameters", "read_parameters"]
