"""Flink SQL 2.3: a session cluster and its SQL Gateway as child processes, asked through REST.

Set up as its documentation advises for throughput: object reuse, mini-batch off (the tasks have no
unbounded aggregation), checkpoints off, parallelism 1 or 2 (both are measured, the better counts).
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.engines import Run
from bench.engines.flink_install import FlinkHome, install_flink
from bench.engines.ports import free_port, wait_until
from bench.measure import TreeMeter
from bench.watch import FirstOutput

MEMORY = {"jobmanager": "900m", "taskmanager": "1728m"}
_MAIN = {
    "jobmanager": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    "gateway": "org.apache.flink.table.gateway.SqlGateway",
}


class FlinkSql:
    """Flink SQL at one parallelism."""

    def __init__(self, parallelism: int) -> None:
        self.name = f"Flink SQL 2.3, parallelism {parallelism}"
        self.settings = f"object reuse, no checkpoints, TaskManager {MEMORY['taskmanager']}"
        self._parallelism = parallelism
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._rest = self._gateway = ""
        self._bootstrap = ""

    def start(self, bootstrap: str, folder: Path) -> None:
        """Bring up JobManager, TaskManager and gateway."""
        home = install_flink()
        self._bootstrap = bootstrap
        folder = folder / f"flink-{self._parallelism}"
        conf = folder / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        rest, gateway, rpc = free_port(), free_port(), free_port()
        self._rest = f"http://127.0.0.1:{rest}"
        self._gateway = f"http://127.0.0.1:{gateway}"
        (conf / "config.yaml").write_text(_config(rest, gateway, rpc, self._parallelism))
        (conf / "log4j.properties").write_text(_LOG4J)
        for role in _MAIN:
            self._processes[role] = self._launch(home, role, conf, folder / f"{role}.log")
        wait_until(lambda: self._get(f"{self._rest}/overview")["taskmanagers"] == 1, 60, self.name)
        wait_until(lambda: bool(self._get(f"{self._gateway}/v1/info")), 60, self.name)

    def run(self, sql: str, output_topic: str) -> Run:
        """Submit the statements in one session; wait until the job is finished."""
        session = self._post(f"{self._gateway}/v1/sessions", {})["sessionHandle"]
        meter = TreeMeter([process.pid for process in self._processes.values()])
        first = FirstOutput(self._bootstrap, output_topic)
        statements = [part for part in _statements(sql) if part]
        before = set(self._jobs())
        for statement in statements:
            self._execute(session, statement)
        job = (set(self._jobs()) - before).pop()
        while (state := self._jobs()[job]) not in ("FINISHED", "FAILED", "CANCELED"):
            time.sleep(0.05)
        usage = meter.stop()
        if state != "FINISHED":
            raise RuntimeError(f"{self.name}: the job ended as {state}")
        return Run(usage, first.stop())

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

    def _launch(self, home: FlinkHome, role: str, conf: Path, log: Path) -> subprocess.Popen[bytes]:
        jvm, dynamic = ["-Xmx512m"], []
        if role == "taskmanager":
            jvm, dynamic = home.taskmanager_memory(conf)
        extra = home.gateway_jars if role == "gateway" else []
        argv = [
            home.java,
            *jvm,
            *home.module_options,
            f"-Dlog4j.configurationFile={conf / 'log4j.properties'}",
            "-cp",
            ":".join([str(jar) for jar in [*home.jars, *extra]]),
            _MAIN[role],
            "--configDir",
            str(conf),
            *dynamic,
        ]
        with log.open("wb") as out:
            return subprocess.Popen(argv, stdout=out, stderr=out, env=home.environment(conf))

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


def _statements(sql: str) -> list[str]:
    """Split at semicolons; the tasks' texts hold none inside a literal."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";")]


def _config(rest: int, gateway: int, rpc: int, parallelism: int) -> str:
    return f"""
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: {rpc}
jobmanager.bind-host: 127.0.0.1
jobmanager.memory.process.size: {MEMORY["jobmanager"]}
taskmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
taskmanager.memory.process.size: {MEMORY["taskmanager"]}
taskmanager.numberOfTaskSlots: 2
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: {rest}
parallelism.default: {parallelism}
pipeline.object-reuse: true
sql-gateway.endpoint.rest.address: 127.0.0.1
sql-gateway.endpoint.rest.port: {gateway}
table.local-time-zone: UTC
"""


_LOG4J = """
rootLogger.level = WARN
rootLogger.appenderRef.c.ref = C
appender.c.name = C
appender.c.type = CONSOLE
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d %p %c - %m%n
"""
