"""What a model file may say about a network; its inputs, augmentation and training have files of their own.

Nothing here needs torch; `build` imports it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr, model_validator

from samesplit.errors import ModelError
from samesplit.extras import EXTRAS
from samesplit.imaging.views.settings import InputSettings
from samesplit.models.networks.augmentation_settings import AugmentationSettings
from samesplit.models.networks.training_settings import TrainingSettings
from samesplit.models.protocol import Model, Requirements
from samesplit.models.settings import UNDECIDING, ModelSettings, Weights
from samesplit.models.targets import TargetSettings
from samesplit.storage import hash_file, hash_object
from samesplit.tasks import TaskKind

__all__ = [
    "Architecture",
    "ImageModelSettings",
    "NetworkSettings",
    "Normalisation",
    "TorchModuleSettings",
]

Architecture = Literal["resnet10", "resnet18", "resnet34", "resnet50"]
Normalisation = Literal["batch", "group", "instance"]
WeightBits = Literal[16, 32]
Share = Annotated[float, Field(ge=0, lt=1)]


class ImageModelSettings(ModelSettings):
    """What all models that look at images share."""

    built_by: ClassVar[str] = "samesplit.models.networks.model:NetworkModel"
    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    inputs: InputSettings = InputSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    training: TrainingSettings = TrainingSettings()
    test_time_augmentation: int = Field(default=0, ge=0, le=64)
    """How many randomly changed inputs of a lesion are predicted beside the one as it is; its probability is the
    mean. They are flipped, turned, sheared, zoomed and shifted as `augmentation` has it. 0: none."""
    keep: Weights = "best"
    """Which weights are kept on the disk after a run. best: those of the one fitted network, among all seeds,
    repeats and folds, that did best on its validation part by `monitor`; all: those of every one (22 MB each for a
    ResNet-18); none. Predictions and training history are kept of every one."""

    keep_precision: WeightBits = 16
    """Bits of a kept weight. 16: weights are rounded to half precision when the training is over, and the network
    predicts with these, so that half the room on the disk holds exactly the network that was judged (probabilities
    move by less than 0.005); 32: they stay as they were trained."""

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
    norm: Normalisation = "batch"
    """What keeps activations in bounds. batch: their mean and SD over the lesions of a batch; the
    numbers that stand in for them at prediction are taken from the training part before every validation. group:
    over groups of channels (at most 8) of one lesion, whatever the batch's size; instance: over one channel of one
    lesion, which forgets how bright it is. Weights made with batch normalisation go with `batch`."""
    dropout: Share = 0.0
    """Before the last layer."""
    weights: str | None = None
    """A state dict to start from (.pt, .pth; relative to this YAML file's folder), with the parameter names
    of torchvision and MONAI ResNets; its last layer is dropped."""

    @model_validator(mode="after")
    def _weights_fit(self) -> NetworkSettings:
        if self.weights is not None and (self.width != 1.0 or self.stem != "standard"):
            raise ValueError("'weights' go with width 1 and the standard stem")
        if self.weights is not None and self.norm != "batch":
            raise ValueError("'weights' go with 'norm: batch', which they were made with")
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
