"""Puts a stand-in of RO-Crate's JSON-LD context into the validator's web cache; run by the validator's Python.

The stand-in holds the terms that a package uses, as the context of RO-Crate 1.1 defines them, so that packages are
validated without the network.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def main(cache: str, context: str) -> None:
    import requests  # the validator has an environment of its own, and these are in it
    import urllib3
    from requests_cache import CachedSession

    class OneFile(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *_: object, **__: object) -> Any:
            raw = urllib3.HTTPResponse(
                body=io.BytesIO(Path(context).read_bytes()),
                headers={"Content-Type": "application/ld+json"},
                status=200,
                preload_content=False,
                request_url=request.url,
            )
            return self.build_response(request, raw)

    session = CachedSession(cache_name=cache, expire_after=-1, backend="sqlite")
    session.mount("https://", OneFile())
    session.get(CONTEXT)


if __name__ == "__main__":
    main(*sys.argv[1:])
