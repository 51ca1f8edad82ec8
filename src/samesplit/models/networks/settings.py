"""What a model file may say about a network; its inputs, augmentation and training have files of their own.

Nothing here needs torch; `build` imports it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, PrivateAttr, field_validator, model_validator

from samesplit.errors import ModelError
from samesplit.extras import EXTRAS
from samesplit.imaging.views.settings import InputSettings
from samesplit.models.networks.architecture_settings import FusionSettings, HeadSettings
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
MONAI = "monai:"
"""What a name of `network` begins with that is a class of MONAI."""
MONAI_CHECK = "samesplit.models.networks.architectures.monai_networks"
WEIGHTS_CHECK = "samesplit.models.networks.architectures.build"
STEMS = {"standard": 4, "medium": 2, "small": 1}
"""By how much the first layers of a ResNet divide each side; the stages behind them divide by 8."""
Normalisation = Literal["batch", "group", "instance"]
WeightBits = Literal[16, 32]
Share = Annotated[float, Field(ge=0, lt=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


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
    """Which weights are kept on the disk after a run. best: in each task those of the one fitted network, among
    all seeds, repeats and folds, that did best on its validation part by `monitor`; all: those of every one (22 MB
    each for a ResNet-18); none. Predictions and training history are kept of every one."""

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
        return Requirements(
            sequences=self.sequences, images=True, reference_sequence=self.inputs.reference_sequence
        )

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh, unfitted network.

        Args:
            cache: A folder for prepared inputs that folds, seeds and models may share. Without it each fold
                prepares its own inputs inside its own folder.
        """
        model: Model = self.model_class()(self, cache=cache)
        return model


