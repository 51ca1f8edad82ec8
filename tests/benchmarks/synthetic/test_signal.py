from __future__ import annotations

import numpy as np
import pytest

from samesplit.benchmarks.synthetic.settings import SequenceSettings, default_sites
from samesplit.benchmarks.synthetic.signal import spin_echo, spoiled_gradient_echo, tissue_signal

NORTH = default_sites()[0]


def signal(name: str, sequence: str, **options: object) -> float:
    protocol = NORTH.t1c if sequence == "T1C" else NORTH.t2
    return float(
        tissue_signal(name, sequence_name=sequence, sequence=protocol, field_strength_t=1.5, **options)
    )


def protocol(flip_deg: float) -> SequenceSettings:
    return SequenceSettings(in_plane_mm=1.0, slice_mm=3.0, repetition_ms=10.0, echo_ms=2.0, flip_deg=flip_deg)


def test_spoiled_gradient_echo_peaks_at_the_ernst_angle():
    t1_ms = 500.0
    ernst = float(np.rad2deg(np.arccos(np.exp(-10.0 / t1_ms))))
    angles = [ernst * factor for factor in (0.8, 0.95, 1.0, 1.05, 1.25)]
    values = [spoiled_gradient_echo(1.0, t1_ms, 60.0, sequence=protocol(a)) for a in angles]
    assert int(np.argmax(values)) == 2


def test_spin_echo_follows_recovery_and_decay():
    value = spin_echo(0.8, 1000.0, 50.0, sequence=protocol(90.0))
    assert value == pytest.approx(0.8 * (1 - np.exp(-0.01)) * np.exp(-0.04))


def test_contrast_after_gadolinium_is_that_of_the_nephrographic_phase():
    names = ("cortex", "medulla", "fat", "muscle", "urine")
    values = [signal(name, "T1C") for name in names]
    assert values[0] > values[1] > values[3] > values[4]
    assert values[2] > 1.5 * values[3]


def test_fluid_is_brightest_and_muscle_dark_on_t2():
    values = {name: signal(name, "T2") for name in ("urine", "fat", "lesion", "muscle", "liver")}
    assert max(values, key=lambda name: values[name]) == "urine"
    assert min(values, key=lambda name: values[name]) in {"muscle", "liver"}


def test_uptake_brightens_the_lesion_on_t1c_but_not_on_t2():
    assert signal("lesion", "T1C", uptake_mm=0.8) > signal("lesion", "T1C", uptake_mm=0.2)
    assert signal("lesion", "T2", uptake_mm=0.8) == signal("lesion", "T2", uptake_mm=0.2)


def test_fat_suppression_darkens_fat_alone():
    west = default_sites()[3]
    plain = west.t1c.model_copy(update={"fat_suppression": 0.0})
    for name, factor in (("fat", 1 - west.t1c.fat_suppression), ("muscle", 1.0)):
        shared = {"sequence_name": "T1C", "field_strength_t": 3.0}
        suppressed = float(tissue_signal(name, sequence=west.t1c, **shared))
        assert suppressed == pytest.approx(factor * float(tissue_signal(name, sequence=plain, **shared)))
