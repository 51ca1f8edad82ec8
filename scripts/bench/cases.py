"""The images that are measured, and what a machine is."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import SimpleITK as sitk

STS = {"small": "STS_008", "medium": "STS_010", "large": "STS_005", "xlarge": "STS_013"}


def find_cases(data: Path, scratch: Path) -> dict[str, dict[str, str]]:
    """Paths of image, mask and the image with the lesion's histogram equalised, and sizes, by case."""
    cases = {name: (data / "sts" / patient / "MR_T1_{}.nii.gz") for name, patient in STS.items()}
    phantom = data / "ibsi1" / "ct_phantom" / "nifti"
    found = {}
    for name, pattern in cases.items():
        image, mask = Path(str(pattern).format("image")), Path(str(pattern).format("mask"))
        found[name] = _case(image, mask, scratch / f"{name}-equalised.nii.gz", STS[name])
    image, mask = (next(iter(sorted((phantom / kind).glob("*.nii.gz")))) for kind in ("image", "mask"))
    found["phantom"] = _case(image, mask, None, "IBSI CT phantom")
    return found


def _case(image: Path, mask: Path, equalised: Path | None, title: str) -> dict[str, str]:
    picture, roi = sitk.ReadImage(str(image), sitk.sitkFloat32), sitk.ReadImage(str(mask), sitk.sitkUInt8)
    values, inside = sitk.GetArrayFromImage(picture), sitk.GetArrayFromImage(roi) > 0
    volume = float(inside.sum() * np.prod(roi.GetSpacing()) / 1000)
    case = {"image": str(image), "mask": str(mask), "title": title, "volume_ml": f"{volume:.1f}"}
    if equalised is not None:
        levels, counts = np.unique(values[inside], return_counts=True)
        ranks = (np.cumsum(counts) - counts / 2) / counts.sum()
        flat = sitk.GetImageFromArray(np.interp(values, levels, ranks * 1000).astype(np.float32))
        flat.CopyInformation(picture)
        sitk.WriteImage(flat, str(equalised))
        case["equalised"] = str(equalised)
    return case


def machine() -> dict[str, str]:
    """Processor, cores, memory and system; no names."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        cpu = models[0] if models else cpu
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "processor": cpu,
        "cores": str(cores),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
