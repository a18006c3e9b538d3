"""Runs on Spark as others see them: one at a time for each pipeline, what it does, how to stop it.

A run holds a lock in `.tidemill/pipelines/<name>/spark`, and so does its Spark, which may outlive a
killed run by some seconds; beside it stands `run-state.json`, written twice a second, whole and
renamed. Reading never waits for a run.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from tidemill.errors import ComponentError, TidemillError, UserError, Where
from tidemill.project import Project
from tidemill.records import dataclass
from tidemill.services.locks import is_locked, open_lock, try_lock
from tidemill.services.state import read_json, write_json

FILE, _LOCK = "run-state.json", "lock"
_CLAIM_WITHIN_S = 1.0
_STOP_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """What one stream has done in this run; `watermark` is Spark's text of it."""

    sink: str
    rows_in: int
    batch: int
    watermark: str | None


@dataclass(frozen=True, slots=True)
class PipelineOnSpark:
    """A pipeline's last run on Spark.

    `state` is running, finished, stopped, failed, or killed: its process ended without a word.
    """

    pipeline: str
    state: str
    pid: int | None
    started_at_ms: int
    at_ms: int
    streams: tuple[StreamProgress, ...]
    error: str | None


class SparkState:
    """What a run tells of itself."""

    def __init__(self, root: Path, lock: int) -> None:
        self.lock = lock
        self._file = root / FILE
        self._started_ms = _now_ms()

    def tell(
        self, state: str, streams: Sequence[StreamProgress] = (), error: str | None = None
    ) -> None:
        """Write how it is. A disk that takes nothing stops no run."""
        value = {
            "pid": os.getpid(),
            "state": state,
            "started_at_ms": self._started_ms,
            "at_ms": _now_ms(),
            "streams": [asdict(stream) for stream in streams],
            "error": error,
        }
        with suppress(OSError):
            write_json(self._file, value)


@contextmanager
def claimed(root: Path, pipeline: str) -> Iterator[SparkState]:
    """Hold a pipeline's state on Spark while the block runs; raises UserError where another does.

    Whatever the block raises is told; how it ended otherwise, the block itself tells.
    """
    lock = open_lock(root / _LOCK)
    try:
        limit_s = time.monotonic() + _CLAIM_WITHIN_S
        while not try_lock(lock):  # who only looks holds it for a moment
            if time.monotonic() > limit_s:
                raise UserError(
                    f"{pipeline} runs on Spark already",
                    code="control.already-runs",
                    where=Where(pipeline=pipeline),
                    hint=f"Look with `tidemill status`; stop it with `tidemill stop {pipeline}`.",
                )
            time.sleep(0.05)
        state = SparkState(root, lock)
        try:
            state.tell("running")
            yield state
        except BaseException as raised:
            text = raised.render() if isinstance(raised, TidemillError) else str(raised)
            state.tell("failed", error=text)
            raise
    finally:
        os.close(lock)


def pipelines_on_spark(project: Project) -> tuple[PipelineOnSpark, ...]:
    """The pipelines that have run on Spark; never raises."""
    files = sorted((project.state_dir / "pipelines").glob(f"*/spark/{FILE}"))
    found = (_read(file) for file in files)
    return tuple(one for one in found if one is not None)


def _read(file: Path) -> PipelineOnSpark | None:
    value = read_json(file)
    if not isinstance(value, Mapping):
        return None
    runs = is_locked(file.parent / _LOCK)
    state = str(value["state"])
    if not runs and state == "running":
        state = "killed"
    streams = tuple(StreamProgress(**one) for one in value["streams"])
    pid = int(value["pid"]) if runs else None
    times = int(value["started_at_ms"]), int(value["at_ms"])
    name = file.parents[1].name
    return PipelineOnSpark(name, state, pid, *times, streams, value["error"])


def stop_on_spark(project: Project, run: PipelineOnSpark) -> PipelineOnSpark:
    """Stop a run in order, and wait until it has ended; raises ComponentError."""
    file = project.state_dir / "pipelines" / run.pipeline / "spark" / FILE
    if run.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(run.pid, signal.SIGTERM)
    limit_s = time.monotonic() + _STOP_WITHIN_S
    while time.monotonic() < limit_s:
        now = _read(file)
        if now is None or now.pid is None:
            return now or run
        time.sleep(0.1)
    raise ComponentError(
        f"{run.pipeline} has not stopped on Spark within {_STOP_WITHIN_S:.0f} s",
        code="control.timeout",
        where=Where(pipeline=run.pipeline),
        hint="It may be writing to a slow server; look again in a while.",
    )


def _now_ms() -> int:
    return round(time.time() * 1000)
