from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.downloads import download
from samesplit.benchmarks.fetching import data_root, fetch
from samesplit.errors import DataMissingError, DeclarationError, FetchError, WorkspaceError

CONTENT = bytes(range(256)) * 4096 * 2  # 2 MiB


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SAMESPLIT_DATA", raising=False)
    return tmp_path / "cache" / "samesplit" / "data"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    (tmp_path / "origin").mkdir()
    return tmp_path / "origin"


def offered(origin: Path, name: str, content: bytes, **more: Any) -> dict[str, Any]:
    """Put a file where it can be fetched from, and say so as a benchmark does."""
    path = origin / name
    path.write_bytes(content)
    size = {"unpacked_mb": 0.001} if more.get("unpack") else {}
    return {"url": path.as_uri(), "sha256": sha256(content), "path": f"images/{name}", **size, **more}


def benchmark(*files: dict[str, Any], **data: Any) -> BenchmarkDefinition:
    return BenchmarkDefinition.model_validate(
        {
            "name": "study",
            "title": "A study",
            "task": {"positive": "m", "negative": "b", "question": "?"},
            "cohort": {"sequences": ["CT"]},
            "split": {"scheme": "kfold"},
            "models": ["zero-rule"],
            "data": {"folder": "mine", "files": files} | data,
        }
    )


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def tarred(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for member in members:
            file.addfile(member, io.BytesIO(b"x" * member.size))
    return buffer.getvalue()


def tar_member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, 3 if kind == tarfile.REGTYPE else 0
    return info


def contents(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


class TestDataRoot:
    def test_without_a_data_folder_it_is_the_benchmark_folder(self, tmp_path: Path) -> None:
        assert data_root(benchmark(folder=None), tmp_path) == tmp_path

    def test_the_environment_wins_over_the_cache(
        self, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (cache / "mine").mkdir(parents=True)
        assert data_root(benchmark(), tmp_path) == cache / "mine"
        monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path / "shared"))
        assert data_root(benchmark(), tmp_path) == cache / "mine"
        (tmp_path / "shared" / "mine").mkdir(parents=True)
        assert data_root(benchmark(), tmp_path) == tmp_path / "shared" / "mine"

    def test_absent_data_are_told_with_both_ways(
        self, tmp_path: Path, origin: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path / "shared"))
        with pytest.raises(DataMissingError) as caught:
            data_root(benchmark(offered(origin, "a", b"a"), source="doi 10.1/x"), tmp_path)
        assert str(caught.value) == (
            f"{tmp_path}/shared/mine and {cache}/mine: the data of 'study' are not on this machine\n"
            "Remedy: set SAMESPLIT_DATA to a folder that holds 'mine' with the files (source: doi 10.1/x), "
            "or run: samesplit fetch study"
        )

    def test_nothing_to_fetch_leaves_one_way(self, tmp_path: Path) -> None:
        with pytest.raises(DataMissingError, match=r"that holds 'mine' with the files$"):
            data_root(benchmark(), tmp_path)


