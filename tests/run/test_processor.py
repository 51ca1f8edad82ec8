"""What a run says of the processor that it was made on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from samesplit.run.processor import instructions, processor

SCRIPT = Path(__file__).parents[2] / "scripts" / "plain_processor.sh"


def test_the_processor_has_a_name() -> None:
    assert processor()
    assert "\n" not in processor()


def test_the_instructions_are_those_in_use_and_not_those_that_there_are() -> None:
    shown = "from samesplit.run.processor import instructions; import torch; print(instructions())"
    done = subprocess.run(
        ["sh", str(SCRIPT), sys.executable, "-c", shown],
        capture_output=True, text=True, env=os.environ | {"PYTHON": sys.executable},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    numpy, *others = done.stdout.strip().split(", ")
    assert numpy.startswith("numpy ")
    assert len(numpy.split()) <= len(instructions().split(", ")[0].split())
    assert "torch DEFAULT" in others
