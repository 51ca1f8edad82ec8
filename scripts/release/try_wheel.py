"""Try the wheel as a new user would: an empty environment, outside of the repository.

python scripts/release/try_wheel.py                     the light installation: pip install samesplit
python scripts/release/try_wheel.py --extras all        everything: the demonstration benchmark to the end
python scripts/release/try_wheel.py --python python3.13 with another Python
python scripts/release/try_wheel.py --keep /tmp/try     leave environment and workspace there, to look at

The source distribution is built from the checkout, the wheel from the unpacked source distribution, so that both
are known to be whole. Every command that is tried is printed with what it took; the first that does not end as it
should ends the script with exit code 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMO = "demo-renal-mass"
WITHOUT_EXTRAS = ("zero-rule", "clinical-logistic", "lesion-size", "ridge")
"""Models of the demonstration that the light installation fits."""
HEAVY = ("torch", "tpot", "mlflow", "distributed", "xgboost", "catboost", "lightning", "monai")
"""Packages that the light installation must not bring."""


class Trial:
    """Runs commands one after the other, in an environment where nothing of the checkout is visible.

    Args:
        environment: The virtual environment.
        workspace: The folder that commands are typed in.
    """

    def __init__(self, environment: Path, workspace: Path) -> None:
        self.bin = environment / "bin"
        self.workspace = workspace
        hidden = {"PYTHONPATH", "VIRTUAL_ENV", "SAMESPLIT_DATA"}
        self.variables = {name: value for name, value in os.environ.items() if name not in hidden}
        self.variables |= {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}

    def run(self, *command: str, code: int = 0, says: str = "") -> str:
        """Run a command of the environment and check how it ends and what it says."""
        begun = time.monotonic()
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.workspace, env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        told = done.stdout + done.stderr
        fine = done.returncode == code and says in " ".join(told.split())
        print(f"{time.monotonic() - begun:7.1f} s  {' '.join(command)}", flush=True)
        if not fine:
            print(told, file=sys.stderr)
            wanted = f"exit code {code}" + (f" and the words '{says}'" if says else "")
            raise SystemExit(f"ended with exit code {done.returncode}; {wanted} were expected")
        return told


def build(folder: Path) -> Path:
    """Build the source distribution, and the wheel from it; return the wheel."""
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    for path in (source, wheel):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB", flush=True)
    return wheel


def install(python: str, wheel: Path, extras: str, environment: Path) -> None:
    """Install the wheel with the pinned versions into an empty environment."""
    begun = time.monotonic()
    subprocess.run([python, "-m", "venv", str(environment)], check=True)
    given = f"{wheel}[{extras}]" if extras else str(wheel)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--constraint", str(ROOT / "constraints.txt"), given], check=True)
    subprocess.run([*pip, "check"], check=True)
    size = sum(path.lstat().st_size for path in environment.rglob("*") if path.is_file()) / 1e9
    print(f"{time.monotonic() - begun:7.1f} s  pip install 'samesplit[{extras}]' ({size:.1f} GB)", flush=True)


def try_light(trial: Trial) -> None:
    """Do what needs no extra, and see that what needs one names it."""
    for package in HEAVY:
        trial.run("python", "-c", f"import {package}", code=1, says="No module named")
    trial.run("samesplit", "ibsi", code=1, says="482 of 1,804 values")  # the rest needs the CT phantom
    trial.run("samesplit", "run", DEMO, code=1, says="pip install 'samesplit[")
    trial.run("samesplit", "ui", code=1, says="pip install 'samesplit[tracking]'")
    trial.run("samesplit", "run", DEMO, *(part for name in WITHOUT_EXTRAS for part in ("-m", name)))


def try_all(trial: Trial) -> None:
    """Run the whole demonstration, twice: the second time nothing is done again."""
    trial.run("samesplit", "run", DEMO)
    trial.run("samesplit", "run", DEMO)
    if not (trial.workspace / "mlflow.db").is_file():
        raise SystemExit("the run was not pushed to mlflow.db")


def main() -> None:
    """Build, install, try."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--python", default=sys.executable, help="the Python of the empty environment")
    asked.add_argument("--extras", default="", help="extras to install, such as all")
    asked.add_argument("--keep", type=Path, help="an empty folder for environment and workspace, which stays")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = given.keep or Path(passing)
        (folder / "workspace").mkdir(parents=True)
        wheel = build(folder / "dist")
        install(given.python, wheel, given.extras, folder / "environment")
        trial = Trial(folder / "environment", folder / "workspace")
        trial.run(
            "python", "-c", "import samesplit; print(samesplit.__version__)", says=wheel.name.split("-")[1]
        )
        trial.run("samesplit", "init", "my-study")
        trial.run("samesplit", "models", "list")
        trial.run("samesplit", "fetch", DEMO)
        if given.extras == "all":
            try_all(trial)
        else:
            try_light(trial)
        page = trial.workspace / "reports" / DEMO / "latest" / "report.html"
        if not page.is_file():
            raise SystemExit(f"{page} is missing")
        print(f"report.html: {page.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
