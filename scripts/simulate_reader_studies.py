"""Measure how often the tests of reader studies reject when nothing differs, and how often their intervals hold.

    python scripts/simulate_reader_studies.py measure --output reports/simulated-readers    # about 15 minutes
    python scripts/simulate_reader_studies.py measure --output ... --setting HH-5-50        # one setting alone
    python scripts/simulate_reader_studies.py size --output ...     # a study of the size of PANORAMA, and VIPER
    python scripts/simulate_reader_studies.py scale --output ...    # plain intervals and on the logit scale
    python scripts/simulate_reader_studies.py page --output ... --docs docs                 # writes the page

Ratings come from the model of Roe and Metz (doi:10.1016/S1076-6332(97)80032-3), two modalities of the same AUC. A
setting is a variance structure, a number of readers and a number of cases of each class. Every function is called
as a user calls it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.statistics.mrmc import (
    ORAnalysis,
    ReaderStudy,
    RoeMetz,
    UAnalysis,
    fixed_sequence,
    incomplete_standalone,
    model_against_readers,
    obuchowski_rockette,
    on_logit_scale,
    roe_metz_to_or,
    u_statistic_analysis,
)
from samesplit.statistics.mrmc.variances import degrees_for_t
from samesplit.statistics.student import StudentInterval, student_interval

Array = np.ndarray
Finding = tuple[str, str, float]
"""A table of the page, a method, and 1 for a study whose interval holds the truth, else 0."""

SEPARATION = 1.5
VARIANCES = ("reader", "modality_reader", "case", "modality_case", "reader_case", "error")
STRUCTURES = {
    name: dict(zip(VARIANCES, values, strict=True))
    for name, values in (
        ("HH", (0.03, 0.03, 0.3, 0.3, 0.2, 0.2)),
        ("LL", (0.0055, 0.0055, 0.1, 0.1, 0.2, 0.6)),
    )
}
SETTINGS = [("HH", readers, cases) for readers in (3, 5, 10) for cases in (50, 100)]
SETTINGS += [("LL", 5, 50), ("LL", 5, 100)]

NULL, SINGLE, MODEL = "null", "single", "model"
PAGE = "reader-studies-simulation.md"


@dataclass(frozen=True)
class Setting:
    """One kind of study.

    Attributes:
        structure: Name of the variance structure.
        readers: How many.
        cases: Of each class.
    """

    structure: str
    readers: int
    cases: int

    @property
    def name(self) -> str:
        """How the setting is called on the command line."""
        return f"{self.structure}-{self.readers}-{self.cases}"

    @property
    def model(self) -> RoeMetz:
        """The parameters of the ratings."""
        return RoeMetz((SEPARATION, SEPARATION), **STRUCTURES[self.structure])

    @property
    def truth(self) -> Array:
        """Shape (2 * cases,): negatives first."""
        return np.repeat([0, 1], self.cases)

    @cached_property
    def area(self) -> float:
        """The expected AUC of a reader, and of the model."""
        return roe_metz_to_or(self.model, n_negative=self.cases, n_positive=self.cases)[0][0]


def simulated(setting: Setting, rng: np.random.Generator) -> tuple[ReaderStudy, Array]:
    """Draw a study of two modalities, and a model that shares what is hard about the cases with the readers."""
    model, truth, n_readers = setting.model, setting.truth, setting.readers
    n = truth.size

    def effect(variance: float, *shape: int) -> Array:
        return math.sqrt(variance) * rng.standard_normal(shape)

    # Readers have one effect for negative and one for positive cases, as in the model of Roe and Metz.
    reader = effect(model.reader, 1, n_readers, 2)[:, :, truth]
    modality_reader = effect(model.modality_reader, 2, n_readers, 2)[:, :, truth]
    case = effect(model.case, 1, 1, n)
    scores = SEPARATION * truth + reader + modality_reader + case + effect(model.modality_case, 2, 1, n)
    scores = scores + effect(model.reader_case, 1, n_readers, n) + effect(model.error, 2, n_readers, n)
    separation = SEPARATION / math.sqrt(1 + model.reader + model.modality_reader)
    by_model = separation * truth + case[0, 0] + effect(1 - model.case, n)
    readers = tuple(f"reader {place}" for place in range(n_readers))
    cases = tuple(f"case {place}" for place in range(n))
    return ReaderStudy(scores, truth, ("A", "B"), readers, cases, np.arange(n)), by_model


def half_read(study: ReaderStudy, rng: np.random.Generator) -> ReaderStudy:
    """Take about half of the cases from each reader, the same under both modalities."""
    taken = rng.random(study.scores.shape[1:]) < 0.5
    scores = np.where(taken, np.nan, study.scores)
    return ReaderStudy(scores, study.truth, study.modalities, study.readers, study.cases, study.patients)


def findings(setting: Setting, rng: np.random.Generator) -> Iterator[Finding]:
    """Judge one simulated study in all ways."""
    study, by_model = simulated(setting, rng)
    half = half_read(study, rng)
    whole = u_statistic_analysis(study)
    ways: dict[str, ORAnalysis | UAnalysis] = {
        "OR, jackknife": obuchowski_rockette(study),
        "U-statistics": whole,
        "half read, U-statistics": u_statistic_analysis(half),
        "half read, centred": u_statistic_analysis(half, variance="centred"),
    }
    for name, found in ways.items():
        yield NULL, name, holds(found.differences["A", "B"], 0.0)
        yield SINGLE, name, holds(found.modalities["A"], setting.area)
    variance = whole.difference_variances["A", "B"]
    df = degrees_for_t(variance.df, "imrmc")
    difference = whole.differences["A", "B"].estimate
    rounded = student_interval(difference, variance.value, df, method="df as iMRMC")
    yield NULL, "U-statistics, df as iMRMC", holds(rounded, 0.0)
    one, part = study.select(modalities=["A"]), half.select(modalities=["A"])
    against = model_against_readers(one, by_model)
    yield MODEL, "1T-RRRC, jackknife", holds(against.difference, 0.0)
    yield MODEL, "U-statistics", holds(incomplete_standalone(one, by_model).difference, 0.0)
    yield MODEL, "half read, U-statistics", holds(incomplete_standalone(part, by_model).difference, 0.0)
    yield MODEL, "model as a constant (wrong)", holds(against.naive, 0.0)


def holds(found: StudentInterval, truth: float) -> float:
    """Whether an interval is there and holds the truth; a study without an interval refutes nothing."""
    return float(not (truth < found.ci_low or truth > found.ci_high))


def measure(setting: Setting, n_studies: int, output: Path, part: int) -> None:
    """Simulate studies of one setting, or a part of them, and keep the shares."""
    rng = np.random.default_rng([setting.readers, setting.cases, sum(map(ord, setting.structure)), part])
    start = time.perf_counter()
    rows = [found for _ in range(n_studies) for found in findings(setting, rng)]
    table = pd.DataFrame(rows, columns=["table", "method", "holds"])
    shares = table.groupby(["table", "method"], sort=False)["holds"].mean().reset_index()
    output.mkdir(parents=True, exist_ok=True)
    kept = {
        "setting": setting.name,
        "n_studies": n_studies,
        "area": setting.area,
        "seconds": time.perf_counter() - start,
        "shares": shares.to_dict("records"),
    }
    (output / f"{setting.name}.{part}.json").write_text(json.dumps(kept, indent=1) + "\n")
    print(f"{setting.name}: {n_studies} studies, {kept['seconds']:.0f} s", flush=True)


def scale(output: Path, most: int) -> None:
    """Keep how often plain intervals of one modality, and those on the logit scale, hold its AUC."""
    kept = []
    for args, n_studies in ((("HH", 3, 50), 1000), (("HH", 5, 100), 600), (("HH", 10, 50), 500)):
        setting, rng = Setting(*args), np.random.default_rng(5)
        n_studies = min(n_studies, most)
        rows = []
        for _ in range(n_studies):
            study = simulated(setting, rng)[0].select(modalities=["A"])
            plain = u_statistic_analysis(study).modalities["A"]
            above = float(plain.ci_low > setting.area)
            rows.append([holds(plain, setting.area), above, holds(on_logit_scale(plain), setting.area)])
        shares = np.mean(rows, axis=0).tolist()
        kept.append({"setting": setting.name, "n_studies": n_studies, "shares": shares})
        print(kept[-1], flush=True)
    output.mkdir(parents=True, exist_ok=True)
    (output / "scale.json").write_text(json.dumps(kept, indent=1) + "\n")


def size(output: Path) -> None:
    """Time a model against 68 readers of 391 of 1,130 cases each, and VIPER where its data is."""
    rng = np.random.default_rng(0)
    truth = np.zeros(1130, dtype=int)
    truth[:406] = 1
    hard = rng.normal(size=1130) * 0.8
    scores = 1.6 * truth + hard + rng.normal(size=(1, 68, 1)) * 0.2 + rng.normal(size=(1, 68, 1130)) * 0.8
    for reader in range(68):
        scores[0, reader, rng.permutation(1130)[391:]] = np.nan
    names = tuple(map(str, range(1130)))
    study = ReaderStudy(scores, truth, ("unaided",), names[:68], names, np.arange(1130))
    by_model = 1.7 * truth + hard + rng.normal(size=1130) * 0.8
    start = time.perf_counter()
    found = incomplete_standalone(study, by_model, margin=0.05)
    sequence = fixed_sequence(found.difference, 0.05)
    kept: dict[str, object] = {
        "seconds": time.perf_counter() - start,
        "difference": [found.difference.estimate, found.difference.ci_low, found.difference.ci_high],
        "steps": [[step.name, step.p_one_sided, step.p_two_sided] for step in sequence.steps],
        "conclusion": sequence.conclusion,
    }
    output.mkdir(parents=True, exist_ok=True)
    (output / "size.json").write_text(json.dumps(kept, indent=1) + "\n")
    print(json.dumps(kept, indent=1))
    folder = os.environ.get("SAMESPLIT_DATA")
    if folder:
        viper(Path(folder) / "reader_stats" / "viper_obs.csv.gz")


def viper(path: Path) -> None:
    """Print the tables of docs/reader-studies-viper.md."""
    start = time.perf_counter()
    readings = pd.read_csv(path)
    readings["called"] = (readings["recall"] == 1).astype(float)
    parts = list(readings.groupby("subStudyLabel", sort=False))
    for figure, column in (("auc", "score"), ("sensitivity", "called"), ("specificity", "called")):
        print(
            f"\n{figure}: study, readers, cases, positive, readings, FFDM, SFM, difference, SE, df, P, centred SE"
        )
        for name, rows in [*parts, ("all five", readings)]:
            study = ReaderStudy.from_columns(
                rows["readerID"],
                rows["caseID"],
                rows[column],
                rows["cancerStatus455"],
                modality=rows["modalityID"],
            ).select(modalities=["FFDM", "SFM"])
            found = u_statistic_analysis(study, figure)
            difference = found.differences["FFDM", "SFM"]
            variance = found.difference_variances["FFDM", "SFM"]
            means = [f"{found.modalities[name].estimate:.3f}" for name in ("FFDM", "SFM")]
            told = [name, len(study.readers), len(study.cases), int(study.truth.sum()), len(rows), *means]
            told += [f"{difference.estimate:.4f} ({difference.ci_low:.3f} to {difference.ci_high:.3f})"]
            told += [f"{difference.standard_error:.4f}", f"{variance.df:.1f}", f"{difference.p_value:.3f}"]
            print(" | ".join(map(str, [*told, f"{math.sqrt(variance.centred):.4f}"])))
    print(f"{time.perf_counter() - start:.1f} s")


def page(output: Path, docs: Path) -> None:
    """Write the page from what was kept."""
    kept = {}
    for structure, readers, cases in SETTINGS:
        name = Setting(structure, readers, cases).name
        kept[name] = _together(
            [json.loads(path.read_text()) for path in sorted(output.glob(f"{name}.*.json"))]
        )
    n = min(found["n_studies"] for found in kept.values())
    text = (Path(__file__).parent / "simulated_reader_studies.md").read_text()
    text = text.replace("{n_studies}", f"{n:,}")
    text = text.replace("{error}", f"{100 * math.sqrt(0.05 * 0.95 / n):.1f}")
    for table, flip in ((NULL, True), (SINGLE, False), (MODEL, True)):
        text = text.replace(f"{{{table}}}", _table(kept, table, flip=flip))
    lines = []
    for found in json.loads((output / "scale.json").read_text()):
        structure, readers, cases = found["setting"].split("-")
        told = [f"{100 * share:.1f}" for share in found["shares"]]
        n_studies = f"{found['n_studies']:,}"
        lines.append(
            f"| {structure} | {readers} | {cases} + {cases} | {n_studies} | " + " | ".join(told) + " |"
        )
    (docs / PAGE).write_text(text.replace("{scale}", "\n".join(lines)))


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Take the parts of a setting as one."""
    total = sum(part["n_studies"] for part in parts)
    rows = pd.concat(
        [pd.DataFrame(part["shares"]).assign(weight=part["n_studies"] / total) for part in parts]
    )
    rows["holds"] *= rows["weight"]
    shares = rows.groupby(["table", "method"], sort=False)["holds"].sum().reset_index()
    return {"n_studies": total, "shares": shares.to_dict("records")}


