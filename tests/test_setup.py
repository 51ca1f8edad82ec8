"""What `make` says first when the machine lacks something."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "setup.sh"
TOOLS = ("sh", "dirname", "cat", "cksum", "awk", "id", "env", "df", "cc", "gcc")
PYTHON = Path(sys.executable).resolve()


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout on a machine of our making: only these tools are on its PATH."""
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, checkout / "scripts")
    for name in ("pyproject.toml", "constraints.txt"):
        (checkout / name).touch()
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    (tools / "python3").symlink_to(PYTHON)
    return tmp_path


def replace(machine: Path, name: str, script: str) -> None:
    tool = machine / "bin" / name
    tool.unlink(missing_ok=True)
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


def first_line(machine: Path) -> str:
    environment = {"PATH": str(machine / "bin"), "SAMESPLIT_NO_APT": "1"}
    script = machine / "checkout" / "scripts" / "setup.sh"
    done = subprocess.run(
        [shutil.which("sh") or "sh", str(script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()[0]


def test_a_python_that_is_too_old_is_named(machine: Path) -> None:
    replace(machine, "python3", 'case "$2" in *version_info*) exit 1;; *) echo 3.10.12;; esac')

    assert first_line(machine) == (
        "samesplit cannot be set up: python3 is 3.10.12, and 3.11 or later is needed"
    )


def test_a_missing_python_is_named(machine: Path) -> None:
    (machine / "bin" / "python3").unlink()

    assert first_line(machine) == "samesplit cannot be set up: python3 is missing"


def test_a_missing_compiler_is_named(machine: Path) -> None:
    for name in ("cc", "gcc"):
        (machine / "bin" / name).unlink(missing_ok=True)

    assert first_line(machine) == "samesplit cannot be set up: a C compiler (cc) is missing"


def test_a_disk_that_is_too_small_is_named(machine: Path) -> None:
    replace(machine, "df", "printf 'Filesystem 1024-blocks Used Available\\nx 9000000 8000000 1000000\\n'")

    assert (
        first_line(machine) == "samesplit cannot be set up: only 1 GB of disk are free, and 7 GB are needed"
    )


def test_a_missing_venv_module_is_named(machine: Path) -> None:
    replace(machine, "python3", f'case "$2" in *ensurepip*) exit 1;; esac\nexec {PYTHON} "$@"')

    assert first_line(machine) == "samesplit cannot be set up: Python's venv module is missing"
