"""Benchmarks composed from a study: a variant, and a size of synthetic cohort, laid over its benchmark.yaml."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from samesplit.benchmarks.definition import BenchmarkDefinition, check_benchmark_name
from samesplit.benchmarks.studies.overlays import Layer, lay_over, read_layer
from samesplit.benchmarks.studies.study import sizes_of, variants_of
from samesplit.benchmarks.studies.tables_of_variant import tables_of_variant
from samesplit.declarations import parse_declaration
from samesplit.errors import DeclarationError
from samesplit.storage import write_bytes
from samesplit.workspace import COMPOSED, Workspace

__all__ = ["compose", "composed_name", "write_composed"]

_OF_SIZES = "synthetic"
"""The key of a variant under which it says what else changes at a size of synthetic cohort."""


def compose(folder: Path, *, variant: str | None = None, size: str | None = None) -> dict[str, Any]:
    """Lay a variant, and the settings of a synthetic cohort, over a study's benchmark.yaml.

    benchmark.yaml <- variants/<variant>.yaml <- synthetic.yaml[size] <- variants/<variant>.yaml `synthetic`[size].

    Args:
        folder: The study's folder.
        variant: A file of `variants/`, without `.yaml`; None: the design itself.
        size: A size of `synthetic.yaml`; None: on patients, not on synthetic ones.

    Returns:
        The keys of the composed benchmark.yaml. See `lay_over` for how mappings, lists and null are laid over.

    Raises:
        DeclarationError: There is no such variant or size, or what comes of it is no benchmark; the message names
            the file, line and key that is wrong.
    """
    check_benchmark_name(folder)
    found = lay_over(*_layers(folder, variant, size))
    name = composed_name(folder.resolve().name, variant=variant, size=size)
    parse_declaration(
        {**found.keys, "name": name}, BenchmarkDefinition, path=folder / "benchmark.yaml", lines=found.places
    )
    return found.keys


def composed_name(study: str, *, variant: str | None = None, size: str | None = None) -> str:
    """Return the name of a composed benchmark.

    Example:
        >>> composed_name("xi2020-renal-mri", size="reduced")
        'xi2020-renal-mri-synthetic'
        >>> composed_name("xi2020-renal-mri", variant="five-fold", size="full")
        'xi2020-renal-mri-five-fold-synthetic-full'
    """
    of_size = {None: (), "reduced": ("synthetic",)}.get(size, ("synthetic", str(size)))
    return "-".join([study, *([variant] if variant else []), *of_size])


def write_composed(
    folder: Path, workspace: Workspace, *, variant: str | None = None, size: str | None = None
) -> Path:
    """Write the composed benchmark into the workspace, as `benchmarks/<name>/`.

    Files are written only where their content changes, and a frozen split that stands is left alone, so that a run
    that was killed goes on. With neither variant nor size the study's own folder is the benchmark, and nothing is
    written.

    Args:
        folder: The study's folder.
        workspace: Where to.
        variant: See `compose`.
        size: See `compose`. Without it the study's own tables (lesions, images, readings, features and whatever
            the split reads) are copied; relative paths of images become absolute.

    Returns:
        The folder of the composed benchmark.

    Raises:
        DeclarationError: See `compose`.
        WorkspaceError: The folder cannot be written.
    """
    if variant is None and size is None:
        return folder
    keys = compose(folder, variant=variant, size=size)
    target = workspace.root / "benchmarks" / composed_name(folder.resolve().name, variant=variant, size=size)
    files = {"benchmark.yaml": _text(keys, folder, variant, size).encode()}
    if (folder / "published.csv").is_file():
        files["published.csv"] = (folder / "published.csv").read_bytes()
    if size is None:
        files |= tables_of_variant(folder, keys)
    for name, content in files.items():
        path = target / name
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)
    return target


def _layers(folder: Path, variant: str | None, size: str | None) -> Iterator[Layer]:
    yield read_layer(folder / "benchmark.yaml")
    of_variant = None
    if variant is not None:
        _known("variant", variant, variants_of(folder), folder / "variants")
        of_variant = read_layer(folder / "variants" / f"{variant}.yaml")
        yield of_variant.without(_OF_SIZES)
    if size is not None:
        _known("size of synthetic cohort", size, sizes_of(folder), folder / "synthetic.yaml")
        yield read_layer(folder / "synthetic.yaml").section(size)
        if of_variant is not None:
            yield of_variant.section(_OF_SIZES).section(size)


def _known(what: str, name: str, known: tuple[str, ...], where: Path) -> None:
    if name in known:
        return
    if not where.exists():
        raise DeclarationError(
            f"there is no {where.name}, and so no {what} '{name}'",
            where=where.parent,
            remedy="designs of published studies have one; samesplit init --help names those that there are",
        )
    near = difflib.get_close_matches(name, known, n=1)
    raise DeclarationError(
        f"there is no {what} '{name}'",
        where=where,
        remedy=(f"did you mean '{near[0]}'? " if near else "") + f"There are: {', '.join(known) or 'none'}",
    )


def _text(keys: dict[str, Any], folder: Path, variant: str | None, size: str | None) -> str:
    study = folder.resolve().name
    parts = [f"benchmarks/{study}/benchmark.yaml"]
    parts += [f"variants/{variant}.yaml"] * (variant is not None)
    parts += [f"synthetic.yaml ({size})"] * (size is not None)
    options = f" --variant {variant}" * (variant is not None)
    options += f" --synthetic --size {size}" * (size is not None)
    head = [
        f"{COMPOSED}{' <- '.join(parts)} by: samesplit run {study}{options}",
        "# Change those files: this one is written anew by the same command.",
    ]
    body = yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=110)
    return "\n".join(head) + "\n" + body
