from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import pytest

from samesplit import errors
from samesplit.errors import FailedCasesWarning, SamesplitError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SamesplitError)]


def test_every_kind_is_public() -> None:
    assert {kind.__name__ for kind in KINDS} == set(errors.__all__) - {
        "FailedCasesWarning",
        "Faults",
        "gathering",
    }


def test_many_failed_cases_are_counted_and_the_first_are_told_on_one_line() -> None:
    warning = FailedCasesWarning({f"P{number}": "empty\nRemedy: draw it" for number in range(7)})

    text = str(pickle.loads(pickle.dumps(warning)))

    assert text.startswith("7 cases have no features (NaN): P0: empty. Remedy: draw it; P1: empty")
    assert text.endswith("P4: empty. Remedy: draw it; and 2 more")


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
