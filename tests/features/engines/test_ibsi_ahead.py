"""Which kernels are compiled for which profile, and that several processes share the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from samesplit.features.engines.ibsi import IbsiSettings, ahead
from samesplit.features.profile_lookup import find_profile

# Runs in a process of its own, whose kernels nobody has called: what a block calls first is what it compiles.
REPORT = """
import json, sys
import numba, numpy as np, SimpleITK as sitk
from pathlib import Path
from samesplit.features.engines.ibsi import IbsiSettings, ahead
from samesplit.features.engines.ibsi.extraction import extract
from samesplit.features.profile_lookup import find_profile
from samesplit.imaging.case import Case

def called():
    kernels = {
        one.py_func: one
        for name, module in list(sys.modules.items()) if name.startswith("samesplit.features")
        for one in vars(module).values() if isinstance(one, numba.core.dispatcher.Dispatcher)
    }
    signatures = {(f, str(s)) for f, k in kernels.items() for s in k.signatures}
    return {(Path(f.__code__.co_filename).stem, f.__name__, s) for f, s in signatures}

def files_of(run):
    before = called()
    run()
    return sorted({file for file, _, _ in called() - before})

rows = np.indices((14, 15, 16)).sum(axis=0)
image = sitk.GetImageFromArray((rows + rows % 3).astype(np.float32))
mask = np.zeros((14, 15, 16), np.uint8)
mask[3:10, 4:11, 4:12] = 1
mask[3, 4] = 0
mask = sitk.GetImageFromArray(mask)
image.SetSpacing((3, 3, 4)); mask.SetSpacing((3, 3, 4))
case = Case(image, mask)

def settings(**features):
    return IbsiSettings.model_validate({
        "features": features, "processing": {"spacing_mm": 3},
        "discretisation": {"method": "FBN", "bins": 8}, "undefined": [],
    })

told = {}
for name, asked in {
    "statistics": settings(statistics="all"),
    "glcm": settings(glcm="all"),
    "shape": settings(morphology=["morph_volume", "morph_diam"]),
}.items():
    told[name] = files_of(lambda: extract(case, asked))
whole = find_profile("xi2020-mr").settings.model_copy(update={"undefined": ()})
told["pieces"] = {name: files_of(piece.run) for name, piece in ahead.pieces(whole).items()}
told["after pieces"] = files_of(lambda: extract(case, whole))
filtered = find_profile("mr-filtered").settings
told["filters"] = files_of(ahead.pieces(filtered)["filters"].run)
for piece in ahead.pieces(filtered).values():
    piece.run()
before = called()
extract(case, filtered)
told["after filters"] = sorted(map(str, called() - before))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", REPORT], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_profile_compiles_only_the_families_it_asks_for(told: dict[str, object]) -> None:
    assert told["statistics"] == ["ascending", "spline"]
    assert told["glcm"] == ["glcm_kernels"]
    assert told["shape"] == ["boxes", "ellipsoids", "hull", "mesh"]


def test_no_two_pieces_of_the_work_compile_functions_of_one_file(told: dict[str, object]) -> None:
    of_pieces = told["pieces"]
    assert isinstance(of_pieces, dict)
    files = [file for compiled in of_pieces.values() for file in compiled]
    assert len(files) > 10
    assert len(set(files)) == len(files)


def test_after_the_pieces_a_lesion_finds_everything_compiled(told: dict[str, object]) -> None:
    assert told["after pieces"] == []


THREE = {"glcm": "all", "glrlm": "all", "ngtdm": "all"}


def test_filters_and_what_is_asked_of_their_maps_are_compiled_before_the_first_map(
    told: dict[str, object],
) -> None:
    assert told["filters"] == ["gabor_spectral", "separable"]
    assert told["after filters"] == []


def settings(**changes: object) -> IbsiSettings:
    return IbsiSettings.model_validate({"discretisation": {"method": "FBN", "bins": 8}, **changes})


