"""Tissue constants and MR signal equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.settings import SequenceSettings

Values = float | npt.NDArray[np.floating[Any]]

_RELAXIVITY_R1 = {1.5: 4.3, 3.0: 3.7}
_RELAXIVITY_R2 = 5.0


class Tissue(NamedTuple):
    """Proton density (relative), T1 and T2 in ms at 1.5 T and 3 T, gadolinium uptake in mM."""

    proton_density: float
    t1_ms: tuple[float, float]
    t2_ms: tuple[float, float]
    uptake_mm: float


# Rounded from de Bazelaire 2004 (doi 10.1148/radiol.2303021331) and Stanisz 2005
# (doi 10.1002/mrm.20605), fat from Gold 2004 (doi 10.2214/ajr.183.2.1830343). T2 of fat is the long
# apparent value of fast spin echo, and flowing blood has little signal there. Uptakes are those of
# the nephrographic phase.
TISSUES: dict[str, Tissue] = {
    "cortex": Tissue(0.85, (966, 1142), (92, 82), 1.35),
    "medulla": Tissue(0.90, (1412, 1545), (112, 98), 0.80),
    "fat": Tissue(0.95, (288, 371), (100, 92), 0.0),
    "muscle": Tissue(0.80, (1008, 1412), (44, 40), 0.10),
    "liver": Tissue(0.80, (586, 809), (52, 46), 0.35),
    "spleen": Tissue(0.88, (1057, 1328), (86, 76), 0.60),
    "blood": Tissue(0.90, (1441, 1932), (30, 28), 1.50),
    "urine": Tissue(1.00, (3500, 3800), (700, 600), 0.05),
    "marrow": Tissue(0.60, (549, 586), (60, 56), 0.12),
    "disc": Tissue(0.65, (1100, 1200), (80, 72), 0.03),
    "bowel_wall": Tissue(0.80, (1000, 1200), (70, 62), 0.45),
    "bowel_content": Tissue(0.80, (1300, 1500), (130, 115), 0.0),
    "lesion": Tissue(0.87, (1250, 1480), (102, 91), 0.42),
    "necrosis": Tissue(0.92, (1800, 2100), (190, 170), 0.08),
    "capsule": Tissue(0.75, (1100, 1300), (40, 36), 0.30),
}


def spoiled_gradient_echo(
    proton_density: Values, t1_ms: Values, t2_ms: Values, *, sequence: SequenceSettings
) -> npt.NDArray[np.floating[Any]]:
    r"""Steady-state signal of a spoiled gradient echo (Ernst equation).

    $S = \rho \sin\alpha \frac{1 - E_1}{1 - E_1 \cos\alpha} e^{-TE/T_2}$ with $E_1 = e^{-TR/T_1}$.
    """
    e1 = np.exp(-sequence.repetition_ms / np.asarray(t1_ms))
    angle = np.deg2rad(sequence.flip_deg)
    steady = np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1)
    return np.asarray(proton_density * steady * np.exp(-sequence.echo_ms / np.asarray(t2_ms)))


def spin_echo(
    proton_density: Values, t1_ms: Values, t2_ms: Values, *, sequence: SequenceSettings
) -> npt.NDArray[np.floating[Any]]:
    r"""Signal of a spin echo: $S = \rho (1 - e^{-TR/T_1}) e^{-TE/T_2}$."""
    recovery = 1 - np.exp(-sequence.repetition_ms / np.asarray(t1_ms))
    return np.asarray(proton_density * recovery * np.exp(-sequence.echo_ms / np.asarray(t2_ms)))


def tissue_signal(
    name: str,
    *,
    sequence_name: str,
    sequence: SequenceSettings,
    field_strength_t: float,
    uptake_mm: Values | None = None,
    t2_scale: Values = 1.0,
    t1_scale: float = 1.0,
) -> npt.NDArray[np.float32]:
    r"""Signal of one tissue in one acquisition.

    `T1C` is a spoiled gradient echo after gadolinium, $1/T_1' = 1/T_1 + r_1 C$ and
    $1/T_2' = 1/T_2 + r_2 C$; `T2` is a spin echo before it.

    Args:
        name: A key of `TISSUES`.
        sequence_name: `T1C` or `T2`.
        sequence: Times, flip angle, fat suppression.
        field_strength_t: 1.5 or 3.0.
        uptake_mm: Gadolinium concentration in mM; default that of the tissue.
        t2_scale: Multiplies the tissue's T2.
        t1_scale: Multiplies the tissue's T1 before gadolinium.

    Returns:
        Signal relative to full proton density, in the shape of the arguments.

    Example:
        >>> from samesplit.benchmarks.synthetic.settings import default_sites
        >>> site = default_sites()[0]
        >>> shared = dict(sequence_name="T1C", sequence=site.t1c, field_strength_t=1.5)
        >>> bool(tissue_signal("cortex", **shared) > tissue_signal("medulla", **shared))
        True
    """
    tissue = TISSUES[name]
    at = 0 if field_strength_t < 2.0 else 1
    t1_ms: Values = tissue.t1_ms[at] * t1_scale
    t2_ms: Values = tissue.t2_ms[at] * np.asarray(t2_scale, dtype=np.float32)
    density = tissue.proton_density * ((1 - sequence.fat_suppression) if name == "fat" else 1.0)
    if sequence_name == "T1C":
        uptake = np.asarray(tissue.uptake_mm if uptake_mm is None else uptake_mm, dtype=np.float32)
        t1_ms = 1.0 / (1.0 / t1_ms + _RELAXIVITY_R1[field_strength_t] * uptake / 1000.0)
        t2_ms = 1.0 / (1.0 / t2_ms + _RELAXIVITY_R2 * uptake / 1000.0)
        signal = spoiled_gradient_echo(density, t1_ms, t2_ms, sequence=sequence)
    else:
        signal = spin_echo(density, t1_ms, t2_ms, sequence=sequence)
    return np.asarray(signal, dtype=np.float32)
