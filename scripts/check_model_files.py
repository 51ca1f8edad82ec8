"""Does every network in `models/` train: beat chance on a synthetic cohort, and stay at chance on shuffled labels?

Each file is used with its architecture, head, fusion, view, mask, windows and augmentation, and with what makes it
finish on two CPU cores: small inputs, few channels, 250 steps, no weights from elsewhere. So this says that a file
can be trained and learns nothing where there is nothing to learn; not how well it does as published.

    python scripts/check_model_files.py                     # all networks, about twelve minutes on one core
    python scripts/check_model_files.py resnet10-3d --steps 300
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.synthetic import CtSettings, generate
from samesplit.models.networks.settings import ImageModelSettings, NetworkSettings
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.registry import read_model
from samesplit.statistics.auc import area_interval, auc_interval
from samesplit.statistics.interval import Interval
from samesplit.statistics.multiclass_auc import multiclass_auc_influence
from samesplit.tasks import BinaryTask, ClassificationTask, MulticlassTask

MODELS = Path(__file__).parents[1] / "models"
PHASES = ("N", "A", "V")
MALIGNANT = BinaryTask(question="Which masses are malignant?", positive="malignant", negative="benign")
MASS_TYPE = MulticlassTask(
    question="AML, cystic or solid?", column="mass_type", classes=("AML", "cystic", "solid")
)
OF_THREE_CLASSES = ("resnet10-3d", "resnet10-3d-peking")
"""Files after the study that told three types of masses apart."""
VOXEL_MM = 2.5
SHARES = (0.45, 0.6)
"""The patients up to here train, up to there validate, and the others test."""


@dataclass(frozen=True)
class Cohort:
    """The synthetic CT cohort with all phases, as models are given it; labels are in `lesions`."""

    lesions: pd.DataFrame
    images: pd.DataFrame

    def cases(self, ids: list[str], sequences: tuple[str, ...]) -> Cases:
        """Return some lesions as a model sees them."""
        images = self.images[self.images["lesion_id"].isin(ids) & self.images["sequence"].isin(sequences)]
        nothing = pd.DataFrame(index=pd.Index(ids, name="lesion_id"))
        known = self.lesions.loc[ids, ["patient_id", "site"]]
        return Cases(known, images.reset_index(drop=True), nothing, nothing, sequences, "R1")


def make_cohort(folder: Path, patients: int) -> Cohort:
    """Build the cohort, or find it built."""
    made = generate(CtSettings(n_patients=patients, seed=11, effect=1.4), folder)
    images = made.images.assign(spacing_mm=np.nan)
    for column in ("image", "mask"):
        images[column] = [str(folder / name) for name in images[column]]
    return Cohort(made.lesions.set_index("lesion_id"), images)


def small(path: Path, steps: int) -> ImageModelSettings | None:
    """Return the settings of a network's file, cut down to what two cores can do; None for other kinds."""
    settings = read_model(path)
    if not isinstance(settings, NetworkSettings):
        return None
    inputs = settings.inputs.model_dump(mode="json")
    side = 32 if settings.inputs.dimensions == 2 else 24
    inputs |= {"size": min(side, settings.inputs.size), "mm_per_pixel": None}
    if settings.inputs.dimensions == 2 and settings.inputs.field_mm is not None:
        # Pixels not larger than the cohort's voxels; so few of them show less of the surroundings.
        inputs["field_mm"] = min(settings.inputs.field_mm, side * VOXEL_MM)
    changed: dict[str, Any] = {
        "inputs": inputs,
        "weights": None,
        "sequences": [],
        "keep": "none",
        "training": {
            "steps": steps,
            "batch_size": 16,
            "sampling": "balanced",
            "learning_rate": 0.002,
            "warmup_steps": steps // 10,
            "patience": None,
            "accelerator": "cpu",
        },
    }
    if settings.network.startswith("resnet"):
        changed |= {"width": min(settings.width, 0.25), "stem": "medium"}
    return read_model(path, overrides=changed)  # type: ignore[return-value]


