"""Features of a table of images as a scikit-learn transformer: the first step of a pipeline."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from samesplit.api.many_cases import features_of, no_matching
from samesplit.errors import CohortError, DeclarationError, FailedCasesWarning
from samesplit.features.engines import get_engine
from samesplit.features.profile_lookup import ready_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.case_tasks import case_files
from samesplit.imaging.mask_label import MaskLabel
from samesplit.imaging.repairs import GeometryRepair
from samesplit.workflows.extraction_images import images_to_extract

__all__ = ["FeatureExtractor"]

_COLUMNS = ("image", "mask", "mask_label", "spacing_mm")


class FeatureExtractor(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Turn a table of images and masks into a table of features.

    It learns nothing: `fit` checks the profile, and each row of features depends on its own image and mask
    alone. So extraction inside a cross-validated pipeline and before it give the same, and since every image
    is kept as soon as it is done, no fold extracts it again.

    Args:
        profile: How: the name of a profile, the path of a YAML file, or a profile that was read before.
        jobs: Processes; one per core when None. Inside a search with `n_jobs` of its own: 1.
        mask_label: The value of the masks that marks the lesion, or "any"; a column `mask_label` of the table
            is asked first.
        geometry_repair: The named repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        cache: Where finished images are kept; default: the user's cache folder.
        scheduler: Address of a Dask scheduler that is to do the work instead.
        progress: Whether to draw a bar with the time left.

    Attributes:
        ledger_: What the last `transform` has to say of images: lesion_id, sequence, rater, stage, status
            (`failed`, `repaired`, `noted`), reason; lesion_id is the row's label.
        n_features_in_: How many columns the table had in `fit`.
        feature_names_in_: Their names, where it had names.

    Example:
        >>> extractor = FeatureExtractor("shape").set_output(transform="pandas")
        >>> extractor.get_feature_names_out()[:2].tolist()
        ['morph_volume', 'morph_vol_approx']
    """

    def __init__(
        self,
        profile: str | Path | Profile | None = None,
        *,
        jobs: int | None = None,
        mask_label: MaskLabel = 1,
        geometry_repair: GeometryRepair | None = None,
        minimum_voxels: int = 8,
        cache: Path | None = None,
        scheduler: str | None = None,
        progress: bool = False,
    ) -> None:
        self.profile = profile
        self.jobs = jobs
        self.mask_label = mask_label
        self.geometry_repair = geometry_repair
        self.minimum_voxels = minimum_voxels
        self.cache = cache
        self.scheduler = scheduler
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the profile and the table's columns; no image is opened.

        Args:
            X: As for `transform`.
            y: Not looked at.

        Raises:
            CohortError: The table names no images or masks.
            DeclarationError: No profile is named, or it says something that cannot be.
            WorkspaceError: There is no profile of this name.
            MissingExtraError: The profile's engine is not installed.
        """
        self._profile()
        table = _table(X)
        self.n_features_in_ = len(table.columns)
        if isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def transform(self, X: pd.DataFrame | Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
        """Extract the features of each row.

        Args:
            X: A table with the columns `image` and `mask` and, where they are wanted, `mask_label` and
                `spacing_mm` (of arrays in numpy files); other columns are not looked at. Or pairs of paths, of
                shape (n, 2). Relative paths start at the current folder.

        Returns:
            Shape (n, features), in the order of `get_feature_names_out`; a data frame after
            `set_output(transform="pandas")`. NaN where a feature is not defined. An image that fails is a row
            of NaN; a `FailedCasesWarning` and `ledger_` say why.

        Raises:
            CohortError: The table names no images or masks, or has an empty cell.
            WorkspaceError: The cache cannot be written, or the scheduler is not there.
        """
        profile, table = self._profile(), _table(X)
        names = _row_names(X if isinstance(X, pd.DataFrame) else table)
        rows = table[[column for column in _COLUMNS if column in table]].assign(lesion_id=names)
        asked = images_to_extract(rows, mask_label=self.mask_label)
        cases = case_files(
            asked.images, geometry_repair=self.geometry_repair, minimum_voxels=self.minimum_voxels
        )
        found = features_of(
            cases,
            profile,
            jobs=self.jobs,
            cache=self.cache,
            scheduler=self.scheduler,
            progress=self.progress,
        )
        self.ledger_ = found.ledger
        if found.failed:
            warnings.warn(FailedCasesWarning(found.failed), stacklevel=2)
        place = {case.lesion_id: number for number, case in enumerate(cases)}  # sorted by name
        return found.matrix[[place[name] for name in names]]

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the names of the features, in the order of the profile.

        Args:
            input_features: Not looked at.
        """
        profile = self._profile()
        infos = get_engine(profile.engine).catalogue(profile.settings)
        return np.array([info.feature for info in infos], dtype=object)

    def _profile(self) -> Profile:
        if self.profile is None:
            raise DeclarationError(
                "no profile is named",
                where="FeatureExtractor",
                remedy='say how: FeatureExtractor("ct-default"), "mr-default", "pet-default", or the path of a '
                "YAML file",
            )
        profile = ready_profile(self.profile)
        no_matching(profile)
        return profile

    def __sklearn_is_fitted__(self) -> bool:
        """Say that there is nothing to learn."""
        return True

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn may expect: paths in, no fit needed, NaN allowed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags


def _table(X: Any) -> pd.DataFrame:
    """Return what is given as a table with the columns image and mask.

    Raises:
        CohortError: It is neither a table with these columns nor pairs.
    """
    if isinstance(X, pd.DataFrame):
        table = X
    else:
        try:
            pairs = np.asarray(X, dtype=object)
        except ValueError:
            pairs = np.empty(0, dtype=object)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or not all(isinstance(x, str | Path) for x in pairs.flat):
            raise CohortError(
                "is neither a table with the columns image and mask nor pairs of paths",
                where="what FeatureExtractor was given",
                remedy="give a data frame, or an array of shape (n, 2) with an image and its mask in each row; "
                "samesplit.extract_cases takes arrays and SimpleITK images",
            )
        table = pd.DataFrame({"image": pairs[:, 0], "mask": pairs[:, 1]})
    for column in ("image", "mask"):
        if column not in table:
            raise CohortError(
                f"has no column '{column}'",
                where="the table of images",
                remedy=f"columns found: {', '.join(map(str, table.columns)) or 'none'}",
            )
    return table


def _row_names(table: pd.DataFrame) -> list[str]:
    """Return a name for each row: its lesion_id, or its label; rows that are drawn twice are numbered."""
    labels = pd.Series(list(map(str, table.get("lesion_id", table.index))), dtype="str")
    again = labels.groupby(labels).cumcount()
    return [name if not count else f"{name} ({count + 1})" for name, count in zip(labels, again, strict=True)]
