"""The same run on two processors: this one, and one without vector instructions, which adds in another order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from conftest import SmallStudy
from samesplit.features.catalogue import FAMILIES

SCRIPT = Path(__file__).parents[2] / "scripts" / "plain_processor.sh"
PLAIN = (
    "NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "NUMBA_CPU_NAME", "GLIBC_TUNABLES",
)  # fmt: skip

PROFILE = """
engine: ibsi
modality: MR
description: Everything in space, after normalisation and interpolation.
settings:
  processing: {unit: arbitrary, normalisation: {over: image}, spacing_mm: 1.5, image_interpolation: cubic}
  discretisation: {method: FBN, bins: 16}
  ivh: {method: FBN, bins: 100}
  aggregation: [3D_comb]
  features: {FAMILIES}
"""


# Without drawing figures and without a process for the one job, which cost 10 s and show nothing here.
RUN = """
from pathlib import Path
from matplotlib.figure import Figure
from samesplit.execution import dispatch
from samesplit.run.plan import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark

Figure.savefig = lambda _, target, **__: target.write('<svg viewBox="0 0 9 9"></svg>')
dispatch.map_in_processes = lambda function, items, *, jobs: ((i, function(item)) for i, item in enumerate(items))
run_benchmark(load_plan(Path("benchmarks/balls"), RunOptions(jobs=1)))
"""


def start(root: Path, *, plain: bool) -> subprocess.Popen[str]:
    """Begin to run the benchmark, as on this processor or as on a plain one."""
    here = {name: value for name, value in os.environ.items() if name not in PLAIN}
    cache = here.pop("NUMBA_CACHE_DIR", "").removesuffix("-plain")
    names = {"PYTHON": sys.executable, **({"NUMBA_CACHE_DIR": cache} if cache else {})}
    command = [*(["sh", str(SCRIPT)] if plain else []), sys.executable, "-c", RUN]
    return subprocess.Popen(
        command, cwd=root, env=here | names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def both(small_study_template: SmallStudy, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of the two runs."""
    root = tmp_path_factory.mktemp("here") / "workspace"
    shutil.copytree(small_study_template.root, root)
    families = "{" + ", ".join(f"{name}: all" for name in FAMILIES) + "}"
    (root / "features" / "everything.yaml").write_text(PROFILE.replace("{FAMILIES}", families))
    benchmark = root / "benchmarks" / "balls" / "benchmark.yaml"
    changed = benchmark.read_text().replace("{first-order: [T1C, T2]}", "{everything: [T1C]}")
    changed = changed.replace("clinical-logistic, forest]", "clinical-logistic, radiomics-quick]")
    benchmark.write_text(changed.replace("reference: forest", "reference: clinical-logistic"))
    other = tmp_path_factory.mktemp("there") / "workspace"
    shutil.copytree(root, other)
    for running in (start(root, plain=False), start(other, plain=True)):
        said, _ = running.communicate()
        assert running.returncode == 0, said
    return root / "reports" / "balls" / "latest", other / "reports" / "balls" / "latest"


def compare(folders: tuple[Path, Path], table: str, keys: list[str]) -> pd.DataFrame:
    """The tables of both runs, which are alike but for numbers; the first of them."""
    here, there = (pd.read_parquet(folder / table).sort_values(keys, ignore_index=True) for folder in folders)
    pd.testing.assert_frame_equal(here, there, rtol=1e-9, atol=1e-9)
    return here


@pytest.mark.slow
def test_features_predictions_and_the_numbers_of_the_report_are_the_same_to_1e_9(
    both: tuple[Path, Path],
) -> None:
    features = compare(both, "features/everything.parquet", ["lesion_id", "sequence", "rater", "feature"])
    assert features["feature"].nunique() > 150
    digits = [pd.read_parquet(folder / "features/everything.parquet")["value"] for folder in both]
    if any(
        __cpu_features__.get(name) for name in __cpu_dispatch__
    ):  # else this processor is a plain one itself
        assert not np.array_equal(*digits, equal_nan=True), "not one last digit differs: nothing was tested"

    fold = ["model", "seed", "repeat", "fold"]
    predictions = compare(both, "predictions.parquet", [*fold, "subset", "rater", "lesion_id"])
    assert "radiomics-quick" in set(predictions["model"])

    results = compare(
        both, "results.parquet", ["quantity", "model", "reference", "subset", "group", "method"]
    )
    assert {"auc", "sensitivity", "auc_difference"} <= set(results["quantity"])
    compare(both, "thresholds.parquet", fold)
