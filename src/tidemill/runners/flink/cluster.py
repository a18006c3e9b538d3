"""A client of the JobManager's REST interface: jobs, their state and metrics, savepoints."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidemill.errors import ComponentError, Where
from tidemill.records import dataclass
from tidemill.runners.flink.causes import root_cause
from tidemill.runners.flink.metrics import JobMetrics, read_metrics
from tidemill.runners.flink.rest import TIMEOUT_S, RefusedError, Rest

_SOURCE = re.compile(r"Source: (?:.*\.)?([^\[\].]+)\[\d+\]")
_ROWS_READ = re.compile(r"0\.Source__.*\.numRecordsOut$")
ENDED = ("FINISHED", "FAILED", "CANCELED")


@dataclass(frozen=True, slots=True)
class Job:
    """One job at one moment; `state` is Flink's (RUNNING, FINISHED, FAILED, CANCELED, ...).

    `rows_in` and `rows_out` are what all its sources wrote and its sinks read since it started;
    `prints` says whether it writes to the output of a TaskManager. `metrics`, and `failure`, why it
    failed last, are there only where they were asked for.
    """

    id: str
    name: str
    state: str
    start_time_ms: int
    duration_ms: int
    rows_in: int
    rows_out: int
    restarts: int = 0
    prints: bool = False
    metrics: JobMetrics | None = None
    failure: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state in ENDED


class Cluster:
    """One JobManager, by its address."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self.rest = Rest(url, "flink's JobManager", timeout_s)

    def slots(self) -> tuple[int, int]:
        """How many slots are free, and how many there are."""
        found = self._get("/overview")
        return int(found["slots-available"]), int(found["slots-total"])

    def jobs(self) -> Mapping[str, str]:
        """The state of every job that the JobManager remembers, by id."""
        return {job["id"]: job["status"] for job in self._get("/jobs")["jobs"]}

    def job(self, job_id: str, *, metrics: bool = False) -> Job:
        """One job; with `metrics` also what it does now, if it runs."""
        found = self._get(f"/jobs/{job_id}")
        vertices = found["vertices"]
        rows_in, rows_out = _rows(found)
        job = Job(
            found["jid"],
            found["name"],
            found["state"],
            int(found["start-time"]),
            int(found["duration"]),
            rows_in,
            rows_out,
            prints=any("Print to Std" in vertex["name"] for vertex in vertices),
        )
        if not metrics or job.state != "RUNNING":
            return job
        now = read_metrics(self._get, job_id, vertices)
        counted = (max(rows_in, now.rows_in), max(rows_out, now.rows_out))
        if now.rows_in:
            counted = (now.rows_in, now.rows_out)
        return replace(
            job, rows_in=counted[0], rows_out=counted[1], restarts=now.restarts, metrics=now
        )

    def trace(self, job_id: str) -> str | None:
        """The Java trace of a job's last failure; None where it has had none."""
        history = self._get(f"/jobs/{job_id}/exceptions").get("exceptionHistory", {})
        entries = history.get("entries", ())
        return str(entries[0]["stacktrace"]) if entries else None

    def named(self, name: str) -> list[str]:
        """The ids of the jobs with a name that have not ended."""
        jobs = self._get("/jobs/overview")["jobs"]
        return [job["jid"] for job in jobs if job["name"] == name and job["state"] not in ENDED]

    def rows_read(self, job_id: str) -> Mapping[str, int | None]:
        """How many rows each source operator has given, by table; None: not told yet.

        The JobManager asks the TaskManagers only now and then (`metrics.fetcher.update-interval`).
        """
        found: dict[str, int | None] = {}
        for vertex in self._get(f"/jobs/{job_id}")["vertices"]:
            table = _SOURCE.match(vertex["name"])
            if table is None:
                continue
            base = f"/jobs/{job_id}/vertices/{vertex['id']}/metrics"
            ids = [m["id"] for m in self._get(base) if _ROWS_READ.match(m["id"])]
            values = self._get(f"{base}?get={ids[0]}") if ids else []
            found[table[1]] = int(values[0]["value"]) if values else None
        return found

    def failure(self, job_id: str) -> str | None:
        """Why a job failed, in one line; None where it has not."""
        trace = self.trace(job_id)
        return root_cause(trace).message if trace is not None else None

    def checkpoint(self, job_id: str) -> str | None:
        """The address of a job's last completed checkpoint."""
        latest = self._get(f"/jobs/{job_id}/checkpoints").get("latest") or {}
        completed = latest.get("completed") or {}
        address = completed.get("external_path")
        return str(address) if address and ":" in address else None

    def stopped_with(self, job_id: str) -> str | None:
        """The savepoint that an ended job was stopped with, by whomever; None where it was not."""
        found = self._stopped_with(job_id)
        if found is None:
            # The REST interface answers from a cache: what it does not know yet may be there.
            time.sleep(float(self._get("/config")["refresh-interval"]) / 1000 + 0.2)
            found = self._stopped_with(job_id)
        return found

    def _stopped_with(self, job_id: str) -> str | None:
        latest = self._get(f"/jobs/{job_id}/checkpoints").get("latest") or {}
        savepoint = latest.get("savepoint") or {}
        stopping = savepoint.get("checkpoint_type") == "SYNC_SAVEPOINT"
        return str(savepoint["external_path"]) if stopping else None

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """Wait until a job has ended; raises ComponentError where it failed or takes too long."""
        limit = time.monotonic() + timeout_s
        while True:
            job = self.job(job_id)
            if job.state == "FAILED":
                raise ComponentError(
                    f"flink's job failed: {self.failure(job_id)}",
                    code="runner.job-failed",
                    where=Where(server="flink", file=job.name),
                )
            if job.ended:
                return job
            if time.monotonic() > limit:
                raise ComponentError(
                    f"flink's job did not finish within {timeout_s:g} s",
                    code="runner.timeout",
                    where=Where(server="flink", file=job.name),
                )
            time.sleep(0.05)

    def cancel(self, job_id: str) -> None:
        """Cancel a job; what it has not committed is lost, its checkpoints stay."""
        self._call(lambda: self.rest.patch(f"/jobs/{job_id}?mode=cancel"))

    def stop(self, job_id: str, *, drain: bool = False, timeout_s: float = 120.0) -> str:
        """Stop a job with a savepoint; return the savepoint's address."""
        body = {"drain": drain}
        return self._savepoint(f"/jobs/{job_id}/stop", job_id, body, timeout_s)

    def dispose(self, savepoint: str) -> None:
        """Have a savepoint's files removed; returns at once."""
        self._call(lambda: self.rest.post("/savepoint-disposal", {"savepoint-path": savepoint}))

    def savepoint(self, job_id: str, timeout_s: float = 120.0) -> str:
        """Take a savepoint of a job that goes on; return its address."""
        body = {"cancel-job": False}
        return self._savepoint(f"/jobs/{job_id}/savepoints", job_id, body, timeout_s)

    def _savepoint(self, path: str, job_id: str, body: dict[str, Any], timeout_s: float) -> str:
        trigger = self._call(lambda: self.rest.post(path, body))["request-id"]
        limit = time.monotonic() + timeout_s
        while time.monotonic() < limit:
            found = self._get(f"/jobs/{job_id}/savepoints/{trigger}")
            if found["status"]["id"] == "COMPLETED":
                operation = found["operation"]
                if operation.get("location"):
                    return str(operation["location"])
                cause = root_cause(operation["failure-cause"]["stack-trace"])
                raise ComponentError(
                    f"flink took no savepoint: {cause.message}",
                    code="runner.job-failed",
                    where=Where(server="flink", file=job_id),
                    hint="The job goes on. Cancel it in Flink's web interface, or try again.",
                )
            time.sleep(0.05)
        raise ComponentError(
            f"flink took no savepoint within {timeout_s:g} s",
            code="runner.timeout",
            where=Where(server="flink", file=job_id),
        )

    def _get(self, path: str) -> Any:
        return self._call(lambda: self.rest.get(path))

    def _call(self, request: Any) -> Any:
        try:
            return request()
        except RefusedError as error:
            cause = root_cause(error.trace)
            raise ComponentError(
                f"flink's JobManager refuses this: {cause.message}",
                code="runner.gone" if error.status == 404 else "runner.job-failed",
                where=Where(server="flink", file=self.rest.url),
                detail=cause.more,
            ) from None


def _rows(found: Mapping[str, Any]) -> tuple[int, int]:
    """What the sources wrote and the sinks read, as the vertices count it."""
    vertices = found["vertices"]
    inputs = {
        node["id"]: [i["id"] for i in node.get("inputs", ())] for node in found["plan"]["nodes"]
    }
    read = {source for ids in inputs.values() for source in ids}
    rows_in = rows_out = 0
    for vertex in vertices:
        took, gave = _metric(vertex, "read-records"), _metric(vertex, "write-records")
        begins, ends = not inputs.get(vertex["id"]), vertex["id"] not in read
        # A chain from a source to a sink counts at its own two ends.
        alone = begins and ends
        rows_in += (took or gave) if alone else gave * begins
        rows_out += (gave or took) if alone else took * ends
    return rows_in, rows_out


def _metric(vertex: Mapping[str, Any], name: str) -> int:
    return int(vertex.get("metrics", {}).get(name) or 0)
