"""Server files come once, whole, and as locked; tried on a repository of our own."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tidemill.errors import ServiceError
from tidemill.services import artifacts, download, install
from tidemill.services.artifacts import Artifact, read_lock, split_coordinates
from tidemill.services.repository import repository_url


class Repository:
    """A Maven repository on loopback that can misbehave."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.failures: dict[str, list[int]] = {}
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.lstrip("/")
                repository.asked[path] += 1
                failures = repository.failures.get(path, [])
                content = repository.files.get(path)
                if failures:
                    self.send_error(failures.pop())
                elif content is None:
                    self.send_error(404)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def add(self, coordinates: str, content: bytes) -> str:
        artifact = Artifact(coordinates, len(content), hashlib.sha256(content).hexdigest())
        self.files[artifact.path] = content
        return (
            f'{{ coordinates = "{coordinates}", bytes = {len(content)}, '
            f'sha256 = "{artifact.sha256}" }}'
        )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    made = Repository()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo("plugin/inside.jar")
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"abc"))
    jars = ",".join(made.add(f"org.x:lib{n}:1.{n}", b"jar%d" % n * 500) for n in range(5))
    plugin = made.add("org.y:plug:2.0:tar.gz:plugin", archive.getvalue())
    lock = tmp_path / "servers.lock"
    lock.write_text(
        f'version = 1\n[servers.a]\nlayout = "classpath"\nfiles = [{jars}]\n'
        f'[servers.b]\nlayout = "plugin"\nfiles = [{plugin}]\n'
    )
    monkeypatch.setattr(artifacts, "lock_path", lambda: lock)
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    monkeypatch.setenv("TIDEMILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TIDEMILL_MAVEN_REPOSITORY", made.url + "/")
    read_lock.cache_clear()
    yield made
    read_lock.cache_clear()
    made.server.shutdown()
    made.server.server_close()


def test_files_come_once_and_a_second_run_needs_no_network(repository) -> None:
    seen: list[install.InstallProgress] = []
    install.install(["a", "b"], seen.append)
    assert seen[-1].files_done == seen[-1].files_total == 6
    assert seen[-1].bytes_done == seen[-1].bytes_total
    assert (install.plugin_folder("b") / "plugin" / "inside.jar").read_bytes() == b"abc"
    assert all(path.exists() for path in install.class_path("a"))
    asked = repository.asked.total()
    install.install(["a", "b"])
    assert repository.asked.total() == asked == 6


def test_several_at_once_fetch_each_file_once(repository) -> None:
    threads = [threading.Thread(target=install.install, args=(["a", "b"],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(repository.asked.values()) == {1}


def test_a_wrong_sum_is_refused_and_nothing_of_it_is_kept(repository, tmp_path) -> None:
    path = next(path for path in repository.files if "lib3" in path)
    repository.files[path] = repository.files[path].replace(b"jar3", b"evil")
    with pytest.raises(ServiceError) as caught:
        install.install(["a"])
    assert caught.value.code == "service.checksum-mismatch"
    assert "lib3-1.3.jar" in caught.value.message
    left = [p.name for p in (tmp_path / "cache").rglob("*lib3*") if p.is_file()]
    assert left == []
    with pytest.raises(ServiceError, match="not in the cache"):
        install.class_path("a")


def test_a_truncated_file_and_a_server_error_are_tried_again(repository) -> None:
    path = next(path for path in repository.files if "lib1" in path)
    repository.failures[path] = [503, 429]
    install.install(["a"])
    assert repository.asked[path] == 3


def test_a_file_that_the_repository_lacks_is_named(repository) -> None:
    del repository.files[next(path for path in repository.files if "lib2" in path)]
    with pytest.raises(ServiceError) as caught:
        install.install(["a"])
    assert caught.value.code == "service.download-failed"
    assert "lib2-1.2.jar" in caught.value.message
    assert "404" in caught.value.message


def test_a_repository_out_of_reach_is_a_clear_error(repository, monkeypatch) -> None:
    monkeypatch.setenv("TIDEMILL_MAVEN_REPOSITORY", "http://127.0.0.1:9")
    with pytest.raises(ServiceError) as caught:
        install.install(["b"])
    assert caught.value.code == "service.download-failed"
    assert "TIDEMILL_MAVEN_REPOSITORY" in caught.value.hint


def test_a_damaged_cache_is_found_and_mended(repository) -> None:
    install.install(["a"])
    jar = install.class_path("a")[0]
    content = jar.read_bytes()
    jar.write_bytes(b"x" * len(content))  # same size: only reading it tells
    assert install.verify("a") == [f"{jar.name} is not the file that servers.lock names"]
    install.install(["a"])
    assert jar.read_bytes() == content
    assert install.verify("a") == []
    jar.write_bytes(b"short")
    install.install(["a"])
    assert jar.read_bytes() == content


def test_a_full_disk_while_downloading_is_a_clear_error(repository, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ServiceError) as caught:
        install.install(["a"])
    assert caught.value.code == "service.disk-full"


def test_a_cache_that_cannot_be_made_is_a_clear_error(repository, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TIDEMILL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ServiceError) as caught:
        install.install(["a"])
    assert caught.value.code == "service.cache-unusable"


def test_a_damaged_lock_is_a_clear_error(tmp_path) -> None:
    for text in ("not toml [", "version = 1", '[servers.a]\nlayout = "heap"\nfiles = []\n'):
        lock = tmp_path / f"{len(text)}.lock"
        lock.write_text(text)
        with pytest.raises(ServiceError) as caught:
            read_lock(lock)
        assert caught.value.code == "service.bad-lock"


def test_the_real_lock_is_whole_and_names_no_host() -> None:
    servers = read_lock()
    assert {"kafka", "connect", "debezium-postgres"} <= set(servers)
    for files in servers.values():
        for artifact in files.files:
            assert len(artifact.sha256) == 64
            assert artifact.bytes > 1000
    assert "://" not in artifacts.lock_path().read_text()


def test_coordinates() -> None:
    assert split_coordinates("g.h:a:1") == ("g.h", "a", "1", "jar", "")
    assert Artifact("g.h:a:1:tar.gz:p", 1, "").path == "g/h/a/1/a-1-p.tar.gz"
    for wrong in ("g:a", "g::1", "a:b:c:d:e:f"):
        with pytest.raises(ValueError, match="not Maven coordinates"):
            split_coordinates(wrong)


def test_which_repository(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("TIDEMILL_MAVEN_REPOSITORY", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    public = repository_url()
    assert public.startswith("https://")
    settings = tmp_path / ".m2" / "settings.xml"
    settings.parent.mkdir()
    text = (
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors><mirror>'
        "<mirrorOf>{}</mirrorOf><url>http://mirror.invalid/m/</url></mirror></mirrors></settings>"
    )
    for of, expected in (("central", "http://mirror.invalid/m"), ("*,!central", public)):
        settings.write_text(text.format(of))
        assert repository_url() == expected
    settings.write_text("<broken")
    assert repository_url() == public
    monkeypatch.setenv("TIDEMILL_MAVEN_REPOSITORY", "http://own.invalid/")
    assert repository_url() == "http://own.invalid"
