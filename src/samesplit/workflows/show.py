"""The effective settings of a benchmark: what the files say and every default they leave out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from samesplit.benchmarks.definition import read_benchmark
from samesplit.features.profiles import read_profile
from samesplit.models.registry import read_model
from samesplit.run.simple_arm import simple_arm
from samesplit.workspace import find_benchmark

__all__ = ["effective_settings"]


def effective_settings(benchmark: str | Path, *, start: Path | None = None) -> str:
    """Return the settings of a benchmark, its profiles and its models as YAML, each with the file it came from.

    Raises:
        DeclarationError: One of the files says something that cannot be.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    parts = [_block(folder / "benchmark.yaml", definition.model_dump(mode="json"))]
    for name in definition.profiles:
        path = workspace.find_yaml("features", name)
        profile = read_profile(path)
        head = {"engine": profile.engine, "modality": profile.modality, "description": profile.description}
        parts.append(_block(path, {**head, "settings": profile.effective()}))
    models = {}
    for model in definition.model_uses():
        path = workspace.find_yaml("models", model.use)
        models[model.name] = read_model(path, name=model.name, overrides=model.settings)
        parts.append(_block(path, models[model.name].to_dict()))
    unlisted = simple_arm(workspace, folder, definition, models)[1]
    if unlisted is not None:
        parts.append(_block(workspace.find_yaml("models", unlisted.name), unlisted.to_dict()))
    return "\n".join(parts)


def _block(path: Path, settings: dict[str, Any]) -> str:
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=110)
    return f"# {path}\n{text}"
