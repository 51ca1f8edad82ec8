"""What a model file may say about a network: its inputs, its augmentation and its training.

Nothing here needs torch; `build` imports it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.errors import ModelError
from samesplit.extras import EXTRAS
from samesplit.models.protocol import Model, Requirements
from samesplit.models.settings import UNDECIDING, ModelSettings, Weights
from samesplit.models.targets import TargetSettings
from samesplit.storage import hash_file, hash_object
from samesplit.tasks import TaskKind

__all__ = [
    "Architecture",
    "AugmentationSettings",
    "ImageModelSettings",
    "InputSettings",
    "NetworkSettings",
    "TorchModuleSettings",
    "TrainingSettings",
]

Architecture = Literal["resnet10", "resnet18", "resnet34", "resnet50"]
Share = Annotated[float, Field(ge=0, lt=1)]


class InputSettings(Declaration):
    """How a lesion's image and mask become the numbers that a network sees."""

    view: Literal["2.5d", "2d", "3d"] = "2.5d"
    """2.5d: the largest axial, sagittal and coronal slice as three channels a sequence; 2d: the largest
    axial slice; 3d: a cube."""
    size: int = Field(default=64, ge=8, le=512)
    """Side of the square or cube, in pixels or voxels."""
    margin_mm: float = Field(default=5.0, ge=0)
    """In mm, added on every side of the mask's bounding box."""
    aspect: Literal["keep", "stretch"] = "keep"
    """keep: the field is as wide as the box's longest side in every direction, so that a millimetre is the
    same number of pixels in each; stretch: each side of the box fills the field."""
    field_mm: float | None = Field(default=None, gt=0)
    """A fixed field of view in mm, centred on the box, the same for every lesion, which keeps the lesion's size;
    it stands in for the margin and aspect."""
    mask_background: bool = True
    """Whether everything outside the mask is set to 0."""
    background: Literal["mean", "lowest"] = "mean"
    """What that 0 means, with `mask_background`. mean: as `scaling` has it, which for z-score is the mean of the
    surroundings, so that a lesion as bright as they are is hard to tell from them; lowest: grey values are counted
    from the lowest of the surroundings upwards, so that the background is as dark as the darkest voxel."""
    mask_channel: bool = False
    """Whether the mask itself, 1 inside and 0 outside, is one more channel for each channel of an image, so that
    the network sees shape and size apart from brightness."""
    scaling: Literal["z-score", "percentile", "none"] = "z-score"
    """How grey values are made comparable, from the mask's bounding box widened by `surroundings_mm`.
    z-score: mean 0 and SD 1; percentile: the two `percentiles` become -1 and 1, clipped beyond."""
    surroundings_mm: float = Field(default=10.0, ge=0)
    """By how many mm the mask's bounding box is widened on every side for `scaling`."""
    percentiles: tuple[float, float] = (1.0, 99.0)
    """Of the grey values, in per cent, for `scaling: percentile`."""
    windows: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Fixed windows in physical units (HU, SUV) by sequence: low becomes -1, high 1, clipped beyond. They
    stand in for `scaling`."""

    @field_validator("percentiles")
    @classmethod
    def _rising_percentiles(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 100:
            raise ValueError("must be two rising numbers between 0 and 100")
        return value

    @field_validator("windows")
    @classmethod
    def _rising_windows(cls, value: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for sequence, (low, high) in value.items():
            if not low < high:
                raise ValueError(f"the window of {sequence} must rise from low to high")
        return value

    @model_validator(mode="after")
    def _background_is_masked(self) -> InputSettings:
        if self.background == "lowest" and not self.mask_background:
            raise ValueError("'background: lowest' goes with 'mask_background: true'")
        return self

    @property
    def planes(self) -> int:
        """How many images one sequence gives: slices, or one cube."""
        return 3 if self.view == "2.5d" else 1

    @property
    def channels_per_sequence(self) -> int:
        """How many channels one sequence gives: its images, then their masks where they are asked for."""
        return 2 * self.planes if self.mask_channel else self.planes

    def mask_places(self, channels: int) -> tuple[int, ...]:
        """Which of the channels of an input are masks.

        Args:
            channels: Of all sequences together.

        Example:
            >>> InputSettings(mask_channel=True).mask_places(12)
            (3, 4, 5, 9, 10, 11)
            >>> InputSettings().mask_places(6)
            ()
        """
        each = self.channels_per_sequence
        return tuple(place for place in range(channels) if place % each >= self.planes)

    @property
    def dimensions(self) -> int:
        """2 for slices, 3 for cubes."""
        return 3 if self.view == "3d" else 2


class AugmentationSettings(Declaration):
    """Random changes of the training inputs, drawn afresh for each lesion and epoch."""

    flips: bool = True
    """Each axis is turned round with a chance of one half."""
    rotation_degrees: float = Field(default=15.0, ge=0, le=180)
    """Largest turn to either side, in degrees; of a cube about each of its axes."""
    shear: float = Field(default=0.1, ge=0, lt=1)
    """Largest shear: by how much of a side one edge slides along the opposite one."""
    zoom: float = Field(default=0.1, ge=0, lt=1)
    """0.1: between 1/1.1 and 1.1 times as large."""
    shift: float = Field(default=0.05, ge=0, lt=1)
    """Largest shift along each axis, as a share of the side."""
    intensity_scale: float = Field(default=0.1, ge=0, lt=1)
    """0.1: each channel's values are multiplied by 1/1.1 to 1.1; those of a mask stay."""
    noise: float = Field(default=0.05, ge=0)
    """SD of the added Gaussian noise, in units of the scaled values; masked background stays 0, masks stay."""


