"""Runs a samesplit command on workers that SLURM starts, and ends them afterwards.

`python scripts/slurm_cluster.py [OPTIONS] -- samesplit run my-study` starts a Dask scheduler here, asks SLURM for
jobs whose processes are its workers, and gives the command `--scheduler <address>`. Run it where it may stay for
as long as the work takes: on a login node that allows it, or in a small batch job of its own. `--show` prints the
script of one job and starts nothing.

It needs `pip install 'samesplit[cluster]' dask-jobqueue`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from dask_jobqueue import SLURMCluster

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def slurm_cluster(asked: argparse.Namespace) -> SLURMCluster:
    """Describe the jobs: as many worker processes as cores, with one thread each."""
    directives = ["--gres=gpu:1"] if asked.gpu else []
    processes = 1 if asked.gpu else asked.cores
    return SLURMCluster(
        queue=asked.partition,
        account=asked.account,
        walltime=asked.walltime,
        cores=processes,  # of Dask: threads of all processes together
        job_cpu=asked.cores,  # of SLURM: with a GPU the other cores prepare its images
        processes=processes,
        memory=asked.memory,
        interface=asked.interface,
        local_directory=asked.scratch,
        python=asked.python,
        job_extra_directives=directives,
        job_script_prologue=[f"export {name}=1" for name in THREADS],
        # A worker ends itself, some two minutes earlier or later; what it had not finished goes to another.
        worker_extra_args=["--lifetime", asked.lifetime, "--lifetime-stagger", "2m"]
        if asked.lifetime
        else [],
    )


def options() -> argparse.ArgumentParser:
    """Say what can be asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=4, help="how many SLURM jobs")
    parser.add_argument("--cores", type=int, default=8, help="of each job, a worker process on each")
    parser.add_argument("--memory", default="32GB", help="of each job, shared by its processes")
    parser.add_argument("--walltime", default="04:00:00")
    parser.add_argument(
        "--lifetime", help="for example 3h50m: workers end by themselves a little before --walltime"
    )
    parser.add_argument("--partition")
    parser.add_argument("--account")
    parser.add_argument(
        "--gpu", action="store_true", help="one GPU and one worker process a job: for networks"
    )
    parser.add_argument("--interface", help="network between the machines, for example ib0")
    parser.add_argument("--scratch", help="a local disk of the workers' machines")
    parser.add_argument(
        "--python", default=sys.executable, help="of the workers: the same environment as here"
    )
    parser.add_argument("--show", action="store_true", help="print the script of one job and start nothing")
    parser.add_argument("command", nargs="*", help="after --, for example: samesplit run my-study")
    return parser


def main() -> int:
    """Start the cluster, run the command, end the cluster."""
    asked = options().parse_args()
    with slurm_cluster(asked) as cluster:
        if asked.show or not asked.command:
            print(cluster.job_script())
            return 0
        cluster.scale(jobs=asked.jobs)
        print(f"Scheduler: {cluster.scheduler_address}", flush=True)
        return subprocess.run(
            [*asked.command, "--scheduler", cluster.scheduler_address], check=False
        ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
