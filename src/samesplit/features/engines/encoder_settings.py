"""What a profile of the encoder engine may say: the weights, their network, and what it is shown. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from samesplit.errors import DeclarationError
from samesplit.extras import has_extra
from samesplit.features.engines.profile import EngineSettings
from samesplit.imaging.views.settings import InputSettings
from samesplit.pretrained.layouts import LAYOUTS
from samesplit.storage import hash_file

__all__ = ["EncoderSettings", "Network"]

Network = Literal[
    "resnet10",
    "resnet18",
    "resnet34",
    "resnet50",
    "segresnet",
    "monai-segresnet",
    "unet3d",
    "swin-unetr",
    "nnunet",
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]

_OPPOSITE = {"S": "I", "I": "S", "P": "A", "A": "P", "L": "R", "R": "L"}
_DIVISOR = {"segresnet": 16, "monai-segresnet": 8, "unet3d": 8, "swin-unetr": 32}
"""What the sides of an input must be a multiple of, so that no stage cuts anything off."""
_SMALLEST = {"unet3d": 16, "segresnet": 32, "monai-segresnet": 16, "swin-unetr": 32, "nnunet": 16}
"""Sides below which nothing is left of the image in the last stage; ResNets pool what there is."""


class EncoderSettings(EngineSettings):
    """A frozen encoder: its weights, its network, the view of the lesion that it gets, and how it is pooled."""

    network: Network
    """The network that the weights are of."""
    weights: str
    """The file of the weights, as downloaded from its publisher; relative to the folder of this YAML file.
    `random` for random weights, to see what the pretraining adds."""
    sha256: Sha256 | None = None
    """SHA-256 of the file; another file is refused."""
    source: str = ""
    """Where the weights come from: a link or DOI, for the report."""
    licence: str = ""
    """Under which licence they were published, for the report."""
    layout: str | None = None
    """How the publisher names the parameters (docs/encoders.md); by default all known ways are tried."""
    seed: int = 0
    """Of random weights."""
    width: float = Field(default=1.0, gt=0, le=8)
    """Multiplies the number of channels of every layer; 1 is the network's usual one (64 channels first in
    ResNets, 32 in segresnet and unet3d, 16 in monai-segresnet, 48 in swin-unetr). FMCIB has 2, VISTA3D 1.5."""
    dilated: bool = False
    """Of ResNets: the last two stages look farther instead of halving the sides, as MedicalNet was trained."""
    features: int | None = Field(default=None, ge=1)
    """How many numbers an nnU-Net gives: the channels of its bottleneck, 320 in most."""
    view: InputSettings = InputSettings(view="3d", mask_background=False)
    """The box around the lesion, as for networks; by default with its surroundings."""
    window: tuple[float, float] | None = None
    """A fixed window in the image's unit (HU): what is below or above is clipped, and outside the image lies its
    lower end. It stands in for the view's `scaling`."""
    intensities: tuple[float, float] = (-1.0, 1.0)
    """What the two ends of the window, or of `scaling: percentile`, become."""
    mean: tuple[float, ...] = ()
    """With `sd`: the grey image is given in as many channels, each less its mean and divided by its SD, as for
    weights from photographs; after `intensities`."""
    sd: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """See `mean`."""
    axes: str = "SPL"
    """Of cubes: towards which side of the patient the three axes of the input rise, in their order."""
    pooling: Literal["average", "max"] = "average"
    """How the feature map of the last stage becomes one number a channel."""

    _folder: Path | None = PrivateAttr(default=None)
    _hashed: tuple[Any, str] | None = PrivateAttr(default=None)

    @field_validator("view", mode="before")
    @classmethod
    def _box_by_default(cls, value: Any) -> Any:
        if isinstance(value, dict) and not {"mask", "mask_background", "background"} & value.keys():
            return {"mask_background": False} | value
        return value

    @field_validator("layout")
    @classmethod
    def _known_layout(cls, value: str | None) -> str | None:
        names = [layout.name for layout in LAYOUTS]
        if value is not None and value not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return value

    @field_validator("axes")
    @classmethod
    def _three_axes(cls, value: str) -> str:
        named = value.upper()
        if len(named) != 3 or {min(letter, _OPPOSITE.get(letter, "?")) for letter in named} != {
            "I",
            "A",
            "L",
        }:
            raise ValueError(
                "must name one of S and I, one of P and A, and one of L and R, such as SPL or RAS"
            )
        return named

    @field_validator("window", "intensities")
    @classmethod
    def _rising(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError("must rise from low to high")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> EncoderSettings:
        for problem in (*self._of_weights(), *self._of_view(), *self._of_intensities()):
            raise ValueError(problem)
        return self

    def _of_weights(self) -> Iterator[str]:
        resnet = self.network.startswith("resnet")
        if self.is_random and (self.sha256 or self.layout):
            yield "random weights have neither 'sha256' nor 'layout'"
        if self.is_random and self.network == "nnunet":
            yield "an nnU-Net is built from its weights, so they cannot be random"
        if not self.is_random and not (self.source and self.licence):
            yield "weights need 'source' and 'licence': the report says where they come from"
        if self.dilated and not resnet:
            yield "'dilated' goes with ResNets"
        if (self.features is not None) != (self.network == "nnunet"):
            yield "'features' is needed by nnunet, and by no other network"

    def _of_view(self) -> Iterator[str]:
        view = self.view
        if view.windows:
            yield "an encoder's window stands under 'window', not by sequence under 'view'"
        if view.channels_per_sequence != view.planes:
            yield "a pretrained encoder has no channel for the mask"
        if self.window is not None and (view.bias_correction or view.histogram_matching):
            yield "a window is in the image's unit, which bias correction and histogram matching take away"
        if view.grid not in (None, "own"):
            yield "features are of one sequence alone, so the view's 'grid' can only be own"
        if self.network in ("unet3d", "swin-unetr") and view.dimensions != 3:
            yield f"{self.network} takes cubes: a view of 3 dimensions"
        if view.dimensions == 2 and self.axes != "SPL":
            yield "'axes' goes with cubes"
        divisor, smallest = _DIVISOR.get(self.network, 1), _SMALLEST.get(self.network, 8)
        if view.size % divisor or view.size < smallest:
            sides = f"{smallest} or more" + (f" and a multiple of {divisor}" if divisor > 1 else "")
            yield f"the view's size must be {sides} for {self.network}, not {view.size}"

    def _of_intensities(self) -> Iterator[str]:
        if self.window is None and self.view.scaling != "percentile" and self.intensities != (-1.0, 1.0):
            yield "'intensities' goes with a window, or with the view's 'scaling: percentile'"
        if len(self.mean) != len(self.sd):
            yield "'mean' and 'sd' have a number for each channel"
        if self.mean and self.view.planes > 1:
            yield "'mean' and 'sd' go with a view of one image, which is then given in several channels"

    @property
    def is_random(self) -> bool:
        """Whether the weights are random."""
        return self.weights == "random"

    @property
    def channels(self) -> int:
        """How many channels the network is given."""
        return len(self.mean) or self.view.planes

    @property
    def embedding(self) -> int:
        """How many features there are: the channels of the last stage."""
        if self.network.startswith("resnet"):
            return int(512 * self.width) * (4 if self.network == "resnet50" else 1)
        first, doublings = {
            "segresnet": (32, 4), "monai-segresnet": (16, 3), "unet3d": (32, 4), "swin-unetr": (48, 4),
        }.get(self.network, (0, 0))  # fmt: skip
        return self.features or round(first * self.width) * 2**doublings

    def mask_regime(self) -> str:
        """Tell whether the network sees the lesion alone or its surroundings as well."""
        return "lesion" if self.view.mask_background else "box"

    def matching_reference(self) -> str | None:
        """Return the sequence that the view matches histograms to."""
        return None if self.view.histogram_matching is None else self.view.histogram_matching.reference

    def turn(self) -> tuple[tuple[int, int, int], tuple[int, ...]]:
        """Return the order of a cube's axes (rising to S, P and L), and which to flip afterwards, for `axes`."""
        order = tuple(max("SPL".find(letter), "IAR".find(letter)) for letter in self.axes)
        flips = tuple(place for place, letter in enumerate(self.axes) if letter in "IAR")
        return (order[0], order[1], order[2]), flips

    def came_from(self, folder: Path) -> None:
        """Remember the folder of the YAML file, which a relative path of `weights` starts from."""
        self._folder = folder

    def weights_file(self) -> Path | None:
        """Return the file of the weights, whether it exists or not; None for random ones."""
        return None if self.is_random else (self._folder or Path()) / Path(self.weights).expanduser()

    def check_ready(self, where: str | Path) -> None:
        """See to it that the weights are there, are the declared ones, and are those of the network.

        The network is built once, where PyTorch is installed: else every lesion would fail for the same reason.

        Raises:
            DeclarationError: They are not there, or not the declared ones.
            ModelError: They cannot be read, or are of another network.
        """
        self._check_file(where)
        if not self.is_random and has_extra("networks", "torch", "monai"):
            # Relative, since a full name would count its code as code of these settings.
            import_module(".encoder_embedding", __package__).check_weights(self)

    def _check_file(self, where: str | Path) -> None:
        file = self.weights_file()
        if file is None:
            return
        if not file.is_file():
            raise DeclarationError(
                f"the weights of the encoder, '{file}', do not exist",
                where=where,
                remedy=f"download them ({self.source}) and give their path under 'weights'; "
                "it is relative to the folder of the YAML file",
            )
        if self.sha256 is not None and self.weights_sha256() != self.sha256.lower():
            raise DeclarationError(
                f"the weights '{file}' have the SHA-256 {self.weights_sha256()}, not {self.sha256.lower()}",
                where=where,
                remedy="download them again, or correct 'sha256' if you mean this file",
            )

    def weights_sha256(self) -> str:
        """Return the SHA-256 of the file of the weights, read once while it stays as it is; empty if random."""
        file = self.weights_file()
        if file is None:
            return ""
        state = file.stat()
        seen = (str(file), state.st_size, state.st_mtime_ns)
        if self._hashed is None or self._hashed[0] != seen:
            self._hashed = (seen, hash_file(file))
        return self._hashed[1]

    def decides(self) -> dict[str, Any]:
        """Every setting that decides the values; the weights by their content and not by their name."""
        settings = self.model_dump(mode="json", exclude={"source", "licence", "sha256"})
        file = self.weights_file()
        if file is not None:
            self._check_file("the profile")
            settings["weights"] = [self.weights_sha256(), *(hash_file(one) for one in self._companions(file))]
        return settings

    def provenance(self) -> dict[str, str]:
        """Where the features come from, for the report: network, weights, source, licence, SHA-256."""
        file = self.weights_file()
        return {
            "network": self.network if self.width == 1 else f"{self.network}, width {self.width:g}",
            "weights": f"random (seed {self.seed})" if file is None else file.name,
            "source": self.source,
            "licence": self.licence,
            "sha256": self.weights_sha256(),
        }

    def _companions(self, file: Path) -> list[Path]:
        """Files near the weights that say what the network was."""
        if self.network == "segresnet":
            return [one for one in [file.with_name("config.json")] if one.is_file()]
        if self.network == "nnunet":
            return [one for one in (parent / "plans.json" for parent in file.parents[:3]) if one.is_file()][
                :1
            ]
        return []