def sequences_of(settings: ImageModelSettings) -> tuple[str, ...]:
    """Return the phases that a file is tried with: all of one that joins phases, else the arterial one."""
    several = getattr(settings, "fusion", None) is not None
    wanted = getattr(settings, "number_of_sequences", None)
    return (
        PHASES if several and wanted in (None, 3) else PHASES[1:2] if wanted in (None, 1) else PHASES[:wanted]
    )


def try_model(
    settings: ImageModelSettings, cohort: Cohort, *, shuffled: bool, folder: Path
) -> tuple[Interval, int]:
    """Train a network and judge it on patients that it has not seen.

    Returns:
        The AUC (of three classes: each against the others) with its interval, and how many lesions were judged.
    """
    task: ClassificationTask = MASS_TYPE if settings.name in OF_THREE_CLASSES else MALIGNANT
    sequences = sequences_of(settings)
    with_images = cohort.images.loc[cohort.images["sequence"].isin(sequences), "lesion_id"].unique()
    lesions = cohort.lesions.loc[sorted(with_images)]
    labels = lesions[task.column].map(task.classes.index)
    if shuffled:
        labels[:] = np.random.default_rng(5).permutation(labels.to_numpy())
    place = pd.factorize(lesions["patient_id"])[0] / lesions["patient_id"].nunique()
    part = np.digitize(place, SHARES)
    training, validation, test = (lesions.index[part == number].tolist() for number in range(3))
    fold = TrainingFold(
        training=cohort.cases(training, sequences),
        training_labels=labels[training],
        validation=cohort.cases(validation, sequences),
        validation_labels=labels[validation],
        seed=1,
        directory=folder,
        task=task,
    )
    model = settings.build(cache=folder.parent / "inputs")
    model.fit(fold)
    found = model.predict(cohort.cases(test, sequences)).dropna()
    truth, patients = labels[found.index].to_numpy(), lesions.loc[found.index, "patient_id"].to_numpy()
    if isinstance(task, BinaryTask):
        return auc_interval(truth, found["probability"].to_numpy(), patients=patients), len(found)
    influence = multiclass_auc_influence(truth, found.to_numpy(), patients, np.zeros(len(found)))
    of_class = [len(set(patients[truth == number])) for number in range(len(task.classes))]
    sizes = [[(count, sum(of_class) - count)] for count in of_class]
    return area_interval(influence, sizes, method="one-versus-rest"), len(found)


def main(argv: list[str] | None = None) -> int:
    """Try all networks and return the exit code: 1 where one does not do what it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="model files, without .yaml; default: all networks")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--patients", type=int, default=120)
    parser.add_argument(
        "--data", type=Path, help="where the cohort is built; default: a folder that is removed"
    )
    asked = parser.parse_args(argv)
    wrong = 0
    print(f"{'model file':34}{'lesions':>8}  {'AUC':26}{'shuffled labels':26}{'seconds':>8}")
    with tempfile.TemporaryDirectory() as scratch:
        cohort = make_cohort(asked.data or Path(scratch) / "cohort", asked.patients)
        for path in sorted(MODELS.glob("*.yaml")):
            if asked.names and path.stem not in asked.names:
                continue
            settings = small(path, asked.steps)
            if settings is None:
                continue
            started = time.perf_counter()
            told, fine = [], True
            for shuffled in (False, True):
                folder = Path(scratch) / path.stem / ("shuffled" if shuffled else "real")
                folder.mkdir(parents=True)
                auc, count = try_model(settings, cohort, shuffled=shuffled, folder=folder)
                told.append(f"{auc.estimate:.3f} ({auc.ci_low:.3f} to {auc.ci_high:.3f})")
                fine &= auc.ci_low <= 0.5 <= auc.ci_high if shuffled else auc.ci_low > 0.5
            wrong += not fine
            seconds = time.perf_counter() - started
            note = "" if fine else "  <- not as it should be"
            print(f"{path.stem:34}{count:8}  {told[0]:26}{told[1]:26}{seconds:8.0f}{note}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
