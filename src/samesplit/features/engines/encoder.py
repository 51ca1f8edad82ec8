"""The encoder engine: the embedding of a lesion by a frozen pretrained network, a feature a number of it.

Nothing is fitted, and each lesion is embedded alone, so that its features depend on no other lesion. On one
processor they are the same bit for bit, whatever the number of processes.
"""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

from samesplit.extras import require_extra
from samesplit.features.engines.encoder_settings import EncoderSettings
from samesplit.features.engines.protocol import EngineSettings, FeatureInfo, FeatureValues, Step
from samesplit.imaging.case import Case
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest

if TYPE_CHECKING:
    from samesplit.features.engines.profile import Profile

__all__ = ["EncoderEngine", "feature_name"]

_LIBRARIES = ("SimpleITK", "monai", "numpy", "scipy", "torch")


class EncoderEngine:
    """Embeddings by networks of MONAI, and a few that it has not, with weights from the user's path."""

    name = "encoder"
    settings: type[EngineSettings] = EncoderSettings

    @cached_property
    def version(self) -> str:
        """The version of PyTorch, and a digest of the code around it and of the libraries that values depend on.

        Raises:
            MissingExtraError: PyTorch or MONAI is not installed.
        """
        require_extra("networks", needed_by="the engine 'encoder'")
        code = hash_object([source_digest(__name__), library_digest(*_LIBRARIES)])
        return f"{version('torch')}+{code[:12]}"

    def catalogue(self, settings: EngineSettings) -> tuple[FeatureInfo, ...]:
        """Return a feature for each number of the embedding; neither PyTorch nor the weights need be there."""
        assert isinstance(settings, EncoderSettings)
        family = "encoder" if settings.weights != "random" else "encoder with random weights"
        return tuple(
            FeatureInfo(
                feature_name(place),
                family,
                aggregation=settings.pooling,
                note=f"channel {place} of the last stage of {settings.network}, {settings.pooling} over the input",
            )
            for place in range(settings.embedding)
        )

    def extract(self, case: Case, profile: Profile) -> FeatureValues:
        """Return the embedding of one case; see `Engine`.

        Raises:
            LesionError: The network cannot take the case.
            ModelError: The weights cannot be read, or are of another network.
            MissingExtraError: PyTorch or MONAI is not installed.
        """
        assert isinstance(profile.settings, EncoderSettings)
        require_extra("networks", needed_by="the engine 'encoder'")
        from samesplit.features.engines.encoder_embedding import embed

        embedding, layout = embed(case, profile.settings)
        values = {feature_name(place): float(value) for place, value in enumerate(embedding)}
        return FeatureValues(values, steps=_steps(profile.settings, layout))


def feature_name(place: int) -> str:
    """Name the feature at a place of the embedding.

    Example:
        >>> feature_name(12)
        'encoder_0012'
    """
    return f"encoder_{place:04d}"


def _steps(settings: EncoderSettings, layout: str) -> tuple[Step, ...]:
    told = settings.provenance()
    weights = told["weights"] if settings.is_random else f"{told['weights']}, SHA-256 {told['sha256']}"
    view = settings.view
    field = f"{view.field_mm:g} mm wide" if view.field_mm else f"the box and {view.margin_mm:g} mm around it"
    low, high = settings.intensities
    return (
        Step("view", f"{view.view}, {field}, in {view.size} voxels a side"),
        Step(
            "intensities",
            f"{view.scaling} of the surroundings"
            if settings.window is None
            else f"{settings.window[0]:g} to {settings.window[1]:g} become {low:g} to {high:g}",
        ),
        Step("network", told["network"]),
        Step("weights", weights + (f", layout {layout}" if layout else "")),
        Step("pooling", f"{settings.pooling} of the last stage"),
    )
