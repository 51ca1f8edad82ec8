"""The digital phantom and the CT phantom, computed once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.features.compliance.check import Compliance, check


@pytest.fixture(scope="session")
def phantom_compliance() -> Compliance:
    """The digital phantom beside its references."""
    return check(None)


@pytest.fixture(scope="session")
def full_compliance(shared_data: Path) -> Compliance:
    """All six datasets beside their references."""
    return check(shared_data)
