"""The masses of the T1 mapping cohort, before any image is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.t1_mapping.settings import Measure, T1MappingSettings
from samesplit.benchmarks.synthetic.whole_numbers import whole_numbers

__all__ = ["T1Lesion", "draw_lesions"]

_PHASE_CORRELATION = 0.6


@dataclass(frozen=True)
class T1Lesion:
    """One mass and its patient.

    `t1_ms` and `t1e_ms` are T1 of its solid part before and after contrast, `cmp_percent` and `np_percent` its
    enhancement in two phases; `necrosis` is the fraction of the volume that is necrotic; `irregularity` the
    standard deviation of the relative radius; `texture_mm` the correlation length.
    """

    index: int
    lesion_id: str
    label: Literal["benign", "malignant"]
    subtype: str
    date: str
    age: int
    diameter_mm: float
    size_mm: float
    t1_ms: float
    t1e_ms: float
    cmp_percent: float
    np_percent: float
    irregularity: float
    necrosis: float
    texture_mm: float
    findings: dict[str, str]


def draw_lesions(settings: T1MappingSettings) -> list[T1Lesion]:
    """Draw all masses; the counts of subtypes and findings are exact in each class, who has which is random."""
    rng = stream(settings.seed, "order")
    places = rng.permutation(sum(subtype.count for subtype in settings.subtypes))
    named = [(subtype.name, subtype.label) for subtype in settings.subtypes for _ in range(subtype.count)]
    found_of = {label: _findings(settings, label) for label in ("malignant", "benign")}
    lesions, seen = [], {"malignant": 0, "benign": 0}
    for index in range(len(named)):
        subtype, label = named[int(places[index])]
        lesions.append(_lesion(settings, index, subtype, label, found_of[label][seen[label]]))
        seen[label] += 1
    return lesions


def _findings(settings: T1MappingSettings, label: str) -> list[dict[str, str]]:
    """Return the findings of each lesion of a class."""
    total = settings.count(label)
    columns = {}
    for finding in settings.findings:
        counts = whole_numbers(finding.shares(label, effect=settings.effect), total)
        levels = np.repeat(np.array(finding.levels, dtype=object), counts)
        columns[finding.name] = stream(settings.seed, "finding", finding.name, label).permutation(levels)
    return [{name: str(levels[place]) for name, levels in columns.items()} for place in range(total)]


def _lesion(
    settings: T1MappingSettings,
    index: int,
    subtype: str,
    label: Literal["benign", "malignant"],
    findings: dict[str, str],
) -> T1Lesion:
    rng = stream(settings.seed, index, "lesion")
    z = rng.standard_normal(6)
    z[3] = _PHASE_CORRELATION * z[2] + np.sqrt(1 - _PHASE_CORRELATION**2) * z[3]
    measures = settings.measures

    def value(measure: Measure, score: float, *, skewed: bool) -> float:
        share = settings.share_malignant
        mean, spread = measure.of(label, effect=settings.effect, share_malignant=share)
        drawn = _lognormal(mean, spread, score) if skewed else mean + spread * score
        return float(np.clip(drawn, *measure.limits))

    size_mm = value(measures.size_mm, z[4], skewed=False)
    days = (settings.last_day - settings.first_day).days
    return T1Lesion(
        index=index,
        lesion_id=f"P{index + 1:03d}",
        label=label,
        subtype=subtype,
        date=(settings.first_day + dt.timedelta(days=int(rng.integers(days + 1)))).isoformat(),
        age=round(value(measures.age, z[5], skewed=False)),
        diameter_mm=size_mm,
        size_mm=round(size_mm, 1),
        t1_ms=value(measures.t1_ms, z[0], skewed=True),
        t1e_ms=value(measures.t1e_ms, z[1], skewed=True),
        cmp_percent=value(measures.cmp_percent, z[2], skewed=True),
        np_percent=value(measures.np_percent, z[3], skewed=True),
        irregularity=0.025 if findings["shape"] == "round" else 0.09,
        necrosis=float(rng.uniform(0.12, 0.35)) if findings["necrosis"] == "yes" else 0.0,
        texture_mm=float(rng.uniform(4.0, 8.0)),
        findings=findings,
    )


def _lognormal(mean: float, spread: float, score: float) -> float:
    """Return the value of a lognormal distribution of this mean and SD at a standard normal score."""
    variance = np.log1p((spread / mean) ** 2)
    return float(mean * np.exp(np.sqrt(variance) * score - variance / 2))