def test_the_pieces_are_those_that_a_profile_asks_for() -> None:
    assert list(ahead.pieces(settings(features={"statistics": "all"}))) == ["order"]
    assert list(ahead.pieces(settings(features={"ivh": "all"}))) == []
    assert list(ahead.pieces(settings(features={"glcm": "all", "ngtdm": ["ngt_busyness"]}))) == [
        "glcm", "grid", "ngtdm",
    ]  # fmt: skip
    arbitrary = settings(features={"morphology": "all", "local_intensity": "all"})
    assert list(ahead.pieces(arbitrary)) == ["shape"]  # the others mean nothing in arbitrary units
    everything = find_profile("xi2020-mr").settings
    assert isinstance(everything, IbsiSettings)
    everywhere = everything.model_copy(update={"undefined": ()})
    assert len(ahead.pieces(everywhere)) == 8


def test_what_another_process_has_taken_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    of_profile = {name: ahead.Piece(1.0, partial(ran.append, name)) for name in "abc"}
    monkeypatch.setattr(ahead, "pieces", lambda _: of_profile)
    (tmp_path / "b.taken").touch()
    ahead.run_pieces(settings(features={"glcm": "all"}), ["c", "b", "a"], tmp_path)
    assert ran == ["c", "a"]
    assert sorted(path.name for path in tmp_path.glob("*.done")) == ["a.done", "c.done"]


def test_a_made_up_lesion_that_fails_stops_no_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_profile = {"wrong": ahead.Piece(1.0, partial(next, iter(()))), "right": ahead.Piece(1.0, lambda: None)}
    monkeypatch.setattr(ahead, "pieces", lambda _: of_profile)
    ahead.run_pieces(settings(features={"glcm": "all"}), list(of_profile), tmp_path)
    assert [path.name for path in tmp_path.glob("*.done")] == ["right.done"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the processes that were started; each does nothing."""
    commands: list[list[str]] = []
    start = subprocess.Popen

    def nothing(command: list[str], **how: object) -> subprocess.Popen[bytes]:
        commands.append(command)
        return start([sys.executable, "-c", ""], **how)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", nothing)
    return commands


def test_other_processes_are_started_once_for_each_piece(tmp_path: Path, started: list[list[str]]) -> None:
    both = settings(features=THREE)
    ahead.compile_ahead(both, key="k", folder=tmp_path, processes=4)
    assert len(started) == 1
    assert started[0][-4:] == ["runs_and_zones", "glcm", "grid", "ngtdm"]
    kept = ["k-glcm", "k-grid", "k-ngtdm", "k-runs_and_zones"]
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
    ahead.compile_ahead(both, key="k", folder=tmp_path, processes=4)
    assert len(started) == 1


@pytest.mark.parametrize("processes", [1, 4])
def test_little_work_and_a_single_core_start_no_other_process(
    processes: int, tmp_path: Path, started: list[list[str]]
) -> None:
    few = {"ngtdm": "all"} if processes > 1 else THREE
    ahead.compile_ahead(settings(features=few), key="k", folder=tmp_path, processes=processes)
    assert started == []
    assert list(tmp_path.iterdir()) == []


def test_where_no_process_can_be_started_this_one_does_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", os.fspath(tmp_path / "nowhere"))
    ahead.compile_ahead(settings(features=THREE), key="k", folder=tmp_path, processes=2)
    assert len(list(tmp_path.glob("k-*"))) == 4


def test_a_process_that_is_started_takes_its_pieces(tmp_path: Path) -> None:
    asked = settings(features={"ngtdm": "all"})
    (tmp_path / "settings.json").write_text(asked.model_dump_json())
    subprocess.run([sys.executable, "-m", ahead.__name__, str(tmp_path), "ngtdm"], check=True)
    assert sorted(path.name for path in tmp_path.glob("ngtdm*")) == ["ngtdm.done", "ngtdm.taken"]
