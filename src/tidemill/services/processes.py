"""Processes by identity (pid and time of creation), so that a reused pid is never mistaken."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from typing import Any

import psutil

from tidemill.records import dataclass

_SAME_S = 2.0  # the clock may be corrected between two readings of one process's creation


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, for good: its pid and when it was created (seconds since the epoch)."""

    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The living process; None where it is gone (or only waits to be reaped)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _SAME_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def as_dict(self) -> dict[str, Any]:
        """The identity as JSON data."""
        return {"pid": self.pid, "created": self.created}


def identify(pid: int) -> ProcessId | None:
    """The identity of a living process."""
    try:
        return ProcessId(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def parse_process_id(value: Any) -> ProcessId | None:
    """An identity from JSON data; None for anything else."""
    try:
        return ProcessId(int(value["pid"]), float(value["created"]))
    except (TypeError, KeyError, ValueError):
        return None


def signal_group(pid: int, number: int) -> None:
    """Signal a process and those of its process group; nothing happens where it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def kill_tree(identity: ProcessId, timeout_s: float = 10.0) -> bool:
    """Kill a process and all below it; return whether they are gone.

    Nothing happens to another process that has the pid by now.
    """
    process = identity.process()
    if process is None:
        return True
    family = [process, *_children(process)]
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue
    return wait_gone(family, timeout_s)


def wait_gone(processes: Iterable[psutil.Process], timeout_s: float) -> bool:
    """Wait until all are gone (or only wait to be reaped by a parent that is not ours)."""
    deadline = time.monotonic() + timeout_s
    left = list(processes)
    while left and time.monotonic() < deadline:
        left = [process for process in left if _lives(process)]
        time.sleep(0.02)
    return not left


def memory_bytes(identity: ProcessId) -> int | None:
    """Memory of a process and all below it; None where it is gone.

    Shared pages are counted once where the system tells (Linux), so Postgres is not overstated.
    """
    process = identity.process()
    if process is None:
        return None
    return sum(_memory(member) for member in [process, *_children(process)])


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        pass
    except psutil.Error:
        return 0
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
