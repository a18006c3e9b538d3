"""What a running pipeline publishes of itself, and how others read it.

Every half second, and once more at its end, a run writes `live.json` into its state folder:
whole and renamed into place, so that a reader never sees half of it. `status`, the console,
`/metrics` and `top` read this one file. It costs nothing per row. Non-guarantee: after `kill -9`
the file stays as it was; `at_ms` and the process tell.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.control.back_pressure import BackPressure
from tidemill.control.lag_clock import LagClock
from tidemill.control.plan_graph import graph_as_dict
from tidemill.control.sample_publisher import SamplePublisher
from tidemill.errors import TidemillError
from tidemill.records import dataclass
from tidemill.services.state import read_json, write_private
from tidemill.version import __version__

if TYPE_CHECKING:
    from tidemill.engine import Engine, Progress

EVERY_S = 0.5
FILE = "live.json"
SCHEMA_VERSION = 1
_log = logging.getLogger("tidemill.control.live")


@dataclass(frozen=True, slots=True)
class RunOf:
    """Whose state it is."""

    project: str
    pipeline: str
    state: Path


def read_live(state: Path) -> dict[str, Any] | None:
    """What the pipeline with this state folder last published; None where it never ran."""
    found = read_json(state / FILE)
    return found if isinstance(found, dict) and found.get("version") == SCHEMA_VERSION else None


@contextmanager
def publishing(engine: Engine, run: RunOf) -> Iterator[None]:
    """Publish the engine's progress while the block runs, and how it ended."""
    publisher = Publisher(engine, run)
    publisher.start()
    try:
        yield
    except BaseException as raised:
        publisher.stop(raised)
        raise
    publisher.stop(None)


class Publisher:
    """Writes the file from a thread of its own."""

    def __init__(self, engine: Engine, run: RunOf) -> None:
        self._engine = engine
        self._run = run
        self._started_ms = round(time.time() * 1000)
        self._graph = graph_as_dict(engine.job.plan)
        self._lag = LagClock()
        self._pressure = BackPressure()
        self._samples = SamplePublisher(engine, run.state)
        self._stopped = threading.Event()
        self._warned = False
        self._thread = threading.Thread(target=self._loop, name="publish", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self, error: BaseException | None) -> None:
        """Publish how it ended; nothing after that."""
        self._stopped.set()
        self._thread.join()
        self._samples.end()
        # The file is of the engine that holds the folder, not of one that was turned away.
        if getattr(error, "code", None) != "engine.state-locked":
            self._write(_text(error))

    def _loop(self) -> None:
        while not self._stopped.wait(EVERY_S):
            if self._engine.progress().state != "new":
                self._write(None)
                self._samples.publish()

    def _write(self, error: str | None) -> None:
        import json  # noqa: PLC0415 - beside its only use

        value = self._value(self._engine.progress(), error)
        try:
            self._run.state.mkdir(parents=True, exist_ok=True)
            write_private(self._run.state / FILE, json.dumps(value) + "\n")
        except OSError as reason:
            # A full disk must not stop a pipeline that could go on without this file.
            if not self._warned:
                _log.warning("the state cannot be published: %s", reason)
                self._warned = True

    def _value(self, now: Progress, error: str | None) -> dict[str, Any]:
        from tidemill.control.run import progress_as_dict  # noqa: PLC0415 - it imports this module

        at_ms = round(time.time() * 1000)
        lags = {table: sum(parts.values()) for table, parts in now.lags.items()}
        read = {
            table: now.counters.get(f"source.{table}.records", 0) - now.in_hand.get(table, 0)
            for table in lags
        }
        return {
            "version": SCHEMA_VERSION,
            "tidemill": __version__,
            "project": self._run.project,
            "pid": os.getpid(),
            "started_at_ms": self._started_ms,
            "at_ms": at_ms,
            **progress_as_dict(now),
            "pipeline": self._run.pipeline,
            "error": error,
            "counters": dict(now.counters),
            "lags": now.lags,
            "lag_s": self._lag.see(at_ms / 1000, read, lags),
            "epochs": {
                **asdict(now.epochs),
                "checkpoint_bytes": now.checkpoint_bytes,
                "commit_ms": round(now.commit_ms, 2),
            },
            "times": asdict(now.times),
            "back_pressure": self._pressure.see(at_ms / 1000, now.times.reader_blocked_s),
            "observed": None if now.observed is None else now.observed.as_dict(),
            "graph": self._graph,
        }


def _text(error: BaseException | None) -> str | None:
    if error is None:
        return None
    if isinstance(error, TidemillError):
        return error.render()
    return f"{type(error).__name__}: {error}"


def epoch_age_s(live: Mapping[str, Any], now_ms: int) -> float | None:
    """How long ago the last epoch of this run was committed, in seconds; None: none yet."""
    at_ms = live["epochs"]["committed_at_ms"]
    return None if at_ms is None else max(0.0, (now_ms - at_ms) / 1000)
