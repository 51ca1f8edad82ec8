"""samesplit judges radiomics and deep learning on the same patients.

```python
import samesplit as ss

study = ss.open_benchmark("my-study")
row = ss.extract("image.nii.gz", "mask.nii.gz", profile="ct-default")
```

What the names below stand for is imported when it is first used, so that `import samesplit` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from samesplit.version import __version__

if TYPE_CHECKING:
    from samesplit import statistics
    from samesplit.api.cases import LesionCase
    from samesplit.api.extraction import extract
    from samesplit.api.feature_extractor import FeatureExtractor
    from samesplit.api.feature_maps import FeatureMaps, feature_maps
    from samesplit.api.folds import Fold
    from samesplit.api.given_cases import CaseInput
    from samesplit.api.many_cases import extract_cases
    from samesplit.api.pyradiomics_extractor import PyradiomicsExtractor
    from samesplit.api.report import Report
    from samesplit.api.study import Study, open_benchmark
    from samesplit.errors import FailedCasesWarning, SamesplitError
    from samesplit.imaging.image_folders import find_images
    from samesplit.workflows.extract import extract_table

__all__ = [
    "CaseInput",
    "FailedCasesWarning",
    "FeatureExtractor",
    "FeatureMaps",
    "Fold",
    "LesionCase",
    "PyradiomicsExtractor",
    "Report",
    "SamesplitError",
    "Study",
    "__version__",
    "extract",
    "extract_cases",
    "extract_table",
    "feature_maps",
    "find_images",
    "open_benchmark",
    "statistics",
]

_HOME = {
    "CaseInput": "api.given_cases",
    "FailedCasesWarning": "errors",
    "FeatureExtractor": "api.feature_extractor",
    "FeatureMaps": "api.feature_maps",
    "Fold": "api.folds",
    "LesionCase": "api.cases",
    "PyradiomicsExtractor": "api.pyradiomics_extractor",
    "Report": "api.report",
    "SamesplitError": "errors",
    "Study": "api.study",
    "extract": "api.extraction",
    "extract_cases": "api.many_cases",
    "extract_table": "workflows.extract",
    "feature_maps": "api.feature_maps",
    "find_images": "imaging.image_folders",
    "open_benchmark": "api.study",
}
"""The module of each name, inside the package."""


def __getattr__(name: str) -> Any:
    """Import what a public name stands for."""
    if name == "statistics":
        return importlib.import_module(f"{__name__}.statistics")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