class TestFetch:
    def test_files_are_fetched_verified_and_not_fetched_twice(
        self, tmp_path: Path, origin: Path, cache: Path
    ) -> None:
        definition = benchmark(offered(origin, "a.nii.gz", CONTENT), offered(origin, "b", b"small"))
        seen: list[tuple[str, int, int | None]] = []
        assert fetch(definition, tmp_path, progress=lambda *told: seen.append(told)) == cache / "mine"
        assert (cache / "mine" / "images" / "a.nii.gz").read_bytes() == CONTENT
        assert seen == [("a.nii.gz", 1 << 20, 2 << 20), ("a.nii.gz", 2 << 20, 2 << 20), ("b", 5, 5)]
        (origin / "a.nii.gz").unlink()
        (origin / "b").unlink()
        assert fetch(definition, tmp_path) == data_root(definition, tmp_path)

    def test_a_damaged_file_is_fetched_again(self, tmp_path: Path, origin: Path, cache: Path) -> None:
        definition = benchmark(offered(origin, "a", CONTENT))
        fetch(definition, tmp_path)
        (cache / "mine" / "images" / "a").write_bytes(CONTENT[:-1])
        fetch(definition, tmp_path)
        assert (cache / "mine" / "images" / "a").read_bytes() == CONTENT

    def test_another_hash_is_refused_and_nothing_is_left(
        self, tmp_path: Path, origin: Path, cache: Path
    ) -> None:
        file = offered(origin, "a", CONTENT)
        (origin / "a").write_bytes(b"something else")
        with pytest.raises(FetchError) as caught:
            fetch(benchmark(file), tmp_path)
        assert f"what arrived from {file['url']} is not what was promised: its SHA-256 is not" in str(
            caught.value
        )
        assert "Remedy: try again; if it stays so, the file was changed at its source" in str(caught.value)
        assert contents(cache / "mine") == []

    def test_a_partial_download_goes_on(self, tmp_path: Path, origin: Path, cache: Path) -> None:
        place = cache / "mine" / "images"
        place.mkdir(parents=True)
        (place / "a.part").write_bytes(CONTENT[: 1 << 20])
        seen: list[tuple[str, int, int | None]] = []
        fetch(benchmark(offered(origin, "a", CONTENT)), tmp_path, progress=lambda *told: seen.append(told))
        assert (place / "a").read_bytes() == CONTENT
        assert seen == [("a", 2 << 20, 2 << 20)]
        assert contents(cache / "mine") == ["images/a"]

    @pytest.mark.parametrize("part", [b"of another file", CONTENT + b"too long", CONTENT])
    def test_a_part_of_something_else_is_fetched_anew(
        self, tmp_path: Path, origin: Path, cache: Path, part: bytes
    ) -> None:
        place = cache / "mine" / "images"
        place.mkdir(parents=True)
        (place / "a.part").write_bytes(part)
        fetch(benchmark(offered(origin, "a", CONTENT)), tmp_path)
        assert (place / "a").read_bytes() == CONTENT

    def test_a_url_that_holds_nothing(self, tmp_path: Path, origin: Path) -> None:
        file = offered(origin, "a", b"a")
        (origin / "a").unlink()
        with pytest.raises(FetchError, match=r"/origin/a cannot be read \(No such file"):
            fetch(benchmark(file), tmp_path)

    def test_an_unknown_kind_of_url(self, tmp_path: Path) -> None:
        file = {"url": "gopher://x/a", "sha256": "0" * 64, "path": "a"}
        with pytest.raises(FetchError, match=r"kind that cannot be fetched\nRemedy: use an https://"):
            fetch(benchmark(file), tmp_path)

    def test_a_benchmark_without_files(self, tmp_path: Path, cache: Path) -> None:
        with pytest.raises(FetchError) as caught:
            fetch(benchmark(source="doi 10.1/x"), tmp_path)
        assert str(caught.value).endswith(
            "the benchmark names nothing that can be fetched\nRemedy: put the files where images.csv says, "
            f"below {cache}/mine; they come from: doi 10.1/x"
        )
        with pytest.raises(FetchError, match=rf"images.csv says, below {tmp_path}$"):
            fetch(benchmark(folder=None), tmp_path)

    def test_without_a_data_folder_files_go_into_the_benchmark(self, tmp_path: Path, origin: Path) -> None:
        definition = benchmark(offered(origin, "a", b"a"), folder=None)
        folder = tmp_path / "study"
        folder.mkdir()
        assert fetch(definition, folder) == folder
        assert contents(folder) == ["images/a"]

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that even root cannot write")
    def test_a_read_only_cache(self, tmp_path: Path, origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", "/proc/self/cache")
        with pytest.raises(WorkspaceError, match=r"cannot be written .*\nRemedy: free some disk space"):
            fetch(benchmark(offered(origin, "a", b"a")), tmp_path)
        with pytest.raises(WorkspaceError, match=r"cannot be written .*\nRemedy: free some disk space, or"):
            download((origin / "a").as_uri(), sha256(b"a"), Path("/proc/self/cache/a"))

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_a_full_disk(self, tmp_path: Path, origin: Path) -> None:
        target = tmp_path / "target"
        Path(f"{target}.part").symlink_to("/dev/full")
        (origin / "a").write_bytes(CONTENT)
        with pytest.raises(WorkspaceError, match="No space left on device"):
            download((origin / "a").as_uri(), sha256(CONTENT), target)
        assert not target.exists()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Sends CONTENT; understands ranges unless told not to, and breaks off where told to."""

    ranges, stop_at, status = True, len(CONTENT), 200
    asked: list[str | None]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start >= len(CONTENT) or self.status != 200:
            self.send_error(416 if self.status == 200 else self.status)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.stop_at])

    def log_message(self, *_: Any) -> None: ...


class TestHttp:
    @pytest.fixture
    def server(self) -> Iterator[tuple[str, type[_Handler]]]:
        handler = type("Handler", (_Handler,), {"asked": []})
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}/a", handler
            server.shutdown()
            thread.join()

    def test_a_broken_connection_is_taken_up_where_it_broke(self, tmp_path: Path, server: Any) -> None:
        url, handler = server
        handler.stop_at = 1_500_000
        target = tmp_path / "a"
        with pytest.raises(FetchError, match=r"cannot be fetched .*\nRemedy: check the connection"):
            download(url, sha256(CONTENT), target)
        assert not target.exists()
        handler.stop_at = len(CONTENT)
        kept = Path(f"{target}.part").stat().st_size
        assert kept > 0
        assert download(url, sha256(CONTENT), target).read_bytes() == CONTENT
        assert handler.asked == [None, f"bytes={kept}-"]

    def test_a_server_without_ranges_sends_all_again(self, tmp_path: Path, server: Any) -> None:
        url, handler = server
        handler.ranges = False
        (tmp_path / "a.part").write_bytes(b"begun")
        assert download(url, sha256(CONTENT), tmp_path / "a").read_bytes() == CONTENT
        assert handler.asked == ["bytes=5-"]

    def test_a_whole_part_needs_nothing_more(self, tmp_path: Path, server: Any) -> None:
        (tmp_path / "a.part").write_bytes(CONTENT)
        assert download(server[0], sha256(CONTENT), tmp_path / "a").read_bytes() == CONTENT

    def test_a_page_that_is_not_there(self, tmp_path: Path, server: Any) -> None:
        server[1].status = 404
        with pytest.raises(FetchError, match="404"):
            download(server[0], sha256(CONTENT), tmp_path / "a")


class TestArchives:
    @pytest.mark.parametrize("kind", ["zip", "tar"])
    def test_archives_are_unpacked_once(self, tmp_path: Path, origin: Path, cache: Path, kind: str) -> None:
        if kind == "zip":
            content = zipped(**{"deep/": b"", "deep/er/x.txt": b"xxx", "y.txt": b"xxx"})
        else:
            folder = tar_member("deep", tarfile.DIRTYPE)
            content = tarred(folder, tar_member("deep/er/x.txt"), tar_member("./y.txt"))
        definition = benchmark(offered(origin, f"all.{kind}", content, unpack=True))
        fetch(definition, tmp_path)
        place = cache / "mine" / "images"
        assert (place / "deep" / "er" / "x.txt").read_bytes() == b"xxx"
        assert contents(place) == [f"all.{kind}.unpacked.json", "deep/er/x.txt", "y.txt"]
        (origin / f"all.{kind}").rename(origin / "hidden")
        fetch(definition, tmp_path)
        (place / "y.txt").write_bytes(b"cut")
        fetch(definition, tmp_path)
        (place / "y.txt").write_bytes(b"cut short")
        with pytest.raises(FetchError, match="cannot be read"):
            fetch(definition, tmp_path)
        (origin / "hidden").rename(origin / f"all.{kind}")
        fetch(definition, tmp_path)
        assert (place / "y.txt").read_bytes() == b"xxx"

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (zipped(**{"ok.txt": b"1", "../../evil.txt": b"2"}), "'../../evil.txt' would land outside"),
            (zipped(**{"/etc/evil.txt": b"2"}), "'/etc/evil.txt' would land outside the folder"),
            (zipped(**{"a\\..\\evil.txt": b"2"}), "has a name that means another place on some systems"),
            (zipped(**{"C:evil.txt": b"2"}), "has a name that means another place on some systems"),
            (tarred(tar_member("ok"), tar_member("../evil.txt")), "'../evil.txt' would land outside"),
            (tarred(tar_member("/evil.txt")), "'/evil.txt' would land outside"),
            (tarred(tar_member("link", tarfile.SYMTYPE, "/etc")), "'link' is a link or a device"),
            (tarred(tar_member("link", tarfile.LNKTYPE, "../../x")), "'link' is a link or a device"),
            (tarred(tar_member("pipe", tarfile.FIFOTYPE)), "'pipe' is a link or a device"),
        ],
    )
    def test_members_that_leave_the_folder_are_refused_and_nothing_is_left(
        self, tmp_path: Path, origin: Path, cache: Path, content: bytes, problem: str
    ) -> None:
        before = contents(tmp_path)
        with pytest.raises(FetchError) as caught:
            fetch(benchmark(offered(origin, "evil", content, unpack=True)), tmp_path)
        assert problem in str(caught.value)
        assert "nothing was unpacked\nRemedy: do not trust this archive" in str(caught.value)
        assert contents(cache / "mine") == []
        assert set(contents(tmp_path)) - set(before) <= {
            "origin/evil", "cache/samesplit/data/.mine.fetch.lock",
        }  # fmt: skip

    def test_a_link_inside_a_zip_is_refused(self, tmp_path: Path, origin: Path, cache: Path) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            info = zipfile.ZipInfo("link")
            info.external_attr = 0o120777 << 16
            file.writestr(info, "/etc/passwd")
        with pytest.raises(FetchError, match="'link' is a link or a device"):
            fetch(benchmark(offered(origin, "a.zip", buffer.getvalue(), unpack=True)), tmp_path)
        assert contents(cache / "mine") == []

    def test_a_link_that_stands_in_the_folder_is_not_followed(
        self, tmp_path: Path, origin: Path, cache: Path
    ) -> None:
        place, outside = cache / "mine" / "images", tmp_path / "outside"
        place.mkdir(parents=True)
        outside.mkdir()
        (place / "deep").symlink_to(outside)
        content = zipped(**{"deep/x.txt": b"1"})
        with pytest.raises(FetchError, match="through a link that stands in it"):
            fetch(benchmark(offered(origin, "a.zip", content, unpack=True)), tmp_path)
        assert contents(outside) == []

    @pytest.mark.parametrize("content", [b"no archive at all", zipped(a=b"1" * 99)[:-30]])
    def test_a_damaged_archive(self, tmp_path: Path, origin: Path, cache: Path, content: bytes) -> None:
        with pytest.raises(FetchError, match=r"is not an archive that can be unpacked .*\nRemedy: use \.zip"):
            fetch(benchmark(offered(origin, "a.zip", content, unpack=True)), tmp_path)
        assert contents(cache / "mine") == []

    def test_a_member_whose_content_is_damaged(self, tmp_path: Path, origin: Path, cache: Path) -> None:
        content = zipped(a=b"content of a").replace(b"content of a", b"c0ntent of a")
        with pytest.raises(FetchError, match="Bad CRC-32"):
            fetch(benchmark(offered(origin, "a.zip", content, unpack=True)), tmp_path)
        assert contents(cache / "mine") == []

    @pytest.mark.parametrize("kind", ["zip", "tar", "tar of many"])
    def test_more_than_was_declared_does_not_come_out(
        self, tmp_path: Path, origin: Path, cache: Path, kind: str
    ) -> None:
        if kind == "zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
                file.writestr("small", b"x")
                file.writestr("bomb", bytes(5_000_000))
            content = buffer.getvalue()
        else:
            bomb = tarfile.TarInfo("bomb")
            bomb.size = 5_000_000 if kind == "tar" else 900_000
            content = tarred(*[bomb] * (1 if kind == "tar" else 6))
        assert len(content) < 10_000
        with pytest.raises(FetchError) as caught:
            fetch(benchmark(offered(origin, "a", content, unpack=True, unpacked_mb=1)), tmp_path)
        assert "unpacks to more than was declared: " in str(caught.value)
        assert "benchmark.yaml says unpacked_mb: 1; nothing was unpacked" in str(caught.value)
        assert contents(cache / "mine") == []

    def test_a_zip_that_understates_its_size_is_refused(
        self, tmp_path: Path, origin: Path, cache: Path
    ) -> None:
        content = bytearray(zipped(a=b"1" * 5000))
        for place in (content.find(b"PK\3\4") + 22, content.find(b"PK\1\2") + 24):
            content[place : place + 4] = (100).to_bytes(4, "little")
        with pytest.raises(FetchError, match="Bad CRC-32"):
            fetch(benchmark(offered(origin, "a.zip", bytes(content), unpack=True)), tmp_path)
        assert contents(cache / "mine") == []

    def test_an_archive_needs_a_declared_size(self, origin: Path) -> None:
        with pytest.raises(ValueError, match="'unpacked_mb' is needed with 'unpack: true'"):
            benchmark(offered(origin, "a.zip", b"", unpack=True, unpacked_mb=None))
        with pytest.raises(ValueError, match="and only there"):
            benchmark(offered(origin, "a.zip", b"", unpacked_mb=3))

    def test_an_archive_larger_than_the_disk(
        self, tmp_path: Path, origin: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2})())
        content = zipped(a=b"12345")
        with pytest.raises(WorkspaceError, match=r"cannot be unpacked \(0\.0 GB needed, 0\.0 GB free\)"):
            fetch(benchmark(offered(origin, "a.zip", content, unpack=True)), tmp_path)


class TestSynthetic:
    SETTINGS: dict[str, Any] = {"n_patients": 2, "seed": 1}  # noqa: RUF012

    def test_it_is_generated_with_its_tables_once(self, tmp_path: Path, cache: Path) -> None:
        definition = benchmark(synthetic=self.SETTINGS)
        with pytest.raises(
            DataMissingError, match=r"is not there, unfinished .*\nRemedy: make it with: same"
        ):
            data_root(definition, tmp_path)
        seen: list[tuple[str, int, int | None]] = []
        place = fetch(definition, tmp_path, progress=lambda *told: seen.append(told))
        assert place == cache / "mine" == data_root(definition, tmp_path)
        assert seen[-1][0] == "synthetic lesions"
        assert seen[-1][1] == seen[-1][2]
        assert {"lesions.csv", "images.csv", "readings.csv"} <= set(contents(place))
        before = {path: path.stat().st_mtime_ns for path in place.rglob("*.nii.gz")}
        fetch(definition, tmp_path)
        assert before == {path: path.stat().st_mtime_ns for path in place.rglob("*.nii.gz")}

    def test_other_settings_ask_for_another_cohort(self, tmp_path: Path, cache: Path) -> None:
        (cache / "mine").mkdir(parents=True)
        (cache / "mine" / "complete.json").write_text('{"settings_sha256": "other"}')
        with pytest.raises(DataMissingError, match="made with other settings"):
            data_root(benchmark(synthetic=self.SETTINGS), tmp_path)
        with pytest.raises(DataMissingError, match="made with other settings"):
            data_root(benchmark(synthetic=self.SETTINGS, folder=None), tmp_path)

    def test_a_misspelt_setting(self, tmp_path: Path) -> None:
        with pytest.raises(DeclarationError, match=r"'data.synthetic.patients': Extra .*\nRemedy: keys of"):
            fetch(benchmark(synthetic={"patients": 3}), tmp_path)