class NetworkSettings(ImageModelSettings):
    """A ResNet, one ResNet for each sequence, or any network of MONAI by name; from random or given weights.

    `docs/networks.md` tells where each file in `models/` comes from, and what is set of a `monai:` network.
    """

    kind: Literal["network"] = "network"
    network: str = "resnet18"
    """`resnet10`, `resnet18`, `resnet34` or `resnet50`; or `monai:` and the name of a class of
    `monai.networks.nets`, such as `monai:DenseNet121` or `monai:ViT`."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """What the class of `monai:` is built with besides the numbers of dimensions, channels, classes and pixels,
    which are set by the package."""
    width: float = Field(default=1.0, gt=0, le=4)
    """Multiplies the number of channels of every layer of a ResNet."""
    stem: Literal["standard", "medium", "small"] = "standard"
    """The first layers. standard: 7-wide stride-2 convolution and max-pooling, as for ImageNet; medium:
    3-wide stride-2 convolution without pooling; small: 3-wide stride-1 convolution without pooling, for
    inputs of about 32 pixels."""
    norm: Normalisation = "batch"
    """What keeps activations in bounds. batch: their mean and SD over the lesions of a batch; the
    numbers that stand in for them at prediction are taken from the training part before every validation. group:
    over groups of channels (at most 8) of one lesion, whatever the batch's size; instance: over one channel of one
    lesion, which forgets how bright it is. Weights made with batch normalisation go with `batch`."""
    fusion: FusionSettings | None = None
    """One encoder a sequence: the table `fusion` below; null: all sequences are channels of one network."""
    head: HeadSettings = HeadSettings()
    """The layers behind the convolutions: the table `head` below."""
    dropout: Share = 0.0
    """Before the last layer."""
    number_of_sequences: int | None = Field(default=None, ge=1)
    """How many sequences the network is made for: a benchmark that would give it more or fewer is told so before
    anything runs. null: any number."""
    weights: str | None = None
    """Published or own weights to start from (.pt, .pth, .safetensors; relative to this YAML file's folder), in
    any layout that docs/encoders.md lists; every encoder gets them, and their last layer is dropped."""
    sha256: Sha256 | None = None
    """SHA-256 of the file of `weights`; another file is refused."""
    source: str = ""
    """Where the weights come from: a link or DOI, for the report."""
    licence: str = ""
    """Under which licence they were published, for the report."""

    @field_validator("network")
    @classmethod
    def _known_network(cls, value: str) -> str:
        known = get_args(Architecture)
        if value in known or re.fullmatch(rf"{MONAI}[A-Za-z_][\w.]*", value):
            return value
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ValueError(
            f"there is no network '{value}'; {hint}write {', '.join(known)}, or '{MONAI}' and the name of a class "
            "of monai.networks.nets"
        )

    @model_validator(mode="after")
    def _of_resnets(self) -> NetworkSettings:
        fields = type(self).model_fields
        if self.of_monai:
            for key in ("width", "stem", "fusion"):
                if getattr(self, key) != fields[key].default:
                    raise ValueError(f"'{key}' goes with the ResNets; of '{self.network}' use 'parameters'")
        elif self.parameters:
            raise ValueError(f"'parameters' go with '{MONAI}...'; '{self.network}' has 'width' and 'stem'")
        return self

    @model_validator(mode="after")
    def _sequences_are_as_many(self) -> NetworkSettings:
        wanted, named = self.number_of_sequences, len(self.sequences)
        if wanted is not None and named and named != wanted:
            raise ValueError(f"'number_of_sequences' is {wanted}, and 'sequences' names {named}")
        return self

    @property
    def of_monai(self) -> bool:
        """Whether the network is a class of MONAI by name."""
        return self.network.startswith(MONAI)

    def needs(self) -> Requirements:
        """Images and masks of so many sequences, no features."""
        return replace(super().needs(), number_of_sequences=self.number_of_sequences)

    @model_validator(mode="after")
    def _weights_fit(self) -> NetworkSettings:
        if self.weights is not None and self.stem != "standard":
            raise ValueError("'weights' go with the standard stem")
        if self.weights is not None and self.norm != "batch":
            raise ValueError("'weights' go with 'norm: batch', which they were made with")
        if self.weights is None and (self.sha256 or self.source or self.licence):
            raise ValueError("'sha256', 'source' and 'licence' are of 'weights', and there are none")
        if self.weights is None and self.training.fine_tune != "all":
            raise ValueError(
                "'fine_tune: head' needs 'weights' to start from; random ones would stay as they are"
            )
        return self

    _folder: Path | None = PrivateAttr(default=None)

    def came_from(self, folder: Path, where: str) -> None:
        """Remember the folder of the YAML file, which a relative path of `weights` starts from."""
        self._folder = folder

    def weights_file(self) -> Path | None:
        """Return the file of the starting weights, whether it exists or not; None: random weights."""
        return None if self.weights is None else (self._folder or Path()) / Path(self.weights).expanduser()

    def check_ready(self) -> None:
        """See to it that the starting weights are there and are the network's, and that the inputs suit it."""
        file = self.weights_file()
        if file is not None and not file.is_file():
            raise ModelError(
                f"the file of the starting weights, '{file}', does not exist",
                where=f"model '{self.name}'",
                remedy="paths are relative to the folder of the YAML file; leave 'weights' out for random ones",
            )
        if file is not None and self.sha256 is not None and (found := hash_file(file)) != self.sha256.lower():
            raise ModelError(
                f"the starting weights '{file}' have the SHA-256 {found}, not {self.sha256.lower()}",
                where=f"model '{self.name}'",
                remedy="download them again, or correct 'sha256' if you mean this file",
            )
        self._check_size()
        check: Callable[[NetworkSettings], None]
        if file is not None:
            check = import_module(WEIGHTS_CHECK).check_starting_weights
            check(self)
        elif self.of_monai:
            check = import_module(MONAI_CHECK).check_monai_network
            check(self)

    def _check_size(self) -> None:
        """Refuse inputs that a ResNet would halve although they are one pixel wide already."""
        size, least = self.inputs.size, 4 * STEMS[self.stem]
        if not self.of_monai and size <= least:
            fits = [stem for stem, factor in STEMS.items() if size > 4 * factor]
            raise ModelError(
                f"an input of {size} pixels is too small: {self.network} with 'stem: {self.stem}' halves it to "
                "one pixel before its last convolutions",
                where=f"model '{self.name}'",
                remedy=f"set 'size' under 'inputs' to more than {least}"
                + (f", or 'stem: {fits[0]}'" if fits else ""),
            )

    def provenance(self) -> dict[str, str]:
        """Tell where the starting weights come from; see `ModelSettings.provenance`."""
        file = self.weights_file()
        if file is None:
            return {}
        return {
            "network": self.network if self.width == 1 else f"{self.network}, width {self.width:g}",
            "weights": file.name,
            "source": self.source,
            "licence": self.licence,
            "sha256": hash_file(file),
        }

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
