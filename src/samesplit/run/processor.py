"""Which processor numbers were made on, and which of its instructions the libraries chose.

Sums come out with other last digits where other vector instructions add them up. Nothing but a record: no key of a
kept result holds it.
"""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

__all__ = ["instructions", "processor"]


@cache
def processor() -> str:
    """Return the processor's name as the system tells it, such as `AMD EPYC 9654`."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def instructions() -> str:
    """Return the instruction sets that numpy, its linear algebra and torch use in this process.

    Torch is named where the process has loaded it.

    Example:
        >>> instructions().startswith("numpy ")
        True
    """
    vector = np.show_config(mode="dicts").get("SIMD Extensions", {})
    names = [*vector.get("baseline", []), *vector.get("found", [])]
    found = [f"numpy {' '.join(names) or 'not told'}"]
    kernels = {
        str(library["architecture"])
        for library in threadpool_info()
        if library["user_api"] == "blas" and library.get("architecture")
    }
    if kernels:
        found.append(f"OpenBLAS {' '.join(sorted(kernels))}")
    torch = sys.modules.get("torch")
    if torch is not None:
        found.append(f"torch {torch.backends.cpu.get_cpu_capability()}")
    return ", ".join(found)
