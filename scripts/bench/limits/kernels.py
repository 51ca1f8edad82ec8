"""Compiles what a profile needs in one process, with no code kept, and says what each kernel took.

`python scripts/bench/limits/kernels.py PROFILE` prints a JSON object. PROFILE is a name in features/
(with `:all`: also what it leaves undefined), or a JSON object of settings of the engine ibsi.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def compile_all(profile: str) -> dict[str, Any]:
    """Run the pieces of work of a profile; processor seconds of each kernel, without those of what it calls."""
    from numba.core import event

    from samesplit.features.engines.ibsi import IbsiSettings
    from samesplit.features.engines.ibsi.ahead import pieces
    from samesplit.features.profile_lookup import find_profile

    if profile.startswith("{"):
        settings = IbsiSettings.model_validate_json(profile)
    else:
        name, _, all_of_it = profile.partition(":")
        found = find_profile(name).settings
        assert isinstance(found, IbsiSettings)
        settings = found.model_copy(update={"undefined": ()}) if all_of_it else found
    under_way: list[tuple[float, float]] = []
    kernels: list[dict[str, Any]] = []

    class Listener(event.Listener):  # type: ignore[misc]
        """Kernels are compiled while those that call them are."""

        def on_start(self, told: Any) -> None:
            under_way.append((time.process_time(), 0.0))

        def on_end(self, told: Any) -> None:
            begin, of_others = under_way.pop()
            whole = time.process_time() - begin
            if under_way:
                under_way[-1] = (under_way[-1][0], under_way[-1][1] + whole)
            code = told.data["dispatcher"].py_func.__code__
            file, name = Path(code.co_filename), code.co_name
            ours = "samesplit" in file.parts
            kernels.append(
                {"file": file.stem if ours else "numba", "name": name, "seconds": whole - of_others}
            )

    event.register("numba:compile", Listener())
    begin = time.process_time()
    for piece in pieces(settings).values():
        piece.run()
    return {"cpu": time.process_time() - begin, "kernels": kernels}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        print(json.dumps(compile_all(sys.argv[1])))
