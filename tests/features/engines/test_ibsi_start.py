"""How the engine ibsi starts: quickly, and where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys

EXTRACT = """
import SimpleITK as sitk
from samesplit.errors import WorkspaceError
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi import IbsiSettings
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case

case = Case(sitk.Image([2, 2, 2], sitk.sitkFloat32), sitk.Image([2, 2, 2], sitk.sitkUInt8) + 1)
profile = Profile("mine", "ibsi", "", "any", IbsiSettings.model_validate({"features": {"statistics": "all"}}))
try:
    get_engine("ibsi").extract(case, profile)
except WorkspaceError as error:
    print(error)
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_without_a_folder_for_compiled_code_the_remedy_is_told() -> None:
    told = run(EXTRACT, NUMBA_CACHE_LOCATOR_CLASSES="ZipCacheLocator")  # never finds one for a file
    assert "set the environment variable NUMBA_CACHE_DIR" in told


def test_the_package_and_its_profiles_are_read_without_the_heavy_libraries() -> None:
    """They are imported where they are needed: `import samesplit` takes a tenth of a second."""
    heavy = ("numba", "torch", "scipy", "pandas", "sklearn", "matplotlib", "mlflow")
    code = (
        "import sys, samesplit.features.engines, samesplit.features.profiles, samesplit.features.work_units\n"
    )
    assert run(code + f"print([name for name in {heavy} if name in sys.modules])").strip() == "[]"
