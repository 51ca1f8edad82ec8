"""The MIRP engine: MIRP's own code behind the engine interface, with MIRP's own names.

MIRP (EUPL-1.2) is the reference implementation nearest to the IBSI and an optional extra. Images are handed over
in memory as float64 (from a file MIRP would interpolate and sum in float32); no value is changed on the way in or
out. MIRP is given the whole image: its grid is centred on the
image, so cutting would move the grid. Its log stays silent and the root logger stays as it was.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.extras import require_extra
from samesplit.features.engines.mirp_catalogue import features_of
from samesplit.features.engines.mirp_settings import MirpSettings
from samesplit.features.engines.protocol import EngineSettings, FeatureInfo, FeatureValues
from samesplit.imaging.case import Case
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest

if TYPE_CHECKING:
    from samesplit.features.engines.profile import Profile

__all__ = ["MirpEngine"]

_LIBRARIES = ("numpy", "pandas", "scikit-image", "scipy")


class MirpEngine:
    """Features by the mirp package, which `pip install 'samesplit[mirp]'` brings."""

    name = "mirp"
    settings: type[EngineSettings] = MirpSettings

    @cached_property
    def version(self) -> str:
        """The package's version, and a digest of the code around it and of the libraries that values depend on.

        Raises:
            MissingExtraError: MIRP is not installed.
        """
        require_extra("mirp", needed_by="the engine 'mirp'")
        code = hash_object([source_digest(__name__), library_digest(*_LIBRARIES)])
        return f"{version('mirp')}+{code[:12]}"

    def catalogue(self, settings: EngineSettings) -> tuple[FeatureInfo, ...]:
        """Return the features that the settings ask for, with IBSI codes, whether or not MIRP is installed."""
        assert isinstance(settings, MirpSettings)
        return features_of(settings)

    def extract(self, case: Case, profile: Profile) -> FeatureValues:
        """Return the features of one case; see `Engine`.

        Raises:
            LesionError: MIRP refuses the case, for example because nothing is left of the mask.
            MissingExtraError: MIRP is not installed.
        """
        assert isinstance(profile.settings, MirpSettings)
        require_extra("mirp", needed_by="the engine 'mirp'")
        with _quiet():
            try:
                table = _run(case, profile.settings)
            except (ValueError, TypeError, RuntimeError, IndexError, ArithmeticError) as error:
                raise _refused(str(error), profile) from error
        if table is None:
            raise _refused("nothing is left of the mask", profile)
        names = [info.feature for info in features_of(profile.settings)]
        return FeatureValues({name: _number(table[name].iloc[0]) for name in names})


def _refused(reason: str, profile: Profile) -> LesionError:
    return LesionError(
        f"MIRP cannot use it ({reason})",
        remedy=f"check the mask, or the settings of the profile '{profile.name}'",
    )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _run(case: Case, settings: MirpSettings) -> Any:
    """MIRP's table of one row, or None where no mask is left.

    The public `extract_features` gives arrays voxels of 1 mm; with MIRP's own objects they have their spacing.
    """
    from mirp._data_import.numpy_file import ImageNumpyFile, MaskNumpyFile
    from mirp.extract_features_and_images import extract_features

    place = {
        "image_spacing": tuple(reversed(case.image.GetSpacing())),
        "image_origin": (0.0, 0.0, 0.0),
        "image_orientation": np.identity(3),
        "sample_name": "lesion",
    }
    image = _loaded(ImageNumpyFile(**place), sitk.GetArrayFromImage(case.image).astype(np.float64))
    mask = _loaded(MaskNumpyFile(**place), sitk.GetArrayFromImage(case.mask).astype(bool))
    if settings.image_modality != "generic":
        image.set_modality(settings.image_modality)
    # MIRP's features keep things from one call to the next in functools caches, and clear them as they end.
    tables = extract_features(image=image, mask=mask, export_features=True, **_arguments(settings))
    return tables[0] if tables else None


def _loaded(file: Any, voxels: np.ndarray[Any, Any]) -> Any:
    file.image_data = file.image_metadata = voxels
    file.image_dimension = voxels.shape
    return file


def _arguments(settings: MirpSettings) -> dict[str, Any]:
    given = settings.model_dump(exclude={"image_modality"}, exclude_none=True)
    for name, value in given.items():
        if isinstance(value, tuple):
            ends = name.endswith("_range") or name.endswith("_saturation")
            given[name] = [math.nan if end is None and ends else end for end in value]
    return given


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MIRP's messages, warnings and its handler of the root logger to itself."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    guard = logging.NullHandler()  # with a handler there, MIRP's basicConfig leaves the root logger alone
    root.addHandler(guard)
    logging.disable(max(disabled, logging.INFO))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        root.removeHandler(guard)
