"""study.yaml is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.benchmarks.studies import read_study
from samesplit.errors import DeclarationError, WorkspaceError
from toy_study import write_toy_study


def test_a_misspelt_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    text = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(text.replace("validation_type", "validation_kind"))

    with pytest.raises(DeclarationError, match="unknown key 'validation_kind'"):
        read_study(folder)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("code: no-intervals", "code: No intervals", "flaws.0.code"),
        ("validation_type: internal", "validation_type: split", "validation_type"),
        ("question: Which masses are malignant?", "question: ' '", "must say something"),
        (
            "not_available:",
            "  - {code: no-intervals, what: again}\nnot_available:",
            "'no-intervals' stands twice",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    folder = write_toy_study(tmp_path / "toy")
    text = (folder / "study.yaml").read_text()
    assert old in text
    (folder / "study.yaml").write_text(text.replace(old, new))

    with pytest.raises(DeclarationError, match=problem):
        read_study(folder)


def test_a_folder_without_study_yaml_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="this is no published study"):
        read_study(tmp_path)
