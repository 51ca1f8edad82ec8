"""The strong simple model that stands beside all models that learn from features."""

from __future__ import annotations

from pathlib import Path

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.errors import DeclarationError
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings
from samesplit.workspace import Workspace

__all__ = ["simple_arm"]


def simple_arm(
    workspace: Workspace, folder: Path, definition: BenchmarkDefinition, loaded: dict[str, ModelSettings]
) -> tuple[str | None, ModelSettings | None]:
    """Find the simple arm of a benchmark.

    Args:
        workspace: Where model files are looked for.
        folder: The benchmark's folder, for messages.
        definition: `simple_arm` names a model file; null: there is none.
        loaded: The models that the benchmark lists, by name.

    Returns:
        The name of the arm, and its settings where the benchmark does not list it itself. None and None where no
        model learns from features, or none is wanted.

    Raises:
        DeclarationError: There is no such file, or its model does not learn from features.
        WorkspaceError: There is no such file.
    """
    wanted = definition.simple_arm
    features = bool(definition.profiles) or definition.features is not None
    if wanted is None or not features or not any(model.radiomic() for model in loaded.values()):
        return None, None
    listed = [use.name for use in definition.model_uses() if wanted in (use.use, use.name)]
    if listed:
        return listed[0], None
    settings = read_model(workspace.find_yaml("models", wanted))
    if not settings.radiomic() or settings.needs().members:
        raise DeclarationError(
            f"the simple arm '{wanted}' does not learn from features",
            where=f"{folder / 'benchmark.yaml'}",
            remedy="write 'simple_arm: ridge', or null for none",
        )
    return wanted, settings
