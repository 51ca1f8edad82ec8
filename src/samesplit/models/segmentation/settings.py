"""What a model file may say about a network that draws masks. Nothing here needs torch; `build` imports it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.errors import DeclarationError
from samesplit.extras import EXTRAS
from samesplit.models.protocol import Model, Requirements
from samesplit.models.settings import ModelSettings, Weights
from samesplit.tasks import SegmentationTask, Task, TaskKind

__all__ = [
    "SegmentationAugmentation",
    "SegmentationNetworkSettings",
    "SegmentationTraining",
    "StageSettings",
]


class StageSettings(Declaration):
    """One network of a `segmentation-network`: how coarsely it sees the image, and how wide and deep it is."""

    network: Literal["unet", "dynunet", "basicunet"] = "unet"
    """The 3D network of MONAI: `UNet` with residual units, `DynUNet` (that of nnU-Net) or `BasicUNet`."""
    filters: int = Field(default=16, ge=2, le=128)
    """Feature channels at full resolution; each level has twice as many as the one above it."""
    levels: int = Field(default=4, ge=2, le=6)
    """Resolutions, each half of the one above it. `basicunet` always has 5."""
    patch: int = Field(default=64, ge=8, le=256)
    """Side in voxels of the cube that the network sees at once; a multiple of what its levels halve."""
    voxel_mm: float | None = Field(default=4.0, gt=0)
    """Edge in mm of the cubic voxels that images are resampled to. null: the whole field (the image, or the
    crop of the second stage) is brought to `patch` voxels a side, whatever its shape."""
    margin_mm: float = Field(default=20.0, ge=0)
    """Of the second stage: by how many mm the box of the organ, or of the coarsely found lesion, is widened."""

    @model_validator(mode="after")
    def _patch_halves(self) -> StageSettings:
        if self.network == "dynunet" and self.levels < 3:
            raise ValueError("a 'dynunet' has at least 3 'levels'")
        halvings = 4 if self.network == "basicunet" else self.levels - 1
        if self.patch % 2**halvings:
            raise ValueError(f"'patch' must be a multiple of {2**halvings}, which the network's levels halve")
        return self


class SegmentationAugmentation(Declaration):
    """Random changes of the training patches of a `segmentation-network`; sequences and mask move together."""

    flips: bool = True
    """Along each axis, half of the time."""
    rotation_degrees: float = Field(default=10.0, ge=0, le=180)
    """About each axis, up to this many degrees either way."""
    shift: float = Field(default=0.1, ge=0, le=0.5)
    """Along each axis, up to this share of the patch either way."""
    noise: float = Field(default=0.1, ge=0)
    """Standard deviation of Gaussian noise, in scaled grey values."""
    intensity_scale: float = Field(default=0.1, ge=0, lt=1)
    """Grey values are multiplied by up to 1 plus or minus this."""


class SegmentationTraining(Declaration):
    """How each network of a `segmentation-network` is trained: Dice plus cross-entropy loss, AdamW."""

    epochs: int = Field(default=60, ge=1)
    """Exactly so many; of them the one with the highest Dice on the validation part is kept, else the last."""
    patches_per_image: int = Field(default=2, ge=1)
    """Patches of each training image in an epoch."""
    batch_size: int = Field(default=2, ge=1)
    """Patches in one step of the optimiser."""
    lesion_share: float = Field(default=0.67, gt=0, lt=1)
    """Share of the patches that are centred on a voxel of the mask; the others are centred outside it."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """The largest."""
    weight_decay: float = Field(default=1e-5, ge=0)
    """How strongly large weights are drawn towards 0."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """cosine: down to 1 % of the learning rate in the last epoch."""
    validate_every: int = Field(default=5, ge=1)
    """Epochs between two looks at the validation part."""
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    """auto: a GPU when there is one. A fold always trains on one device."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the numbers that are computed with: 32 bits, or 16 bits where the device can (`16-mixed`: a GPU)."""


class SegmentationNetworkSettings(ModelSettings):
    """3D U-Nets that outline lesions: one over the whole image, or one that finds where to look before it.

    It answers tasks of masks (`kind: segmentation`). An image is segmented as a whole: lesions of one image are
    learnt together, and share one predicted mask.
    """

    built_by: ClassVar[str] = "samesplit.models.segmentation.model:SegmentationModel"
    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"segmentation"})

    kind: Literal["segmentation-network"] = "segmentation-network"
    localise: Literal["no", "organ", "lesion"] = "lesion"
    """The first stage. no: one stage, the network looks at the whole image; organ: a coarse network outlines the
    organ (column `organ_mask` of images.csv) and the second sees the box round each part of it; lesion: where no
    organ was outlined, a coarse network outlines the lesion itself and the second sees the box round that."""
    sequences_as: Literal["channels", "networks"] = "channels"
    """channels: all sequences are brought to the grid of the first and seen together; networks: each sequence has
    networks of its own, and is segmented by itself."""
    coarse: StageSettings = StageSettings(voxel_mm=6.0, patch=48)
    """The network that localises."""
    fine: StageSettings = StageSettings()
    """The network that draws the mask."""
    windows: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Fixed windows in physical units (HU, SUV) by sequence: low becomes -1, high 1, clipped beyond. Other
    sequences are scaled to mean 0 and SD 1 of the whole image, clipped at 5 SD."""
    components: Literal["all", "largest"] = "all"
    """Which connected parts of the predicted mask are kept: all, or the largest of each image."""
    smallest_ml: float = Field(default=0.0, ge=0)
    """Connected parts smaller than this, in mL, are taken out of the predicted mask."""
    augmentation: SegmentationAugmentation = SegmentationAugmentation()
    training: SegmentationTraining = SegmentationTraining()
    keep: Weights = "best"
    """Which weights are kept on the disk after a run: best (of the one fitted model, among all seeds, repeats and
    folds, with the highest Dice on its validation part), all, or none. Predicted masks are kept of every one."""

    @field_validator("windows")
    @classmethod
    def _rising_windows(cls, value: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for sequence, (low, high) in value.items():
            if not low < high:
                raise ValueError(f"the window of {sequence} must rise from low to high")
        return value

    def keeps(self) -> Weights:
        """As declared."""
        return self.keep

    def extras(self) -> dict[str, tuple[str, ...]]:
        """PyTorch, and what trains with it."""
        return {"networks": EXTRAS["networks"]}

    def needs(self) -> Requirements:
        """Images and masks, those of the organ among them where that is found first, and no features."""
        return Requirements(sequences=self.sequences, images=True, organ_masks=self.localise == "organ")

    def check_task(self, task: Task) -> None:
        """See to it that the task asks for masks of sequences that the model sees.

        Raises:
            DeclarationError: It asks for none of them.
        """
        asked = task.sequences if isinstance(task, SegmentationTask) else ()
        if asked and self.sequences and not set(asked) & set(self.sequences):
            raise DeclarationError(
                f"it sees {', '.join(self.sequences)}, and masks of {', '.join(asked)} are asked for",
                remedy="name a sequence that is asked for under the model's 'sequences'",
            )

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh, unfitted model.

        Args:
            cache: A folder for prepared images that folds, seeds and models may share. Without it each fold
                prepares its own inside its own folder.
        """
        model: Model = self.model_class()(self, cache=cache)
        return model
