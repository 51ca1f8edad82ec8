"""Runs whose report is not looked at need no figures."""

from __future__ import annotations

import io

import pytest
from matplotlib.figure import Figure


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are composed but not rendered: the report of the finished study in test_execute.py has them."""

    def save(_: Figure, target: io.StringIO, **__: object) -> None:
        target.write('<svg viewBox="0 0 9 9"></svg>')

    monkeypatch.setattr(Figure, "savefig", save)
