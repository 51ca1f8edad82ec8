"""Free-response studies that several tests share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.statistics.mrmc.free_response import FreeResponseStudy, HitRule

FAR = 500.0


def worked_example() -> FreeResponseStudy:
    """The nine cases of Chakraborty's RJafrocFrocBook, chapter 3, whose figures RJafroc prints.

    One reader; four cases without lesions (n1 to n4) and five with one, one, two, two and three.
    """
    false = [("n2", 0.5), ("n3", 0.7), ("n3", 0.6), ("n4", -0.3), ("d1", 1.5)]
    found = {
        "d1": [0.9],
        "d2": [-0.2],
        "d3": [1.6, None],
        "d4": [3.0, 2.0],
        "d5": [1.0, 2.5, 1.0],
    }
    weights = {"d1": [1], "d2": [1], "d3": [0.1, 0.9], "d4": [0.9, 0.1], "d5": [0.3, 0.4, 0.3]}
    rows: list[tuple[str, float, float]] = [("n1", np.nan, np.nan)]  # read, and nothing marked
    rows += [(case, rating, FAR + 50 * place) for place, (case, rating) in enumerate(false)]
    lesions = []
    for case, ratings in found.items():
        for place, rating in enumerate(ratings):
            lesions.append((f"{case}-{place}", case, 100.0 * place, weights[case][place]))
            if rating is not None:
                rows.append((case, rating, 100.0 * place + 1))
    marks = pd.DataFrame(rows, columns=["case", "rating", "x_mm"])
    marks = marks.assign(reader="r", y_mm=np.where(marks["x_mm"].isna(), np.nan, 0.0))
    table = pd.DataFrame(lesions, columns=["lesion", "case", "x_mm", "weight"]).assign(y_mm=0.0)
    cases = [*("n1", "n2", "n3", "n4"), *found]
    return FreeResponseStudy.from_marks(marks, table, cases, HitRule(10))


def simulated(
    *, modalities: int = 2, readers: int = 3, cases: int = 26, seed: int = 0, per_patient: int = 1
) -> FreeResponseStudy:
    """Readers of two skills, half of the cases with one to three lesions, ratings from 1 to 9 with ties."""
    rng = np.random.default_rng(seed)
    names = [f"c{place}" for place in range(cases)]
    lesions = [
        (f"{name}-{number}", name, 100.0 * number, 0.0, 20.0)
        for name in names[: cases // 2]
        for number in range(rng.integers(1, 4))
    ]
    table = pd.DataFrame(lesions, columns=["lesion", "case", "x_mm", "y_mm", "z_mm"])
    rows = []
    for i in range(modalities):
        for j in range(readers):
            for name in names:
                rows.append((f"m{i}", f"r{j}", name, np.nan, np.nan, np.nan, np.nan))
                for at in rng.uniform(FAR, 2 * FAR, rng.poisson(0.7)):
                    rows.append((f"m{i}", f"r{j}", name, float(rng.integers(1, 7)), at, 0.0, 20.0))
            for _, case, x, y, z in lesions:
                if rng.random() < 0.6 + 0.2 * i:
                    rating = float(np.clip(round(rng.normal(5 + i, 2)), 1, 9))
                    rows.append((f"m{i}", f"r{j}", case, rating, x + rng.normal(0, 2), y, z))
    columns = ["modality", "reader", "case", "rating", "x_mm", "y_mm", "z_mm"]
    patients = {name: str(place // per_patient) for place, name in enumerate(names)}
    return FreeResponseStudy.from_marks(
        pd.DataFrame(rows, columns=columns), table, names, HitRule(20), patients=patients
    )