class TrainingSettings(Declaration):
    """How a network is fitted to the training part of a fold."""

    epochs: int = Field(default=25, ge=1)
    """The most epochs; exactly this many when the validation part is empty."""
    batch_size: int = Field(default=16, ge=1)
    """Lesions in one step of the optimiser."""
    optimiser: Literal["adamw", "sgd"] = "adamw"
    """Adam with decoupled weight decay, or stochastic gradient descent."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """The largest: `schedule` and `warmup_epochs` lower it."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """How strongly large weights are drawn towards 0."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of SGD (Nesterov)."""
    schedule: Literal["cosine", "plateau", "constant"] = "cosine"
    """cosine: down to 1 % of the learning rate in the last epoch; plateau: a tenth after every
    `plateau_epochs` without a lower validation loss."""
    warmup_epochs: int = Field(default=0, ge=0)
    """Epochs over which the learning rate climbs linearly."""
    plateau_epochs: int = Field(default=5, ge=1)
    """Of `schedule: plateau`."""
    patience: int | None = Field(default=10, ge=1)
    """Stop after this many epochs in which the validation part got no better; null: never."""
    minimum_steps: int = Field(default=0, ge=0)
    """Before so many steps of the optimiser (batches) no epoch may be kept and no training stops early: on few
    lesions an epoch is a few steps, and the first one can look best by chance. Where `epochs` do not hold so
    many steps, there are more epochs."""
    monitor: Literal["loss", "auc"] = "loss"
    """What is watched on the validation part, for stopping and for choosing the epoch to keep."""
    class_weights: bool = True
    """Whether each class weighs the reciprocal of its frequency in the training part."""
    gradient_clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient."""
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    """auto: a GPU when there is one. A fold always trains on one device."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the numbers that are computed with: 32 bits, or 16 bits where the device can (`16-mixed`: a GPU)."""

    @model_validator(mode="after")
    def _warmup_ends(self) -> TrainingSettings:
        if self.warmup_epochs >= self.epochs:
            raise ValueError("'warmup_epochs' must be fewer than 'epochs'")
        return self

    def most_epochs(self, batches: int) -> int:
        """Return the most epochs of so many batches there can be: `epochs`, or as many as `minimum_steps` takes.

        Example:
            >>> TrainingSettings(epochs=25, minimum_steps=200).most_epochs(3)
            67
        """
        return max(self.epochs, -(-self.minimum_steps // batches))


class ImageModelSettings(ModelSettings):
    """What all models that look at images share."""

    built_by: ClassVar[str] = "samesplit.models.networks.model:NetworkModel"
    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    inputs: InputSettings = InputSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    training: TrainingSettings = TrainingSettings()
    keep: Weights = "best"
    """Which weights are kept on the disk after a run. best: those of the one fitted network, among all seeds,
    repeats and folds, that did best on its validation part by `monitor`; all: those of every one (45 MB each for a
    ResNet-18); none. Predictions and training history are kept of every one."""

    def keeps(self) -> Weights:
        """As declared."""
        return self.keep

    def extras(self) -> dict[str, tuple[str, ...]]:
        """PyTorch, and what trains with it."""
        return {"networks": EXTRAS["networks"]}

    def needs(self) -> Requirements:
        """Images and masks, no features."""
        return Requirements(sequences=self.sequences, images=True)

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh, unfitted network.

        Args:
            cache: A folder for prepared inputs that folds, seeds and models may share. Without it each fold
                prepares its own inputs inside its own folder.
        """
        model: Model = self.model_class()(self, cache=cache)
        return model


class NetworkSettings(ImageModelSettings):
    """A ResNet of MONAI, from random or given weights."""

    kind: Literal["network"] = "network"
    network: Architecture = "resnet18"
    width: float = Field(default=1.0, gt=0, le=4)
    """Multiplies the number of channels of every layer."""
    stem: Literal["standard", "medium", "small"] = "standard"
    """The first layers. standard: 7-wide stride-2 convolution and max-pooling, as for ImageNet; medium:
    3-wide stride-2 convolution without pooling; small: 3-wide stride-1 convolution without pooling, for
    inputs of about 32 pixels."""
    dropout: Share = 0.0
    """Before the last layer."""
    weights: str | None = None
    """A state dict to start from (.pt, .pth; relative to this YAML file's folder), with the parameter names
    of torchvision and MONAI ResNets; its last layer is dropped."""

    @model_validator(mode="after")
    def _weights_fit(self) -> NetworkSettings:
        if self.weights is not None and (self.width != 1.0 or self.stem != "standard"):
            raise ValueError("'weights' go with width 1 and the standard stem")
        return self

    _folder: Path | None = PrivateAttr(default=None)

    def came_from(self, folder: Path, where: str) -> None:
        """Remember the folder of the YAML file, which a relative path of `weights` starts from."""
        self._folder = folder

    def weights_file(self) -> Path | None:
        """Return the file of the starting weights, whether it exists or not; None: random weights."""
        return None if self.weights is None else (self._folder or Path()) / Path(self.weights).expanduser()

    def check_ready(self) -> None:
        """See to it that the file of the starting weights is there."""
        file = self.weights_file()
        if file is not None and not file.is_file():
            raise ModelError(
                f"the file of the starting weights, '{file}', does not exist",
                where=f"model '{self.name}'",
                remedy="paths are relative to the folder of the YAML file; leave 'weights' out for random ones",
            )

    def digest(self) -> str:
        """Compute a hash of the settings, of given weights by their file's content and not by its name."""
        settings = self.model_dump(mode="json", exclude=UNDECIDING)
        file = self.weights_file()
        if file is not None and file.is_file():
            settings["weights"] = hash_file(file)
        return hash_object(settings)


class TorchModuleSettings(ImageModelSettings, TargetSettings):
    """A torch module of the user's own, trained by the same loop on the same inputs.

    `target` names a `torch.nn.Module` that takes a batch of inputs, shape (batch, channels, sides...), and
    gives one logit (or two, one a class, negative first) for each; a module that ends in a sigmoid or softmax
    says `outputs: probabilities`. Of more than two classes it gives one logit a class, in their order.
    """

    kind: Literal["torch-module"] = "torch-module"
    outputs: Literal["logits", "probabilities"] = "logits"
    """What the module's `forward` gives; a module that ends in a sigmoid and is taken for logits is refused."""
    channels_parameter: str | None = None
    """The name of the parameter, if any, that is told the number of input channels."""
    classes_parameter: str | None = None
    """The name of the parameter, if any, that is told the number of the task's classes."""
