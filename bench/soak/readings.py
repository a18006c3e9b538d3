"""What is read of the engine's processes, its state folder and the servers, and what may grow."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from bench.soak.project import SLOT

MB = 1e6


@dataclass(frozen=True, slots=True)
class Kind:
    """A reading: its name, unit, what one unit is in numbers read, how much it may grow an hour."""

    name: str
    title: str
    unit: str
    scale: float
    limit_per_h: float


KINDS = (
    Kind("pss", "memory (PSS)", "MB", MB, 1.0),
    Kind("rss", "memory (RSS)", "MB", MB, 1.0),
    Kind("handles", "open file handles", "handles", 1, 1.0),
    Kind("threads", "threads", "threads", 1, 1.0),
    Kind("state", "state folder", "MB", MB, 5.0),
    # A segment of Postgres' log is 16 MB.
    Kind("wal", "WAL held by the slot", "MB", MB, 16.0),
    Kind("lag", "rides not read yet", "events", 1, 10_000),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look: seconds since the first event, and a number for each kind."""

    at_s: float
    values: dict[str, float]


class Reader:
    """Looks at one engine and its servers."""

    def __init__(self, pid: int, state: Path, postgres: psycopg.Connection) -> None:
        self._root = psutil.Process(pid)
        self._state = state
        self._postgres = postgres
        self._start_s = time.monotonic()

    def read(self) -> Reading:
        """Look now; the processes of the engine's tree are added up."""
        at_s = time.monotonic() - self._start_s
        values = dict.fromkeys((kind.name for kind in KINDS), 0.0)
        for process in (self._root, *self._root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess), process.oneshot():
                memory = process.memory_full_info()
                values["pss"] += memory.pss
                values["rss"] += memory.rss
                values["handles"] += process.num_fds()
                values["threads"] += process.num_threads()
        values["state"] = _folder_bytes(self._state)
        values["wal"] = self._wal_bytes()
        values["lag"] = sum(lags(self._state).get("rides", {}).values())
        return Reading(at_s, values)

    def _wal_bytes(self) -> float:
        asked = (
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)"
            " FROM pg_replication_slots WHERE slot_name = %s"
        )
        row = self._postgres.execute(asked, (SLOT,)).fetchone()
        return float(row[0]) if row and row[0] is not None else 0.0


def lags(state: Path) -> dict[str, dict[str, int]]:
    """Records that wait, by table and partition; what the engine last said."""
    return dict(_live(state).get("lags", {}))


def records_read(state: Path, table: str) -> int:
    """Records that the engine has read of a table."""
    return int(_live(state).get("counters", {}).get(f"source.{table}.records", 0))


def _live(state: Path) -> dict[str, dict[str, int]]:
    try:
        return dict(json.loads((state / "live.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _folder_bytes(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += file.lstat().st_size
    return total
