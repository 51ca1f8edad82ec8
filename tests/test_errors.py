from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import pytest

from samesplit import errors
from samesplit.errors import SamesplitError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SamesplitError)]


def test_every_kind_is_public() -> None:
    assert {kind.__name__ for kind in KINDS} == set(errors.__all__) - {"Faults", "gathering"}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_cross_process_borders_whole(kind: type[SamesplitError]) -> None:
    error = kind("the mask is empty", where=Path("a/b.nii"), remedy="draw it again")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert str(back) == str(error) == "a/b.nii: the mask is empty\nRemedy: draw it again"
    assert (back.problem, back.where, back.remedy) == ("the mask is empty", "a/b.nii", "draw it again")


def test_place_and_remedy_are_optional() -> None:
    assert str(SamesplitError("no")) == "no"
    assert str(SamesplitError("no", remedy="yes")) == "no\nRemedy: yes"
    assert str(SamesplitError("no", where="here")) == "here: no"
