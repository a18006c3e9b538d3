"""Servers on machines that are not as one would like: full disk, wrong Java, root, missing bits."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidemill.control.doctor_servers import doctor_servers
from tidemill.control.down import down
from tidemill.control.up import up
from tidemill.errors import ServiceError
from tidemill.services import postgres_binaries
from tidemill.services.java import find_java, java_version, make_executable
from tidemill.services.jvm import given_options, jvm_command
from tidemill.services.ports import free_port, is_free
from tidemill.services.settings import parse_settings
from tidemill.services.supervisor.failures import check_disk
from tidemill.services.users import is_root, unprivileged_user


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of 8 MB where the system lets us mount one; else None."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = bool(mount) and is_root() and not subprocess.run(command, check=False).returncode
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.servers
def test_a_full_disk_stops_the_start_with_a_clear_error(small_disk, tmp_path) -> None:
    if small_disk is None:  # the same check, without a disk to mount
        with pytest.raises(ServiceError) as caught:
            check_disk("postgres", tmp_path, 2**62)
    else:
        state_dir = small_disk / ".tidemill"
        with pytest.raises(ServiceError) as caught:
            up(state_dir, ["postgres"], tie_to_caller=True)
        down(state_dir)
    assert caught.value.code == "service.disk-full"
    assert "postgres needs" in caught.value.message
    assert "Free some room" in caught.value.hint


def test_no_room_for_the_state_folder_is_a_clear_error(small_disk, tmp_path) -> None:
    if small_disk is None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ServiceError):
            up(tmp_path / "file" / ".tidemill", ["postgres"])
        return
    (small_disk / ".tidemill").mkdir()
    with (small_disk / "filler").open("wb") as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 65536)
            filler.flush()
    with pytest.raises(ServiceError) as caught:
        up(small_disk / ".tidemill", ["postgres"], tie_to_caller=True)
    assert caught.value.code in ("service.disk-full", "service.supervisor-failed")
    down(small_disk / ".tidemill")


def test_a_missing_execute_bit_is_mended(tmp_path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o640)
    make_executable(program)
    assert stat.S_IMODE(program.stat().st_mode) == 0o750


def test_an_execute_bit_that_cannot_be_mended_is_a_clear_error(tmp_path, monkeypatch) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o600)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(ServiceError) as caught:
        make_executable(program)
    assert caught.value.code == "service.binary-not-executable"
    with pytest.raises(ServiceError) as caught:
        make_executable(tmp_path / "absent")
    assert caught.value.code == "service.binary-missing"


def test_which_java(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("TIDEMILL_JAVA", raising=False)
    packaged = find_java()
    assert java_version(packaged) >= 17
    monkeypatch.setenv("TIDEMILL_JAVA", str(packaged.parent.parent))  # a JAVA_HOME will do
    assert find_java() == packaged
    for name, says, expected in (
        ("old", "echo 'openjdk version \"11.0.2\"' >&2", "is version 11"),
        ("broken", "exit 3", "does not run"),
    ):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
        monkeypatch.setenv("TIDEMILL_JAVA", str(program))
        with pytest.raises(ServiceError, match=expected) as caught:
            find_java()
        assert caught.value.code == "service.java-unusable"


def test_options_of_every_jvm(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TIDEMILL_JVM_OPTIONS", " -Xint  -Dx=y ")
    argv = list(jvm_command(tmp_path, 64, [tmp_path], "Main", ["more"]).argv)
    assert argv[argv.index("-Xint") + 1] == "-Dx=y"
    assert argv.index("-Xmx64m") < argv.index("-Xint") < argv.index("-cp")
    monkeypatch.delenv("TIDEMILL_JVM_OPTIONS")
    assert given_options() == []


def test_the_postgres_programs_are_copied_where_a_user_cannot_reach_them(
    tmp_path, monkeypatch
) -> None:
    if not is_root():  # only root runs servers as somebody else
        assert (postgres_binaries.postgres_installation(None) / "bin" / "postgres").exists()
        return
    user = unprivileged_user("postgres")
    hidden = tmp_path / "closed" / "pginstall18"
    shutil.copytree(postgres_binaries.postgres_installation(None), hidden)
    hidden.parent.chmod(0o700)
    monkeypatch.setattr(postgres_binaries, "_packaged", lambda: hidden)
    found = postgres_binaries.postgres_installation(user)
    assert hidden not in [found, *found.parents]
    assert (found / "bin" / "postgres").stat().st_mode & 0o022 == 0
    monkeypatch.setattr(postgres_binaries, "_SHARED_PLACES", (str(tmp_path / "closed"),))
    with pytest.raises(ServiceError) as caught:
        postgres_binaries.postgres_installation(user)
    assert caught.value.code == "service.binary-not-executable"


def test_ports_are_free_and_differ() -> None:
    first = free_port()
    assert is_free(first)
    assert free_port([first]) != first


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"port": 0}, "port"),
        ({"port": "5432"}, "port"),
        ({"port": True}, "port"),
        ({"heap_mb": 1}, "heap_mb"),
        ({"start_timeout_s": 0}, "start_timeout_s"),
        ({"properties": {"a": "b\nlisten_addresses=*"}}, "line break"),
        ({"prot": 1}, "prot"),
    ],
)
def test_wrong_settings_are_refused(given, says) -> None:
    with pytest.raises(ServiceError, match=says) as caught:
        parse_settings("kafka", given)
    assert caught.value.code == "service.bad-setting"


def test_the_doctor_finds_a_healthy_machine(tmp_path, kafka_endpoint) -> None:
    checks = {check.name: check for check in doctor_servers(tmp_path, ["postgres", "kafka"])}
    assert {"platform", "user", "cache", "disk", "memory", "ports", "java", "postgres"} <= set(
        checks
    )
    assert checks["files of kafka"].outcome == "ok"
    assert not [check for check in checks.values() if check.outcome == "failed"]
