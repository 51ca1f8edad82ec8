"""Ratings of several readers of the same cases in several modalities, by the Roe-Metz model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from samesplit.benchmarks.synthetic.settings import ReaderSettings

Floats = npt.NDArray[np.float64]

MODALITIES = ("unaided", "aided")


@dataclass(frozen=True)
class StandardEffects:
    """Standard normal draws behind the ratings; i modalities, j readers, k cases, t truths (2).

    Shapes: reader (j, t), modality_reader (i, j, t), case (k), modality_case (i, k),
    reader_case (j, k), error (i, j, k).
    """

    reader: Floats
    modality_reader: Floats
    case: Floats
    modality_case: Floats
    reader_case: Floats
    error: Floats


def ratings(settings: ReaderSettings, effects: StandardEffects, *, truth: npt.ArrayLike) -> Floats:
    r"""Ratings of the Roe-Metz model.

    $X_{ijkt} = \mu_{it} + R_{jt} + (\tau R)_{ijt} + C_{kt} + (\tau C)_{ikt} + (RC)_{jkt} + E_{ijkt}$,
    all terms independent and normal, $\mu_{i0} = 0$ and $\mu_{i1}$ from `separations`. Roe & Metz
    split the last term in two, which cannot be told apart when each case is read once.

    Args:
        settings: Variance components and expected AUC of each modality.
        effects: Standard normal draws.
        truth: 0 or 1 per case, shape (k,).

    Returns:
        Ratings of shape (modalities, readers, cases); higher is more malignant.

    References:
        Roe CA, Metz CE. Acad Radiol 1997;4:298-303. doi 10.1016/S1076-6332(97)80210-3
    """
    label = np.asarray(truth, dtype=np.intp)
    rated: Floats = np.sqrt(settings.var_error) * effects.error
    rated = rated + np.sqrt(settings.var_reader) * effects.reader[None, :, label]
    rated += np.sqrt(settings.var_modality_reader) * effects.modality_reader[:, :, label]
    rated += np.sqrt(settings.var_case) * effects.case
    rated += np.sqrt(settings.var_modality_case) * effects.modality_case[:, None, :]
    rated += np.sqrt(settings.var_reader_case) * effects.reader_case[None]
    return rated + separations(settings)[:, None, None] * label


def total_variance(settings: ReaderSettings) -> float:
    """Variance of one rating of a case of known truth, over readers and cases."""
    return (
        settings.var_reader
        + settings.var_modality_reader
        + settings.var_case
        + settings.var_modality_case
        + settings.var_reader_case
        + settings.var_error
    )


def expected_auc(settings: ReaderSettings, separation: float) -> float:
    r"""Compute the expected AUC over readers and cases: $\Phi(\mu / \sqrt{2 \sigma^2})$.

    $\sigma^2$ is `total_variance`: readers' effects are independent between the truths.

    Example:
        >>> settings = ReaderSettings(auc_unaided=0.75)
        >>> round(expected_auc(settings, float(separations(settings)[0])), 9)
        0.75
    """
    return float(ndtr(separation / np.sqrt(2.0 * total_variance(settings))))


def separations(settings: ReaderSettings) -> Floats:
    """Distance of the class means that gives the stated AUC, one per modality."""
    auc = np.array([settings.auc_unaided, settings.auc_aided])
    return np.asarray(ndtri(auc) * np.sqrt(2.0 * total_variance(settings)))


def with_effect(settings: ReaderSettings, effect: float) -> ReaderSettings:
    """Reader settings with the separations of the classes multiplied, expressed as expected AUCs.

    Args:
        settings: Variance components and expected AUC of each modality.
        effect: The factor; below 0 it counts as 0.

    Example:
        >>> with_effect(ReaderSettings(), 0.0).auc_aided
        0.5
    """
    shifts = separations(settings) * max(effect, 0.0) / np.sqrt(2 * total_variance(settings))
    unaided, aided = np.minimum(ndtr(shifts), 1 - 1e-9).tolist()
    return settings.model_copy(update={"auc_unaided": unaided, "auc_aided": aided})
