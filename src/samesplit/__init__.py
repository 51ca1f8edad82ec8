"""samesplit judges radiomics and deep learning on the same patients."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["__version__"]

__version__: str = version("samesplit")
