"""The database that `samesplit ui` shows, and a server that leaves no process behind however the command ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import SmallStudy
from samesplit.cli.serving import check_port, find_store, ui_words
from samesplit.errors import TrackingError, WorkspaceError

SERVER = """
import os, signal, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(%r, 'w').close(); time.sleep(60)"
here = sys.argv[1]
children = [subprocess.Popen([sys.executable, "-c", child % (here + "/ready" + str(i))]) for i in range(2)]
while not all(os.path.exists(here + "/ready" + str(i)) for i in range(2)):
    time.sleep(0.01)
open(here + "/pids.new", "w").write(" ".join(str(p) for p in [os.getpid(), *(c.pid for c in children)]))
os.rename(here + "/pids.new", here + "/pids")
time.sleep(float(sys.argv[2]))
sys.exit(7)
"""
COMMAND = """
import sys
from samesplit import cli
from samesplit.cli import serving
serving._PATIENCE_S = 0.3
cli._end_when_asked()
sys.exit(serving.serve([sys.executable, "-c", sys.argv[1], *sys.argv[2:]]))
"""


def started(folder: Path, seconds: float) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A command that serves, and the server's processes, of which two take no SIGTERM."""
    words = [sys.executable, "-c", COMMAND, SERVER, str(folder), str(seconds)]
    command = subprocess.Popen(words, start_new_session=True, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not (folder / "pids").exists() and time.monotonic() < until:
        time.sleep(0.02)
    return command, [int(pid) for pid in (folder / "pids").read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up under /proc")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, None), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_ending_the_command_ends_all_processes_of_its_server(
    number: int, code: int | None, tmp_path: Path
) -> None:
    command, pids = started(tmp_path, 60)
    assert all(map(alive, pids))

    os.killpg(command.pid, number)  # as a terminal does it: to the whole group of the command
    left = command.wait(timeout=20)

    assert not [pid for pid in pids if alive(pid)]
    assert code is None or left == code


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up under /proc")
def test_a_server_that_ends_by_itself_tells_its_exit_code_and_leaves_no_children(tmp_path: Path) -> None:
    command, pids = started(tmp_path, 0.2)

    assert command.wait(timeout=20) == 7
    assert not [pid for pid in pids if alive(pid)]


def touch(*parts: Path | str) -> Path:
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_database_is_found_from_where_run_was_typed(small_study: SmallStudy, tmp_path: Path) -> None:
    store = touch(small_study.root, "mlflow.db")
    below = small_study.folder / "images"

    (tmp_path / "link").symlink_to(small_study.root, target_is_directory=True)
    for start in (small_study.root, small_study.folder, below, tmp_path):
        assert find_store(start=start).resolve() == store.resolve()
    for named in (small_study.root, small_study.folder, store):
        assert find_store(named, start=Path("/")) == store
    assert find_store("balls", start=small_study.root) == store.resolve()


def test_the_database_of_this_very_folder_comes_before_one_around_or_below(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    touch(small_study.root, "mlflow.db")
    inside, outside = touch(small_study.root, "extra", "mlflow.db"), touch(tmp_path, "mlflow.db")

    assert find_store(start=inside.parent) == inside.resolve()
    assert find_store(start=tmp_path) == outside.resolve()


def test_several_databases_below_are_named(tmp_path: Path) -> None:
    for name in ("one", "deep/the other"):
        touch(tmp_path, name, "mlflow.db")

    with pytest.raises(TrackingError, match=r"there are 2 of mlflow\.db below") as several:
        find_store(start=tmp_path)

    assert "there are: 'deep/the other', one" in str(several.value)


def test_where_nothing_was_run_yet_the_remedy_is_to_run(small_study: SmallStudy, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="samesplit run balls"):
        find_store("balls", start=small_study.root)
    with pytest.raises(TrackingError, match="run a benchmark first"):
        find_store(start=small_study.root)
    with pytest.raises(WorkspaceError, match="there is no benchmark 'bills'"):
        find_store("bills", start=small_study.root)


def test_a_workspace_of_several_benchmarks_has_one_database(small_study: SmallStudy) -> None:
    touch(small_study.root, "benchmarks", "second", "benchmark.yaml")
    with pytest.raises(TrackingError, match="does not exist yet"):
        find_store(small_study.root, start=Path("/"))


def test_what_to_type_leads_to_the_database_from_this_folder(tmp_path: Path) -> None:
    store = touch(tmp_path, "my study", "mlflow.db")

    assert ui_words(store, start=store.parent) == "samesplit ui"
    assert ui_words(store, start=tmp_path) == "samesplit ui 'my study'"
    assert ui_words(store, start=tmp_path / "elsewhere") == f"samesplit ui '{store.parent}'"


def test_a_port_that_is_taken_is_said_before_the_server_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(TrackingError, match=f"samesplit ui --port {port + 1}"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    with pytest.raises(TrackingError, match="nothing can listen there"):
        check_port("no-such-host.invalid", port)
