"""What a model file says of TabICL; torch is not imported to read it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, PrivateAttr, field_validator

from samesplit.errors import ModelError
from samesplit.extras import EXTRAS
from samesplit.models.protocol import Model
from samesplit.models.radiomics.feature_settings import FeatureSettings
from samesplit.models.radiomics.selectors import SELECTORS
from samesplit.models.settings import UNDECIDING
from samesplit.storage import hash_file, hash_object
from samesplit.tasks import TaskKind

__all__ = ["CHECKPOINT", "TabiclSettings"]

CHECKPOINT = "tabicl-classifier-v2-20260212.ckpt"
"""The published checkpoint of the second version."""


class TabiclSettings(FeatureSettings):
    """`kind: tabicl`: TabICL v2, a pretrained transformer that is given the training lesions as context.

    Nothing is trained or tuned: the lesions of the training part are the context in which the network (Qu et al.,
    arXiv 2602.11139) reads the others. Its authors tried it on 300 rows and more, and up to 2,000 columns.
    Features are ranked by a selector on the training part, and the first `size` are kept. The checkpoint is a file
    of yours; nothing is ever downloaded, and it is read as plain tensors, never as code. Needs the extra `tabicl`
    (BSD-3), which brings torch; a graphics card is used where there is one.
    """

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    built_by: ClassVar[str] = "samesplit.models.tabicl.model:TabiclModel"
    kind: Literal["tabicl"] = "tabicl"
    checkpoint: str
    """The published file of weights and configuration (.ckpt); relative to this YAML file's folder."""
    selector: str = "anova-f"
    """What ranks the features on the training part where there are more than `size`; a selector of the grid."""
    size: int = Field(default=100, ge=1)
    """So many features are kept at most."""
    views: int = Field(default=8, ge=1)
    """The mean is taken over so many orders of columns and classes, half of them with power-transformed values
    (`n_estimators` of the library)."""

    _folder: Path | None = PrivateAttr(default=None)
    _where: str | None = PrivateAttr(default=None)

    @field_validator("selector")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in SELECTORS:
            near = difflib.get_close_matches(name, SELECTORS, n=1)
            raise ValueError(
                f"there is no selector '{name}'" + (f"; did you mean '{near[0]}'?" if near else "")
            )
        return name

    def came_from(self, folder: Path, where: str) -> None:
        """Remember the folder that a relative path starts from, and how messages name the place."""
        self._folder, self._where = folder, where

    @property
    def file(self) -> Path:
        """The checkpoint, whether it exists or not."""
        return (self._folder or Path()) / Path(self.checkpoint).expanduser()

    def check_ready(self) -> None:
        """See to it that the checkpoint is there.

        Raises:
            ModelError: It is not.
        """
        if not self.file.is_file():
            raise ModelError(
                f"the checkpoint of TabICL, '{self.file}', does not exist",
                where=self._where or f"model '{self.name}'",
                remedy=f"fetch {CHECKPOINT} (huggingface.co/jingang/TabICL) and name its path under 'checkpoint'; "
                "paths are relative to the folder of the YAML file, and samesplit downloads nothing by itself",
            )

    def extras(self) -> dict[str, tuple[str, ...]]:
        """TabICL, which brings torch."""
        return {"tabicl": EXTRAS["tabicl"]}

    def provenance(self) -> dict[str, str]:
        """Tell which checkpoint is read; see `ModelSettings.provenance`."""
        return {
            "network": "TabICL",
            "weights": self.file.name,
            "source": "Qu et al., arXiv:2602.11139; https://huggingface.co/jingang/TabICL",
            "licence": "BSD-3-Clause",
            "sha256": hash_file(self.file),
        }

    def digest(self) -> str:
        """Compute a hash of the settings, of the checkpoint by its content and not by its name."""
        settings = self.model_dump(mode="json", exclude=UNDECIDING)
        if self.file.is_file():
            settings["checkpoint"] = hash_file(self.file)
        return hash_object(settings)

    def build(self, *, cache: Path | None = None) -> Model:
        """Build a fresh model."""
        model: Model = self.model_class()(self)
        return model