def _table(kept: dict[str, Any], table: str, *, flip: bool) -> str:
    methods = [row["method"] for row in kept["HH-3-50"]["shares"] if row["table"] == table]
    lines = ["| structure | readers | cases | " + " | ".join(methods) + " |"]
    lines.append("|---|---|---|" + "---|" * len(methods))
    for name, found in kept.items():
        structure, readers, cases = name.split("-")
        shares = {row["method"]: row["holds"] for row in found["shares"] if row["table"] == table}
        told = [f"{100 * (1 - shares[one] if flip else shares[one]):.1f}" for one in methods]
        lines.append(f"| {structure} | {readers} | {cases} + {cases} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def main() -> None:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("which", choices=["measure", "scale", "size", "page"])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--setting", help="one setting alone, such as HH-5-50")
    parser.add_argument(
        "--part", type=int, default=0, help="of the studies of a setting, with draws of its own"
    )
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies a setting")
    asked = parser.parse_args()
    if asked.which == "size":
        size(asked.output)
    elif asked.which == "scale":
        scale(asked.output, asked.studies)
    elif asked.which == "page":
        page(asked.output, asked.docs)
    else:
        for one in SETTINGS:
            setting = Setting(*one)
            if asked.setting in (None, setting.name):
                measure(setting, asked.studies, asked.output, asked.part)


if __name__ == "__main__":
    main()
