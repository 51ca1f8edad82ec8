from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from samesplit.reports import pictures as module
from samesplit.reports.context import make_context
from samesplit.reports.errors_found import misses
from samesplit.reports.pictures import choose_pictures
from samesplit.reports.run_folder import read_run


def test_ledger_cases_come_first_with_their_reason(full_run: Path) -> None:
    gallery = choose_pictures([make_context(read_run(full_run))]).ledger_gallery()
    assert gallery is not None
    assert gallery.items[0].lesion_id == "L0014"
    assert gallery.items[0].caption == "failed: the mask is empty"


def test_a_lesion_shows_its_sequences_in_the_order_of_the_benchmark(full_run: Path) -> None:
    gallery = choose_pictures([make_context(read_run(full_run))]).sample_gallery()
    assert gallery is not None
    assert [picture.sequence for picture in gallery.items[0].pictures] == ["T1C", "T2"]
    assert gallery.items[0].pictures[0].contour
    assert [item.lesion_id for item in gallery.items][:: len(gallery.items) - 1] == ["L0000", "L0119"]


def test_images_stop_when_the_page_has_had_enough(full_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 60_000)
    found = choose_pictures([make_context(read_run(full_run))])
    assert 0 < found.spent <= 60_000
    shown = [item for gallery in found.galleries.values() for item in gallery.items]
    assert len(shown) < 12
    assert found.ledger_gallery() is not None
    assert "Shown: " in next(reversed(found.galleries.values())).rule


def test_the_errors_are_the_most_missed_first(full_run: Path) -> None:
    context = make_context(read_run(full_run))
    found = misses(context)
    assert found
    assert all(a.share >= b.share for a, b in itertools.pairwise(found))
    gallery = choose_pictures([context]).error_gallery(context)
    assert gallery is not None
    assert gallery.items[0].lesion_id == found[0].lesion_id
