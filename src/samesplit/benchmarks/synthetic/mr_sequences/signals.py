"""The signal of tissues and masses in the five sequences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.fields import Array
from samesplit.benchmarks.synthetic.mr_sequences.settings import MassSubtype, MrSequence
from samesplit.benchmarks.synthetic.settings import SequenceSettings
from samesplit.benchmarks.synthetic.signal import TISSUES, Values, tissue_signal

__all__ = ["PROTOCOLS", "mass_signal", "necrosis_signal", "signals_of_tissues"]

# Times, angles and fat suppression; voxels are those of the cohort.
_GRADIENT_ECHO = SequenceSettings(
    in_plane_mm=1.5, slice_mm=3.0, repetition_ms=4.6, echo_ms=2.1, flip_deg=12.0, fat_suppression=0.8
)
PROTOCOLS: dict[MrSequence, SequenceSettings] = {
    "T1WI": _GRADIENT_ECHO,
    "T2WI": SequenceSettings(
        in_plane_mm=1.5, slice_mm=3.0, repetition_ms=3200.0, echo_ms=90.0, fat_suppression=0.8
    ),
    "DWI": SequenceSettings(
        in_plane_mm=1.5, slice_mm=3.0, repetition_ms=5000.0, echo_ms=65.0, fat_suppression=0.95
    ),
    "CMP": _GRADIENT_ECHO,
    "NP": _GRADIENT_ECHO,
}
"""How each sequence is acquired."""

_T1_SCALE = 1.35
"""T1 of a mass, relative to the tumour tissue of `TISSUES`, whose signal on T1WI is that of the medulla."""
_B_VALUE = 0.8
"""Of the diffusion weighting, in 1000 s/mm2."""
_ADC = {
    "cortex": 2.2,
    "medulla": 2.0,
    "fat": 0.1,
    "muscle": 1.5,
    "liver": 1.15,
    "spleen": 0.85,
    "blood": 2.6,
    "urine": 3.0,
    "marrow": 0.6,
    "disc": 1.6,
    "bowel_wall": 1.5,
    "bowel_content": 2.3,
    "necrosis": 2.4,
    "capsule": 1.5,
}
"""Apparent diffusion coefficients in 0.001 mm2/s, round numbers."""
_ARTERIAL = {"cortex": 2.3, "medulla": 0.35, "blood": 2.6, "liver": 0.10, "spleen": 1.1}
"""Gadolinium in mM in the corticomedullary phase, where it differs from the nephrographic one."""
_NEPHROGRAPHIC = {"cortex": 1.4, "medulla": 1.25}


def _uptake(tissue: str, sequence: MrSequence) -> float:
    if sequence == "CMP":
        return _ARTERIAL.get(tissue, 0.4 * TISSUES[tissue].uptake_mm)
    if sequence == "NP":
        return _NEPHROGRAPHIC.get(tissue, TISSUES[tissue].uptake_mm)
    return 0.0


def _signal(
    tissue: str, sequence: MrSequence, tesla: float, *, uptake_mm: Values, adc: Values, t2_scale: Values = 1.0
) -> npt.NDArray[np.float32]:
    spin = sequence in ("T2WI", "DWI")
    found = tissue_signal(
        tissue,
        sequence_name="T2" if spin else "T1C",
        sequence=PROTOCOLS[sequence],
        field_strength_t=tesla,
        uptake_mm=uptake_mm,
        t2_scale=t2_scale,
        t1_scale=_T1_SCALE if tissue == "lesion" else 1.0,
    )
    if sequence == "DWI":
        found = found * np.exp(-np.float32(_B_VALUE) * np.asarray(adc, dtype=np.float32))
    return np.asarray(found, dtype=np.float32)


def signals_of_tissues(sequence: MrSequence, tesla: float) -> dict[str, float]:
    """Return the signal of every tissue round a mass.

    Args:
        sequence: One of the five.
        tesla: Field strength, 1.5 or 3.

    Example:
        >>> early, late = (signals_of_tissues(name, 3.0) for name in ("CMP", "NP"))
        >>> early["cortex"] / early["medulla"] > late["cortex"] / late["medulla"]
        True
    """
    return {
        name: float(_signal(name, sequence, tesla, uptake_mm=_uptake(name, sequence), adc=adc))
        for name, adc in _ADC.items()
    }


def mass_signal(subtype: MassSubtype, texture: Array, sequence: MrSequence, tesla: float) -> Array:
    """Return the signal of the living part of a mass.

    Args:
        subtype: What it looks like on average.
        texture: Its texture, of unit variance.
        sequence: One of the five.
        tesla: Field strength, 1.5 or 3.

    Returns:
        In the shape of the texture.
    """
    uptake = {"CMP": subtype.uptake_cmp, "NP": subtype.uptake_np}.get(sequence, 0.0)
    living = _signal(
        "lesion",
        sequence,
        tesla,
        uptake_mm=uptake * np.exp(np.float32(0.2) * texture),
        adc=subtype.adc * np.exp(np.float32(0.08) * texture),
        t2_scale=subtype.t2_scale * np.exp(np.float32(0.1) * texture),
    )
    fat = _signal("fat", sequence, tesla, uptake_mm=0.0, adc=_ADC["fat"])
    return np.asarray(living + np.float32(subtype.fat) * (fat - living), dtype=np.float32)


def necrosis_signal(sequence: MrSequence, tesla: float) -> float:
    """Return the signal of the part of a mass that does not enhance."""
    uptake = 0.08 if sequence in ("CMP", "NP") else 0.0
    return float(_signal("necrosis", sequence, tesla, uptake_mm=uptake, adc=_ADC["necrosis"]))
