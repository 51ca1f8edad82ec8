"""Files of weights, read as tensors and plain values: what would run code when it is opened is refused."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from samesplit.errors import ModelError
from samesplit.extras import require_extra
from samesplit.storage import hash_file

__all__ = ["WeightsFile", "read_weights"]

_CONTAINERS = (
    "state_dict",
    "trunk_state_dict",
    "model_state_dict",
    "network_weights",
    "net",
    "model",
    "teacher",
    "student",
)
"""What checkpoints keep the weights under: Lightning and most others, FMCIB, nnU-Net and nnssl, SuPreM, MONAI."""


@dataclass(frozen=True)
class WeightsFile:
    """What a file of weights holds.

    Attributes:
        path: The file.
        tensors: The weights under the names of their publisher.
        beside: What else stood in the file, as plain values (for nnU-Net the plans).
    """

    path: Path
    tensors: dict[str, Tensor]
    beside: dict[str, Any] = field(default_factory=dict)


def read_weights(path: Path, *, sha256: str | None = None) -> WeightsFile:
    """Read the tensors of a checkpoint without running any code that is in it.

    Args:
        path: A file of `torch.save` (read with `weights_only=True`) or of safetensors (by its ending or content).
        sha256: What the file must hash to; None for any.

    Raises:
        ModelError: The file is missing, is another than the declared one, is damaged, holds objects instead of
            tensors, or holds no weights.
        MissingExtraError: It is a safetensors file, and safetensors is not installed.
    """
    if not path.is_file():
        raise ModelError(
            "the weights do not exist",
            where=path,
            remedy="give the path of the downloaded file; paths are relative to the folder of the YAML file",
        )
    if sha256 is not None:
        _check_hash(path, sha256)
    content = _read_safetensors(path) if _is_safetensors(path) else _read_torch(path)
    tensors, beside = _unwrapped(content)
    if not tensors:
        raise ModelError(
            "the file holds no state dict",
            where=path,
            remedy="save model.state_dict(), not the model, with torch.save or safetensors",
        )
    return WeightsFile(path, tensors, beside)


def _check_hash(path: Path, declared: str) -> None:
    found = hash_file(path)
    if found != declared.lower():
        raise ModelError(
            f"the weights have the SHA-256 {found}, not {declared.lower()} as declared",
            where=path,
            remedy="download the file again, or correct 'sha256' if you mean this one",
        )


def _is_safetensors(path: Path) -> bool:
    """Tell by the ending, or by the content: the length of a header in 8 bytes, then the header."""
    with path.open("rb") as file:
        return path.suffix == ".safetensors" or file.read(9)[8:] == b"{"


def _read_safetensors(path: Path) -> dict[str, Any]:
    require_extra("networks", "safetensors", needed_by="reading weights", where=path)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def _read_torch(path: Path) -> Any:
    try:
        with _plain_numpy_numbers():
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for what is not a tensor file
        if _holds_objects(path, error):
            raise ModelError(
                f"the file holds Python objects besides tensors, and opening those may run code; nothing was run "
                f"({_reason(error)})",
                where=path,
                remedy="if you trust its source, open it where it was made and save the weights alone: "
                "torch.save(model.state_dict(), path)",
            ) from error
        raise _unreadable(path, error) from error


def _holds_objects(path: Path, error: Exception) -> bool:
    """Whether torch refused an object, rather than met damage: it names one, or the file is a bare pickle."""
    with path.open("rb") as file:
        bare = file.read(1) == b"\x80"
    return bare or any(word in str(error) for word in ("GLOBAL", "Unsupported class", "call reduce"))


def _reason(error: Exception) -> str:
    """Return the part of torch's message that names the object, without its advice to run the code anyway."""
    found = re.search(r"(GLOBAL|class|function) ([\w.]+)", str(error))
    return f"it asks for {found.group(2)}" if found else "it is a pickle of something else than tensors"


def _unreadable(path: Path, error: Exception) -> ModelError:
    told = (str(error).splitlines() or [type(error).__name__])[0]
    with path.open("rb") as file:
        begin = file.read(64).lstrip()
    if begin[:1] == b"<":
        told = "it is a web page"
    elif "weights_only" in told:  # torch's advice is to run what is in the file
        told = "it is neither a file of torch.save nor one of safetensors"
    return ModelError(
        f"the weights cannot be read ({told})",
        where=path,
        remedy="download the file itself again; it must be one of torch.save or of safetensors",
    )


def _plain_numpy_numbers() -> contextlib.AbstractContextManager[None]:
    """Let torch read single numbers of numpy, which nnU-Net keeps beside its weights; they run no code."""
    scalar = np.float64(0).__reduce__()[0]
    numbers = [type(np.dtype(name)) for name in ("float32", "float64", "int32", "int64", "bool")]
    allowed: list[Any] = [
        np.dtype,
        *numbers,
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
    ]
    return torch.serialization.safe_globals(allowed)


def _unwrapped(content: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of a state dict, and what stood beside it."""
    if not isinstance(content, dict):
        return {}, {}
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if tensors:
        return tensors, {str(name): value for name, value in content.items() if not isinstance(value, Tensor)}
    for name in _CONTAINERS:
        inner = content.get(name)
        if isinstance(inner, dict):
            found, _ = _unwrapped(inner)
            if found:
                return found, {str(key): value for key, value in content.items() if key != name}
    return {}, {}
