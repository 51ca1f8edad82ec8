"""Measure how often planned reader studies find what they were planned to find: the table of docs/planning.md.

    python scripts/simulate_planned_power.py --studies 1000

Readings follow the Roe-Metz model of two modalities. Power is planned from its components for 100 cases,
scaled to the numbers of readers and cases of each line, and beside it stands the share of simulated studies
whose Obuchowski-Rockette analysis (random readers and cases, DeLong covariance) finds the difference. With
1,000 studies a share of 0.5 has a standard error of 0.016.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np

from samesplit.statistics.mrmc import ReaderStudy, obuchowski_rockette
from samesplit.statistics.mrmc.roe_metz import RoeMetz, roe_metz_to_or
from samesplit.statistics.planning import DifferenceVariance, reader_study_power

MODELS = {
    "readers alike": RoeMetz((1.2, 1.5), 0.0055, 0.0055, 0.3, 0.3, 0.2, 0.2),
    "readers apart": RoeMetz((1.2, 1.5), 0.03, 0.03, 0.3, 0.3, 0.2, 0.2),
}
DESIGNS = ((4, 60), (4, 200), (8, 100), (8, 200), (12, 100))


def draw(rng: np.random.Generator, model: RoeMetz, readers: int, cases: int) -> ReaderStudy:
    """Draw a crossed study, half of its cases positive."""
    truth = np.arange(cases) % 2
    reader = np.sqrt(model.reader) * rng.normal(size=(1, readers, 2))
    both = np.sqrt(model.modality_reader) * rng.normal(size=(2, readers, 2))
    scores = np.asarray(model.separations)[:, np.newaxis, np.newaxis] * truth + (reader + both)[:, :, truth]
    for variance, shape in (
        (model.case, (1, 1, cases)),
        (model.modality_case, (2, 1, cases)),
        (model.reader_case, (1, readers, cases)),
        (model.error, (2, readers, cases)),
    ):
        scores = scores + np.sqrt(variance) * rng.normal(size=shape)
    names = (("a", "b"), tuple(map(str, range(readers))), tuple(map(str, range(cases))))
    return ReaderStudy(scores, truth, *names, np.arange(cases))


def rows(n_studies: int) -> Iterable[list[str]]:
    """Planned power and simulated share, a line a design."""
    for title, model in MODELS.items():
        aucs, parts = roe_metz_to_or(model, n_negative=50, n_positive=50)
        variance = DifferenceVariance.of_two_modalities(
            modality_reader=parts.modality_reader,
            error=parts.error,
            cov1=parts.cov1,
            cov2=parts.cov2,
            cov3=parts.cov3,
            cases=100,
        )
        effect = aucs[1] - aucs[0]
        for readers, cases in DESIGNS:
            planned = reader_study_power(variance, readers=readers, cases=cases, effect=effect)
            rng = np.random.default_rng(3)
            found = [
                next(
                    iter(
                        obuchowski_rockette(
                            draw(rng, model, readers, cases), covariance="delong"
                        ).differences.values()
                    )
                ).p_value
                < 0.05
                for _ in range(n_studies)
            ]
            yield [
                title,
                f"{effect:.3f}",
                str(readers),
                str(cases),
                f"{planned.power:.3f}",
                f"{np.mean(found):.3f}",
            ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies a line")
    asked = parser.parse_args()
    head = ["model", "difference", "readers", "cases", "planned power", "share that find it"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows(asked.studies):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
