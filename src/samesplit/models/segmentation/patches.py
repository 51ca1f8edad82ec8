"""Training patches as functions of the seed, the epoch and their place in it; MONAI crops and changes them."""

from __future__ import annotations

import numpy as np
import torch
from monai.transforms.compose import Compose
from monai.transforms.croppad.dictionary import RandCropByPosNegLabeld, RandSpatialCropd
from monai.transforms.intensity.dictionary import RandGaussianNoised, RandScaleIntensityd
from monai.transforms.spatial.dictionary import RandAffined, RandFlipd
from monai.transforms.transform import Transform
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from samesplit.models.networks.batches import EpochBatches
from samesplit.models.segmentation.settings import (
    SegmentationAugmentation,
    SegmentationTraining,
    StageSettings,
)
from samesplit.models.segmentation.volumes import Volume

__all__ = ["patch_loader", "patch_transforms", "volume_loader"]

Item = tuple[Tensor, Tensor]


def patch_transforms(
    stage: StageSettings, augmentation: SegmentationAugmentation, *, lesion_share: float, empty: bool
) -> Compose:
    """Return the transforms that turn a volume into a training patch.

    Args:
        stage: The patch's size.
        augmentation: Random changes; image and mask move together.
        lesion_share: Share of the patches that are centred on a voxel of the mask.
        empty: Whether the mask of the volume is empty: the patch then lies anywhere.
    """
    both, size = ["image", "mask"], (stage.patch,) * 3
    crop: Transform
    if empty:
        crop = RandSpatialCropd(both, size, random_size=False)
    else:
        crop = RandCropByPosNegLabeld(
            both, "mask", size, pos=lesion_share, neg=1 - lesion_share, num_samples=1
        )
    changes: list[Transform] = []
    if augmentation.flips:
        changes += [RandFlipd(both, prob=0.5, spatial_axis=axis) for axis in range(3)]
    angle, shift = float(np.deg2rad(augmentation.rotation_degrees)), augmentation.shift * stage.patch
    if angle > 0 or shift > 0:
        changes.append(
            RandAffined(
                both,
                prob=1.0,
                rotate_range=(angle,) * 3,
                translate_range=(shift,) * 3,
                mode=("bilinear", "nearest"),
                padding_mode="border",
            )
        )
    if augmentation.intensity_scale > 0:
        changes.append(RandScaleIntensityd("image", factors=augmentation.intensity_scale, prob=1.0))
    if augmentation.noise > 0:
        changes.append(RandGaussianNoised("image", prob=1.0, std=augmentation.noise))
    return Compose([crop, *changes])


class PatchDataset(Dataset[Item]):
    """Batches of patches, addressed by lists of (epoch, place); a place stands for one patch of one volume."""

    def __init__(
        self,
        volumes: list[Volume],
        stage: StageSettings,
        augmentation: SegmentationAugmentation,
        training: SegmentationTraining,
        *,
        seed: int,
    ) -> None:
        self.volumes = volumes
        self.seed = seed
        self.transforms = {
            empty: patch_transforms(stage, augmentation, lesion_share=training.lesion_share, empty=empty)
            for empty in (True, False)
        }

    def __getitem__(self, places: list[tuple[int, int]]) -> Item:
        patches = [self._patch(epoch, place) for epoch, place in places]
        return torch.stack([image for image, _ in patches]), torch.stack([mask for _, mask in patches])

    def _patch(self, epoch: int, place: int) -> Item:
        image, mask = self.volumes[place % len(self.volumes)].load()
        transform = self.transforms[not mask.any()]
        # Nothing is carried from one patch to the next, so that a training goes on exactly from a checkpoint.
        transform.set_random_state(
            int(np.random.SeedSequence([self.seed, epoch, place]).generate_state(1)[0])
        )
        made = transform({"image": torch.from_numpy(image), "mask": torch.from_numpy(mask)})
        made = made[0] if isinstance(made, list) else made
        return made["image"].as_tensor().contiguous(), made["mask"].as_tensor().contiguous()


class VolumeDataset(Dataset[Item]):
    """Whole volumes in order, as batches of one."""

    def __init__(self, volumes: list[Volume]) -> None:
        self.volumes = volumes

    def __getitem__(self, places: list[tuple[int, int]]) -> Item:
        ((_, index),) = places
        image, mask = self.volumes[index].load()
        return torch.from_numpy(image)[None], torch.from_numpy(mask)[None]


def patch_loader(
    volumes: list[Volume],
    stage: StageSettings,
    augmentation: SegmentationAugmentation,
    training: SegmentationTraining,
    *,
    seed: int,
) -> DataLoader[Item]:
    """Return the training batches: in an epoch `patches_per_image` of each volume, in an order drawn anew."""
    dataset = PatchDataset(volumes, stage, augmentation, training, seed=seed)
    batches = EpochBatches(len(volumes) * training.patches_per_image, training.batch_size, seed=seed)
    return DataLoader(dataset, sampler=batches, batch_size=None)


def volume_loader(volumes: list[Volume]) -> DataLoader[Item]:
    """Return whole volumes, one at a time."""
    return DataLoader(VolumeDataset(volumes), sampler=EpochBatches(len(volumes), 1), batch_size=None)
