from __future__ import annotations

import errno
from pathlib import Path

import pytest

from conftest import SmallStudy
from samesplit.errors import WorkspaceError
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark


def test_a_full_disk_stops_the_run_with_one_message_and_blames_no_model(small_study: SmallStudy) -> None:
    """The folds' folder is a file, which is how any folder that cannot be written shows itself to root, too."""
    folds = small_study.root / "reports" / ".cache" / "folds"
    folds.parent.mkdir(parents=True)
    folds.write_text("in the way")

    with pytest.raises(WorkspaceError, match="cannot be written") as caught:
        run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1)))

    assert str(folds) in str(caught.value)
    assert "the same command goes on from there" in str(caught.value)


@pytest.mark.usefixtures("undrawn")
def test_a_disk_that_fills_up_inside_a_library_stops_the_run_too(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesplit.models.baselines import ZeroRuleModel

    def full(_: ZeroRuleModel, directory: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(directory))

    only = RunOptions(jobs=1, only=("zero-rule",))
    with monkeypatch.context() as patch:
        patch.setattr(ZeroRuleModel, "save", full)
        with pytest.raises(WorkspaceError, match="No space left on device"):
            run_benchmark(load_plan(small_study.folder, only))

    outcome = run_benchmark(load_plan(small_study.folder, only))

    assert outcome.failures == {}


@pytest.mark.usefixtures("undrawn")
def test_models_are_copied_whole_where_there_are_no_hard_links(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("os.link", no_links)
    outcome = run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1, only=("zero-rule",))))

    kept = list((outcome.folder / "models").rglob("model.json"))
    originals = {p.read_bytes() for p in (small_study.root / "reports" / ".cache").rglob("model/model.json")}
    assert kept
    assert {path.read_bytes() for path in kept} <= originals
