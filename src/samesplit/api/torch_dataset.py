"""A PyTorch dataset of lesions. Imported only where PyTorch is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import Dataset

__all__ = ["LesionDataset"]


class LesionDataset(Dataset[Any]):
    """Lesions as dictionaries of tensors; made by `fold.train.dataset(...)`.

    Attributes:
        lesions: The lesion_ids of the items, in order.
    """

    def __init__(
        self,
        lesions: Sequence[str],
        read: Callable[[int], dict[str, Any]],
        targets: Sequence[Mapping[str, Any]],
        transform: Callable[[dict[str, Any]], Any] | None,
    ) -> None:
        self.lesions = list(lesions)
        self._read, self._targets, self._transform = read, targets, transform

    def __len__(self) -> int:
        return len(self.lesions)

    def __getitem__(self, index: int) -> Any:
        """One lesion: `image` (float32), `mask` where images are whole, `lesion_id`, and the outcome if given."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} lesions")
        index %= len(self)
        arrays = {name: torch.from_numpy(array) for name, array in self._read(index).items()}
        item = {**arrays, "lesion_id": self.lesions[index], **self._targets[index]}
        return item if self._transform is None else self._transform(item)
