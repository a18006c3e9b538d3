"""Flink SQL 2.3: a session cluster and its SQL Gateway as child processes, asked through REST.

Set up as its documentation advises for throughput: object reuse, mini-batch off (the tasks have no
unbounded aggregation but T6), checkpoints off (every second where
exactly once is asked), parallelism 1 or 2 (both are measured, the better counts).
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.engines import RunFailedError
from bench.engines.ports import free_port, wait_until
from bench.job import Job
from bench.servers import Servers
from tidemill.interfaces.service import Endpoint
from tidemill.services.flink import (
    GATEWAY_HEAP_MB,
    JOBMANAGER_HEAP_MB,
    cluster_values,
    taskmanager_memory,
)
from tidemill.services.flink_home import (
    FlinkHome,
    Role,
    flink_command,
    flink_home,
    write_configuration,
)
from tidemill.services.install import install

TASKMANAGER_HEAP_MB = 768
_ROLES: tuple[Role, ...] = ("jobmanager", "taskmanager", "gateway")


class FlinkSql:
    """Flink SQL at one parallelism; state lies in the TaskManager's heap (Flink's default)."""

    cannot: Mapping[str, str] = {}
    exactly_once = True
    fair_exactly_once = False
    ends = True
    knows_end = True
    closes_later_ms: Mapping[str, int] = {}
    writes = True
    any_sql = True

    def __init__(self, parallelism: int, heap_mb: int = TASKMANAGER_HEAP_MB) -> None:
        self.name = f"Flink SQL 2.3, parallelism {parallelism}"
        self.settings = f"object reuse, no checkpoints, TaskManager heap {heap_mb} MB"
        self._parallelism = parallelism
        self._heaps_mb: dict[Role, int] = {
            "jobmanager": JOBMANAGER_HEAP_MB,
            "taskmanager": heap_mb,
            "gateway": GATEWAY_HEAP_MB,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._rest = self._gateway = ""

    def start(self, servers: Servers, folder: Path) -> None:
        """Bring up JobManager, TaskManager and gateway."""
        install(["flink-libraries", "flink"])
        home = flink_home()
        folder = folder / f"flink-{self._parallelism}"
        rest, gateway, rpc = free_port(), free_port(), free_port()
        self._rest = f"http://127.0.0.1:{rest}"
        self._gateway = f"http://127.0.0.1:{gateway}"
        heap_mb = self._heaps_mb["taskmanager"]
        values = _values(folder, rest, gateway, rpc, self._parallelism, heap_mb)
        for role in _ROLES:
            write_configuration(folder / role, values)
            self._processes[role] = self._launch(home, role, folder)
        wait_until(lambda: self._get(f"{self._rest}/overview")["taskmanagers"] == 1, 60, self.name)
        wait_until(lambda: bool(self._get(f"{self._gateway}/v1/info")), 60, self.name)

    def pids(self) -> Sequence[int]:
        """JobManager, TaskManager and gateway."""
        return [process.pid for process in self._processes.values()]

    def launch(self, job: Job) -> _FlinkJob:
        """Submit the statements in one session."""
        session = self._post(f"{self._gateway}/v1/sessions", {})["sessionHandle"]
        sets = ["SET 'execution.checkpointing.interval' = '1 s'"] if job.exactly_once else []
        before = set(self._jobs())
        for statement in [*sets, *(part for part in _statements(_timeout(job.text)) if part)]:
            self._execute(session, statement)
        return _FlinkJob(self, (set(self._jobs()) - before).pop())

    def state(self, job: str) -> str:
        """A job's state, in Flink's words."""
        return self._jobs()[job]

    def cancel(self, job: str) -> None:
        """End a job, and wait until it has ended."""
        url = f"{self._rest}/jobs/{job}?mode=cancel"
        with urllib.request.urlopen(urllib.request.Request(url, method="PATCH"), timeout=30):
            pass
        wait_until(lambda: self.state(job) in _ENDED, 60, f"{self.name}: the end of a job")

    def reason(self, job: str) -> str:
        """The innermost cause of a job's failure."""
        found = self._get(f"{self._rest}/jobs/{job}/exceptions").get("exceptionHistory", {})
        traces = [entry["stacktrace"] for entry in found.get("entries", [])]
        lines = [line for trace in traces for line in trace.splitlines() if line[:1] not in "\t "]
        return lines[-1].removeprefix("Caused by: ")[:200] if lines else "no reason given"

    def stop(self) -> None:
        """End the three processes."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self._processes.clear()

    def _launch(self, home: FlinkHome, role: Role, folder: Path) -> subprocess.Popen[bytes]:
        command = flink_command(role, folder / role, self._heaps_mb[role], _OPTIONS, home=home)
        with (folder / f"{role}.log").open("wb") as out:
            return subprocess.Popen(list(command.argv), stdout=out, stderr=out, env=command.env)

    def _jobs(self) -> dict[str, str]:
        return {job["id"]: job["status"] for job in self._get(f"{self._rest}/jobs")["jobs"]}

    def _execute(self, session: str, statement: str) -> None:
        base = f"{self._gateway}/v1/sessions/{session}"
        operation = self._post(f"{base}/statements", {"statement": statement})["operationHandle"]
        while True:
            status = self._get(f"{base}/operations/{operation}/status")["status"]
            if status == "FINISHED":
                return
            if status in ("ERROR", "CANCELED", "TIMEOUT"):
                answer = self._get(f"{base}/operations/{operation}/result/0")
                raise RuntimeError(f"{self.name}: {statement[:60]}...: {status} {answer}")
            time.sleep(0.02)

    @staticmethod
    def _get(url: str) -> dict:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return {"error": error.read().decode()[:2000]}

    @staticmethod
    def _post(url: str, body: dict) -> dict:
        request = urllib.request.Request(
            url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@dataclass(frozen=True, slots=True)
class _FlinkJob:
    """A job in the cluster."""

    engine: FlinkSql
    job: str

    @property
    def pids(self) -> Sequence[int]:
        """None of its own."""
        return []

    def finished(self) -> bool:
        """Whether it has ended; raises RunFailedError where it failed."""
        state = self.engine.state(self.job)
        if state in ("FAILED", "CANCELED"):
            reason = self.engine.reason(self.job)
            raise RunFailedError(f"{self.engine.name}: the job ended as {state}: {reason}")
        return state == "FINISHED"

    def end(self) -> None:
        """Cancel it."""
        if self.engine.state(self.job) not in _ENDED:
            self.engine.cancel(self.job)


_ENDED = ("FINISHED", "FAILED", "CANCELED")


def _timeout(text: str) -> str:
    """The sinks' transactions may be open for as long as the broker allows."""
    guarantee = "'sink.delivery-guarantee'"
    return text.replace(guarantee, f"'properties.transaction.timeout.ms' = '600000', {guarantee}")


def _statements(sql: str) -> list[str]:
    """Split at semicolons; the tasks' texts hold none inside a literal."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";")]


def _values(
    folder: Path, rest: int, gateway: int, rpc: int, slots: int, heap_mb: int
) -> dict[str, str]:
    """The product's own configuration of a cluster, without checkpoints and with object reuse."""
    kept = {name: (folder / name).as_uri() for name in ("checkpoints", "savepoints")}
    return {
        **cluster_values(Endpoint("127.0.0.1", {"rest": rest, "rpc": rpc}, kept)),
        **taskmanager_memory(heap_mb),
        "taskmanager.numberOfTaskSlots": "2",
        "parallelism.default": str(slots),
        "pipeline.object-reuse": "true",
        "sql-gateway.endpoint.rest.address": "127.0.0.1",
        "sql-gateway.endpoint.rest.bind-address": "127.0.0.1",
        "sql-gateway.endpoint.rest.port": str(gateway),
        "table.local-time-zone": "UTC",
    }


# The command's serial collector suits a small server; the measurement gives Flink Java's default.
_OPTIONS = ("-XX:-UseSerialGC", "-XX:+UseG1GC")
