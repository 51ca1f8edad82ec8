"""MLflow, and the only place that knows it."""

from __future__ import annotations

from samesplit.tracking.places import come_home
from samesplit.tracking.pushing import is_pushed, push, store_uri

__all__ = ["come_home", "is_pushed", "push", "store_uri"]
