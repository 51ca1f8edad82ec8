"""Measure how often a model is wrongly found to differ from readers: the tables of docs/reader-studies.md.

    python scripts/simulate_model_against_readers.py model      # a model as good as the mean reader
    python scripts/simulate_model_against_readers.py clusters   # two modalities, several lesions a patient

Readers' ratings follow the Roe-Metz model, the model's scores are one more column of it without a reader's effect.
With 1,000 studies a share of 0.05 has a standard error of 0.007.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from samesplit.statistics.mrmc import ReaderStudy, model_against_readers, obuchowski_rockette

MARGIN = 0.05
CASE = 0.5  # share of a rating's variance that all who see the case have in common


def table(head: list[str], rows: Iterable[list[str]]) -> None:
    """Print a markdown table line by line, as the lines are computed."""
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def draw(
    rng: np.random.Generator, *, readers: int, cases: int, auc: float, model_auc: float, var_reader: float
) -> tuple[ReaderStudy, np.ndarray]:
    """Draw the readings of one study, half of its cases positive, and the scores of a model of the same cases."""
    truth = np.arange(cases) % 2
    case = math.sqrt(CASE) * rng.normal(size=cases)
    own = math.sqrt(1 - CASE) * rng.normal(size=(readers + 1, cases))
    skill = math.sqrt(var_reader) * rng.normal(size=(readers, 2))[:, truth]
    separation = ndtri(auc) * math.sqrt(2 + 2 * var_reader)
    scores = separation * truth + skill + case + own[:readers]
    names = (("reading",), tuple(map(str, range(readers))), tuple(map(str, range(cases))))
    model = ndtri(model_auc) * math.sqrt(2) * truth + case + own[readers]
    return ReaderStudy(scores[np.newaxis], truth, *names, np.arange(cases)), model


def model_rows(n_studies: int) -> Iterable[list[str]]:
    """Shares of studies that reject what is true, by the right test and by the naive one, and at the margin."""
    for auc in (0.75, 0.9):
        for readers, cases in ((4, 60), (4, 200), (10, 60), (10, 200)):
            for var_reader in (0.01, 0.1):
                rng = np.random.default_rng(7)
                found = []
                for _ in range(n_studies):
                    study, model = draw(
                        rng, readers=readers, cases=cases, auc=auc, model_auc=auc, var_reader=var_reader
                    )
                    same = model_against_readers(study, model)
                    study, worse = draw(
                        rng,
                        readers=readers,
                        cases=cases,
                        auc=auc,
                        model_auc=auc - MARGIN,
                        var_reader=var_reader,
                    )
                    at_margin = model_against_readers(study, worse, margin=MARGIN)
                    found.append(
                        (
                            same.difference.p_value < 0.05,
                            same.naive.p_value < 0.05,
                            at_margin.difference.ci_low <= -MARGIN <= at_margin.difference.ci_high,
                            at_margin.non_inferiority_p < 0.025,
                        )
                    )
                shares = np.mean(found, axis=0)
                yield [f"{auc:g}", str(readers), str(cases), f"{var_reader:g}", *(f"{x:.3f}" for x in shares)]


def cluster_rows(n_studies: int) -> Iterable[list[str]]:
    """Shares of studies of two equal modalities that find them to differ, with and without knowing of patients."""
    for patients, each in ((20, 3), (40, 3), (40, 5)):
        for alike in (0.0, 0.3, 0.6):
            rng = np.random.default_rng(11)
            found = []
            for _ in range(n_studies):
                study = _clustered(rng, patients=patients, each=each, alike=alike)
                alone = replace(study, patients=np.arange(len(study.cases)))
                found.append(
                    [
                        obuchowski_rockette(one, covariance=covariance).differences["a", "b"].p_value < 0.05
                        for one, covariance in ((alone, "jackknife"), (study, "jackknife"), (study, "delong"))
                    ]
                )
            yield [str(patients), str(each), f"{alike:g}", *(f"{x:.3f}" for x in np.mean(found, axis=0))]


def _clustered(rng: np.random.Generator, *, patients: int, each: int, alike: float) -> ReaderStudy:
    """Draw five readers under two modalities; lesions of a patient have one truth and look `alike`."""
    owner = np.repeat(np.arange(patients), each)
    truth = (np.arange(patients) % 2)[owner]
    of_patient = rng.normal(size=(2, 1, patients))[:, :, owner]
    of_lesion = rng.normal(size=(2, 1, owner.size))
    shown = math.sqrt(alike) * of_patient + math.sqrt(1 - alike) * of_lesion
    scores = 1.3 * truth + 0.8 * shown + 0.6 * rng.normal(size=(2, 5, owner.size))
    scores += 0.2 * rng.normal(size=(2, 5, 2))[:, :, truth]
    names = (("a", "b"), tuple("12345"), tuple(map(str, range(owner.size))))
    return ReaderStudy(scores, truth, *names, owner)


def main() -> None:
    """Print the table that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("which", choices=["model", "clusters"])
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies a line")
    asked = parser.parse_args()
    if asked.which == "model":
        head = ["AUC", "readers", "cases", "reader variance", "rejects", "model as a constant rejects"]
        table([*head, "coverage", "not inferior at the margin"], model_rows(asked.studies))
    else:
        head = [
            "patients",
            "lesions each",
            "alike",
            "lesions as cases",
            "jackknife over patients",
            "Obuchowski",
        ]
        table(head, cluster_rows(asked.studies))


if __name__ == "__main__":
    main()
