"""Environments made on demand: once, whole, as locked; tried with a package of our own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tidemill.errors import ServiceError
from tidemill.services.environments import (
    ENVIRONMENTS,
    EnvironmentProgress,
    EnvironmentSpec,
    environment_python,
    is_made,
    make_environment,
    require_environment,
    specs,
)

HERE = (sys.version_info.major, sys.version_info.minor)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `tiny`, the only one that pip can find."""
    index = tmp_path / "index"
    index.mkdir()
    path = index / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "ANSWER = 42\n")
        info = "tiny-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("TIDEMILL_CACHE", str(tmp_path / "cache"))
    return path


def _declare(
    monkeypatch: pytest.MonkeyPatch,
    wheel: Path,
    *,
    digest: str | None = None,
    module: str = "tiny",
    pythons: tuple[tuple[int, int], ...] = (HERE,),
) -> None:
    lock = wheel.parent.parent / "tiny.lock"
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n")
    spec = EnvironmentSpec("tiny", lock, pythons, (module,))
    monkeypatch.setattr(specs, "ENVIRONMENTS", {"tiny": spec})


def test_it_is_made_once_and_needs_no_network_then(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _declare(monkeypatch, wheel)
    with pytest.raises(ServiceError, match="not in the cache"):
        require_environment("tiny")
    told: list[EnvironmentProgress] = []
    python = make_environment("tiny", told.append)
    said = subprocess.run(
        [python, "-c", "import tiny; print(tiny.ANSWER)"], capture_output=True, text=True
    )
    assert said.stdout == "42\n"
    assert told[0].step == "fetching"
    assert told[-1] == EnvironmentProgress("tiny", "checking", 1, 1)
    wheel.unlink()
    told.clear()
    assert make_environment("tiny", told.append) == python == require_environment("tiny")
    assert not told


def test_two_that_want_it_make_it_once(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(monkeypatch, wheel)
    steps: list[str] = []
    threads = [
        threading.Thread(target=make_environment, args=("tiny", lambda at: steps.append(at.step)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_made("tiny")
    assert steps.count("waiting") == 1
    assert steps.count("checking") == 1


def test_a_package_that_is_not_the_locked_one(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(monkeypatch, wheel, digest="0" * 64)
    with pytest.raises(ServiceError) as refused:
        make_environment("tiny")
    assert refused.value.code == "service.download-failed"
    assert "do not match" in str(refused.value.detail).lower()
    assert not environment_python("tiny").parents[1].exists()


def test_one_that_does_not_work_does_not_count(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _declare(monkeypatch, wheel, module="tiny.nothing")
    with pytest.raises(ServiceError) as refused:
        make_environment("tiny")
    assert refused.value.code == "service.environment-failed"
    assert "No module named 'tiny.nothing'" in str(refused.value.detail)
    assert not is_made("tiny")


def test_an_interpreter_that_vanished(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(monkeypatch, wheel)
    python = make_environment("tiny")
    python.unlink()
    assert not is_made("tiny")
    assert make_environment("tiny").exists()


def test_no_python_for_it(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(monkeypatch, wheel, pythons=((2, 7),))
    monkeypatch.setenv("PATH", str(wheel.parent))
    with pytest.raises(ServiceError) as refused:
        make_environment("tiny")
    assert refused.value.code == "service.no-python"
    assert "needs Python 2.7" in refused.value.message


def test_locks_hold_names_versions_and_hashes_only() -> None:
    for spec in ENVIRONMENTS.values():
        text = spec.lock.read_text()
        assert "://" not in text
        assert spec.packages > 1
        assert text.count("--hash=sha256:") >= spec.packages
