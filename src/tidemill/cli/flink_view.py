"""How jobs on Flink are shown: a line at each change of state and every few seconds, and tables."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tidemill.cli.output import data, data_json, data_json_line, say, table
from tidemill.cli.servers_view import duration

if TYPE_CHECKING:
    from tidemill.control.flink_jobs import Stopped
    from tidemill.control.flink_status import PipelineOnFlink
    from tidemill.runners.flink import Job

_LAST_MS = 2**62
_NAME_MAX = 60


class JobTalk:
    """Tells of jobs while they run; with JSON as lines of data."""

    def __init__(self, every_s: float, *, as_json: bool) -> None:
        self._every_s = every_s
        self._as_json = as_json
        self._states: dict[str, str] = {}
        self._due: dict[str, float] = {}

    def watch(self, job: Job) -> None:
        """Tell of a job, if it is time."""
        now = time.monotonic()
        if self._states.get(job.id) == job.state and (now < self._due[job.id] or job.ended):
            return
        self._states[job.id], self._due[job.id] = job.state, now + self._every_s
        if self._as_json:
            data_json_line(progress_of(job))
        else:
            say(line_of(job))


def progress_of(job: Job) -> dict[str, Any]:
    """A job at one moment, for `--json`."""
    return {
        "type": "progress",
        "engine": "flink",
        "job_id": job.id,
        "name": job.name,
        "state": job.state,
        "rows_in": job.rows_in,
        "rows_out": job.rows_out,
        "restarts": job.restarts,
        "last_error": job.failure,
        "metrics": None if job.metrics is None else asdict(job.metrics),
    }


def line_of(job: Job) -> str:
    """A job at one moment, for people."""
    parts = [f"{job.name} {job.state.lower()}: {job.rows_in:,} in, {job.rows_out:,} out"]
    now = job.metrics
    if now is not None:
        if now.watermark_ms is not None:
            parts.append(f"watermark {moment(now.watermark_ms)}")
        parts.append(f"{now.checkpoints:,} checkpoints")
        if now.backpressure != "ok":
            parts.append(f"backpressure {now.backpressure}")
        if now.restarts:
            parts.append(f"{now.restarts} restarts")
    if job.failure:
        parts.append(job.failure)
    return ", ".join(parts)


def moment(epoch_ms: int) -> str:
    """A time in UTC, for people; the greatest watermark, which ends a stream, as such."""
    if epoch_ms >= _LAST_MS:
        return "end"
    at = datetime.datetime.fromtimestamp(epoch_ms / 1000, datetime.UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S")


def show_jobs(jobs: Sequence[Job]) -> None:
    """Jobs as a table."""
    columns = ("job", "name", "state", "started", "ran", "in", "out")
    rows = (
        (
            job.id,
            " ".join(job.name.split())[:_NAME_MAX],
            job.state.lower(),
            moment(job.start_time_ms),
            duration(job.duration_ms / 1000),
            f"{job.rows_in:,}",
            f"{job.rows_out:,}",
        )
        for job in jobs
    )
    table(columns, rows, right=("ran", "in", "out"))


def show_pipelines(found: Sequence[PipelineOnFlink]) -> None:
    """The pipelines of a project that are on Flink, as a table."""
    columns = ("pipeline on flink", "state", "in", "out", "watermark", "job")
    rows = []
    for one in found:
        job, mark = one.job, None
        if job is not None and job.metrics is not None:
            mark = job.metrics.watermark_ms
        state = job.state.lower() if job is not None else "unknown"
        if one.savepoint is not None and (job is None or job.ended):
            state = "stopped with a savepoint"
        counts = ("", "") if job is None else (f"{job.rows_in:,}", f"{job.rows_out:,}")
        rows.append((one.pipeline, state, *counts, moment(mark) if mark else "", one.job_id))
    table(columns, rows, right=("in", "out"))


def show_job(job: Job) -> None:
    """One job with all that is known of it."""
    lines = [("job", job.id), ("name", job.name), ("state", job.state.lower())]
    lines += [("started", moment(job.start_time_ms)), ("ran", duration(job.duration_ms / 1000))]
    lines += [("rows in", f"{job.rows_in:,}"), ("rows out", f"{job.rows_out:,}")]
    now = job.metrics
    if now is not None:
        mark = now.watermark_ms
        lines += [
            ("watermark", "none" if mark is None else moment(mark)),
            ("backpressure", now.backpressure),
            ("busiest", "" if now.busiest is None else f"{now.busy:.0%} {now.busiest}"),
            ("restarts", str(now.restarts)),
            ("checkpoints", f"{now.checkpoints:,} taken, {now.checkpoints_failed:,} failed"),
        ]
        if now.checkpoint_ms is not None and now.state_bytes is not None:
            size = f"{now.checkpoint_ms:,} ms, {now.state_bytes:,} bytes"
            lines.append(("last checkpoint", size))
    for name, value in lines:
        data(f"{name:<16}{value}")
    if job.failure is not None:
        data(f"{'last failure':<16}{job.failure}")


def done(result: Stopped, what: str, *, as_json: bool) -> None:
    """Say what was done to a job."""
    if as_json:
        data_json({**progress_of(result.job), "savepoint": result.savepoint, "type": "result"})
        return
    say(f"{what} {result.job.name} ({result.job.id}): {result.job.state.lower()}.")
    if result.savepoint is not None:
        data(result.savepoint)
