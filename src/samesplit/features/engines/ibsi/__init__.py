"""samesplit's own engine: what its profiles may say, and how one case becomes numbers."""

from __future__ import annotations

from samesplit.features.engines.ibsi.engine import IbsiEngine
from samesplit.features.engines.ibsi.settings import IbsiSettings

__all__ = ["IbsiEngine", "IbsiSettings"]
