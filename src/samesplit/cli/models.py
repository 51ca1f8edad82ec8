"""Verbs on the models themselves: which there are, and of what a grid can be made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samesplit.cli.console import display_path, echo, out, table_of

__all__ = ["list_models"]


def list_models(
    markdown: Annotated[
        Path | None, typer.Option(help="Write docs/models.md, the page on all models and settings, instead.")
    ] = None,
) -> None:
    """List the kinds of model, and the selectors and classifiers of the radiomics grid, with their keys."""
    from samesplit.models.listing import classifiers_listing, kinds_listing, selectors_listing
    from samesplit.models.page import models_page
    from samesplit.storage import write_text

    if markdown is not None:
        write_text(markdown, models_page())
        echo(f"Wrote {display_path(markdown)}")
        return
    out.print(table_of(kinds_listing(), title="Kinds of model (kind: in a model file)"))
    out.print(table_of(selectors_listing(), title="Selectors of the radiomics grid"))
    out.print(table_of(classifiers_listing(), title="Classifiers of the radiomics grid"))
    echo("Definitions, settings and sources: docs/models.md")
