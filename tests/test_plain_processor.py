"""The script that runs a command as on a processor without vector instructions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "plain_processor.sh"

SHOWN = """
import os, numpy, torch, numba
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(sum(__cpu_features__[name] for name in __cpu_dispatch__))
print(torch.backends.cpu.get_cpu_capability())
print(numba.config.CPU_NAME, repr(numba.config.CPU_FEATURES), numba.config.CACHE_DIR)
print(os.environ["OMP_NUM_THREADS"])
"""


def run(*command: str, **changes: str) -> str:
    names = {"PYTHON": sys.executable, "OMP_NUM_THREADS": "1", "NUMBA_CACHE_DIR": "/nowhere"}
    done = subprocess.run(
        ["sh", str(SCRIPT), *command], capture_output=True, text=True, env=os.environ | names | changes
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_but_the_plainest_instructions_is_left_and_no_library_warns() -> None:
    lines = run(sys.executable, "-W", "error", "-c", SHOWN).splitlines()
    assert lines == ["0", "DEFAULT", "generic '' /nowhere-plain", "1"]


def test_names_that_the_installed_numpy_does_not_know_are_never_given_to_it(tmp_path: Path) -> None:
    other = tmp_path / "python"  # a numpy for ARM
    other.write_text("#!/bin/sh\necho ASIMDHP ASIMDDP SVE\n")
    other.chmod(0o755)
    shown = run("sh", "-c", "echo $NPY_DISABLE_CPU_FEATURES", PYTHON=str(other))
    assert shown == "ASIMDHP ASIMDDP SVE\n"
    assert run("sh", "-c", "echo $NPY_DISABLE_CPU_FEATURES", PYTHON=str(other), KEEP_AVX2="1") == "\n"


@pytest.mark.parametrize("keep", ["", "1"])
def test_numpy_starts_without_a_warning_whatever_was_set_before(keep: str) -> None:
    said = run(
        sys.executable, "-W", "error", "-c", "import numpy; print('fine')",
        KEEP_AVX2=keep, NPY_DISABLE_CPU_FEATURES="NO_SUCH_FEATURE",
    )  # fmt: skip
    assert said == "fine\n"
