"""docs/how-to/cluster.md and scripts/slurm_cluster.py: what SLURM would be asked for, and a run without SLURM."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "slurm_cluster.py"
PAGE = (ROOT / "docs" / "how-to" / "cluster.md").read_text(encoding="utf-8")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
SBATCH = """#!/bin/bash
# A SLURM of one machine: the job begins at once, as a process. Like SLURM it takes a copy of the script.
cp "${!#}" "{logs}/$$.sh"
bash "{logs}/$$.sh" > "{logs}/$$.out" 2>&1 &
echo "Submitted batch job $!"
"""
COMMAND = """
import sys
from samesplit.execution.dask_cluster import map_on_dask
from samesplit.execution.dispatch import dispatch
assert sys.argv[1] == "--scheduler"
print(sorted(map_on_dask(abs, [-3, 2], address=sys.argv[2])))
"""


def shown(*options: str) -> str:
    """The script of one job."""
    found = subprocess.run(
        [sys.executable, str(SCRIPT), "--show", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return found.stdout


def test_the_script_of_a_job_has_a_process_a_core_with_one_thread_each() -> None:
    text = shown("--cores", "16", "--memory", "64GB", "--walltime", "08:00:00", "--partition", "main")
    assert "#SBATCH -p main" in text
    assert "#SBATCH --cpus-per-task=16" in text
    assert "#SBATCH --mem=60G" in text  # 64 GB in GiB, rounded up
    assert "#SBATCH -t 08:00:00" in text
    assert "--nthreads 1 " in text
    assert "--nworkers 16 " in text
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://" in text
    for name in THREADS:
        assert f"export {name}=1" in text


def test_the_script_of_a_job_with_a_gpu_has_one_process() -> None:
    text = shown("--gpu", "--cores", "4", "--lifetime", "3h50m")
    assert "#SBATCH --gres=gpu:1" in text
    assert "#SBATCH --cpus-per-task=4" in text
    assert "--nthreads 1" in text
    assert "--nworkers" not in text or "--nworkers 1" in text
    assert "--lifetime 3h50m" in text


def test_the_example_on_the_page_asks_for_the_same() -> None:
    (example,) = re.findall(r"```text\n(from dask_jobqueue.*?)```", PAGE, flags=re.DOTALL)
    described = example.split("cluster.scale")[0].replace(
        "cluster = SLURMCluster(", "cluster = SLURMCluster(\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", f"{described}\ncluster.close()"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    for part in (
        "#SBATCH -p main",
        "--nthreads 1 ",
        "--nworkers 16 ",
        *(f"export {name}=1" for name in THREADS),
    ):
        assert part in found.stdout


@pytest.mark.slow
def test_a_command_runs_on_workers_that_sbatch_started(tmp_path: Path) -> None:
    for name, text in (
        ("sbatch", SBATCH.replace("{logs}", str(tmp_path))),
        ("scancel", '#!/bin/bash\nfor job in "$@"; do kill "$job" 2> /dev/null; done\nexit 0\n'),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    options = ("--jobs", "1", "--cores", "1", "--memory", "2GB", "--interface", "lo")
    found = subprocess.run(
        [sys.executable, str(SCRIPT), *options, "--", sys.executable, "-c", COMMAND],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert "Scheduler: tcp://127.0.0.1:" in found.stdout
    assert "[(0, 3), (1, 2)]" in found.stdout


def test_options_on_the_page_are_options_of_the_script() -> None:
    told = set(re.findall(r"slurm_cluster\.py((?: [^\n`]*\\\n?)?[^\n`]*)", PAGE))
    names = {name for line in told for name in re.findall(r"--[a-z]+", line.split("-- samesplit")[0])}
    text = SCRIPT.read_text(encoding="utf-8")
    assert {"--jobs", "--cores", "--memory", "--walltime", "--gpu", "--lifetime"} <= names
    assert all(f'"{name}"' in text for name in names)
