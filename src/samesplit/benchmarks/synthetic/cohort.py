"""Synthetic cohorts as tables and as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.synthetic.files import SyntheticCohort, fill_folder
from samesplit.benchmarks.synthetic.kinds import AnySettings, maker_of

__all__ = ["SyntheticCohort", "generate", "tables"]


def tables(settings: AnySettings) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Lesions, images and readings of the cohort, without making any image.

    Args:
        settings: The cohort's settings.

    Returns:
        lesions (lesion_id, patient_id, label, site, size_mm, age, sex and what else the kind of cohort knows),
        images (lesion_id, sequence, rater, image, mask, mask_label; organ_mask where there is one) and readings
        (reader_id, lesion_id, modality, decision, score, seconds; no rows where the cohort has no readers).

    Example:
        >>> from samesplit.benchmarks.synthetic import SyntheticSettings
        >>> lesions, images, readings = tables(SyntheticSettings(n_patients=3))
        >>> lesions.loc[0, ["lesion_id", "patient_id"]].tolist()
        ['P001-L1', 'P001']
        >>> images.loc[0, "mask"]
        'images/P001-L1/T1C-R1.nii.gz'
    """
    return maker_of(settings).tables()


def generate(
    settings: AnySettings,
    directory: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    n_jobs: int = 1,
) -> SyntheticCohort:
    """Write the images and masks of the cohort, unless they are there already.

    A folder begun with the same settings is continued: files that exist are kept, and every file
    appears at once, so a killed run leaves no half-written one. Images of other settings are removed.
    A second process waits for the first and then finds everything done.

    Args:
        settings: The cohort's settings.
        directory: Folder for the files; made when absent.
        progress: Called with the number of finished lesions (or patients) and of all of them.
        n_jobs: Number of processes.

    Returns:
        The cohort with its tables, which are those of `tables`.

    Raises:
        WorkspaceError: The folder cannot be written.
    """
    return fill_folder(maker_of(settings), directory, progress=progress, n_jobs=n_jobs)
