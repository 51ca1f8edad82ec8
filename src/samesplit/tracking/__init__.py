"""MLflow, and the only place that knows it.

`pushing` takes a finished run's folder to a store or server; the other files each know one thing that goes there.
"""

from __future__ import annotations

from samesplit.tracking.places import come_home
from samesplit.tracking.pushing import push, push_to_server
from samesplit.tracking.store import is_pushed, store_uri

__all__ = ["come_home", "is_pushed", "push", "push_to_server", "store_uri"]
