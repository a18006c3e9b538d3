"""Every operator and deferrable sensor, run by a real scheduler: `make airflow_proof`.

Makes a project of the template kafka-to-postgres with dbt in a new folder, starts Postgres, Kafka
and Airflow (API server, scheduler, DAG processor, triggerer), and runs three DAGs: `sensors`, whose
four sensors are to be deferred before the pipeline that they wait for is started; `asked`, which a
message in Kafka starts; and `load` (any command, two pipelines, a check, dbt), of which a task is
killed with SIGKILL in the middle of its load and tried again. Prints each task with its state, its
tries and its seconds; the exit code is 1 where a DAG ends otherwise than it should.

    python tools/airflow_proof.py [--keep]
    python tools/airflow_proof.py --project FOLDER DAG...    triggers DAGs of a project that is up
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tidemill.services import running_endpoints

WITHIN_S = 1500.0
_T = TypeVar("_T")
DONE = ("success", "failed")
FILES = {
    "numbers.sql": """CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen',
  'number-of-rows' = '3000', 'rows-per-second' = '300', 'fields.id.kind' = 'sequence',
  'fields.id.start' = '1', 'fields.id.end' = '3000');
CREATE TABLE kept (id BIGINT) WITH
  ('connector' = 'filesystem', 'path' = 'kept', 'format' = 'json');
INSERT INTO kept SELECT id FROM numbers;
""",
    "checks/numbers.yaml": """on: [{file: 'kept/*'}]
expectations:
- {type: expect_table_row_count_to_equal, kwargs: {value: 3000}}
- {type: expect_column_values_to_be_unique, kwargs: {column: id}}
""",
    "checks/windows.yaml": """on: [{connection: postgres, table: zone_minute}]
expectations:
- {type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}}
""",
    "dags/proof.py": '''"""Each operator, each sensor, and a DAG that a message starts."""

import pendulum
from airflow.sdk import DAG, Asset

from tidemill.integrations.airflow import (
    TidemillCheck, TidemillCheckSensor, TidemillDbtBuild, TidemillFreshnessSensor,
    TidemillLagSensor, TidemillOperator, TidemillRun, TidemillWatermarkSensor,
    kafka_message_watcher,
)

START = {
    "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"),
    "default_args": {"retries": 1, "retry_delay": pendulum.duration(seconds=2)},
}

with DAG("sensors", schedule=None, **START):
    waiting = {"poke_interval": 5, "timeout": 900}
    TidemillLagSensor(task_id="lag", pipeline="zone_minute", lag_max=0, **waiting)
    TidemillFreshnessSensor(task_id="freshness", pipeline="zone_minute", age_max_s=1e9, **waiting)
    TidemillWatermarkSensor(
        task_id="watermark", pipeline="zone_minute", reaches="2020-01-01T00:00:00Z", **waiting
    )
    TidemillCheckSensor(task_id="check", suites=["windows"], **waiting)

asked = Asset("asked", watchers=[kafka_message_watcher("asked")])
with DAG("asked", schedule=[asked], **START):
    TidemillOperator(task_id="topics", arguments=["topic", "list"])

with DAG("load", schedule=None, **START):
    command = TidemillOperator(task_id="command", arguments=["dbt", "generate"])
    killed = TidemillRun(task_id="killed", pipeline="numbers")
    run = TidemillRun(task_id="run", pipeline="zone_minute")
    check = TidemillCheck(task_id="check", suites=["numbers", "windows"])
    command >> killed >> run >> check >> TidemillDbtBuild(task_id="build")
''',
}


class Airflow:
    """The API of the Airflow of a project that is up."""

    def __init__(self, project: Path) -> None:
        endpoint = running_endpoints(project / ".tidemill")["airflow-api"]
        self._host = endpoint.properties["url"].removeprefix("http://")
        self._token = ""
        login = {"username": endpoint.properties["user"], **endpoint.secrets}
        self._token = self.ask("POST", "/auth/token", login)["access_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; None for what is not there."""
        connection = http.client.HTTPConnection(self._host, timeout=300)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return None
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise SystemExit(f"{method} {path}: {answer.status} {said}")
        return json.loads(said)

    def switch_on(self, dag: str) -> None:
        """Take the DAG out of its pause, once the DAG processor has found it."""
        path = f"/api/v2/dags/{dag}"
        _until(lambda: self.ask("PATCH", path, {"is_paused": False}), f"the DAG {dag} is there")

    def trigger(self, dag: str) -> str:
        """Start a run; its id."""
        self.switch_on(dag)
        made = self.ask("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})
        return str(made["dag_run_id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """All runs of a DAG."""
        return list(self.ask("GET", f"/api/v2/dags/{dag}/dagRuns")["dag_runs"])

    def tasks(self, dag: str, run: str) -> dict[str, dict[str, Any]]:
        """The tasks of a run."""
        found = self.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")
        return {task["task_id"]: task for task in found["task_instances"]}

    def end(self, dag: str, run: str) -> str:
        """Wait until a run has ended, and print its tasks; its state."""

        def state() -> str | None:
            said = str(self.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"])
            return said if said in DONE else None

        said = _until(state, f"{dag} has ended")
        for name, task in self.tasks(dag, run).items():
            took_s = task["duration"] or 0.0
            print(f"{dag}.{name}: {task['state']}, try {task['try_number']}, {took_s:.1f} s")
        return said


def _until(look: Callable[[], _T | None], what: str) -> _T:
    limit_s = time.monotonic() + WITHIN_S
    while not (found := look()):
        if time.monotonic() > limit_s:
            raise SystemExit(f"waited {WITHIN_S:.0f} s in vain until {what}")
        time.sleep(0.5)
    return found


def _tidemill(project: Path, *arguments: str, given: str | None = None) -> None:
    command = [sys.executable, "-m", "tidemill.cli", *arguments]
    subprocess.run(command, cwd=project, check=True, stdout=-3, input=given, text=True)


def _make(project: Path) -> None:
    template = ("--template", "kafka-to-postgres", "--with", "dbt")
    _tidemill(project.parent, "init", str(project), *template)
    for name, text in FILES.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    settings = project / "tidemill.yaml"
    text = settings.read_text("utf-8").replace("kafka:", "kafka: {start_timeout_s: 300}")
    settings.write_text(text + "  - numbers.sql\n", encoding="utf-8")
    _tidemill(project, "check")
    _tidemill(project, "up", "postgres", "kafka")
    for topic in ("trips", "asked"):
        _tidemill(project, "topic", "create", topic)
    _tidemill(project, "topic", "write", "trips", "--file", "data/trips.jsonl")
    _tidemill(project, "up", "airflow")


def _sensors(airflow: Airflow, project: Path) -> bool:
    """All four give their worker back, and then find what they wait for."""
    run = airflow.trigger("sensors")

    def deferred() -> bool:
        tasks = airflow.tasks("sensors", run).values()
        return len(tasks) == 4 and all(task["state"] == "deferred" for task in tasks)

    _until(deferred, "all sensors are deferred")
    print("sensors: all four are deferred; the pipeline is started")
    command = [sys.executable, "-m", "tidemill.cli", "run", "zone_minute"]
    with subprocess.Popen(command, cwd=project, stdout=-3, stderr=-3) as stream:
        try:
            return airflow.end("sensors", run) == "success"
        finally:
            stream.send_signal(signal.SIGINT)


def _asked(airflow: Airflow, project: Path) -> bool:
    """A message in Kafka starts a run."""
    airflow.switch_on("asked")
    _tidemill(project, "topic", "write", "asked", given='{"now": true}\n')
    (run, *_) = _until(lambda: airflow.runs("asked"), "the message has started a run")
    return airflow.end("asked", run["dag_run_id"]) == "success"


def _load(airflow: Airflow, project: Path) -> bool:
    """The task `killed` is killed with the process that Airflow runs it in, and tried again."""
    run = airflow.trigger("load")
    pid = _until(lambda: _process(project, "numbers"), "numbers runs")
    _until(lambda: any((project / "kept").glob("part-*")), "some of it is written")
    task = _parent(pid)
    os.kill(task, signal.SIGKILL)
    print(f"load.killed: process {task} was killed while it loaded")
    said = airflow.end("load", run)
    return said == "success" and airflow.tasks("load", run)["killed"]["try_number"] == 2


def _process(project: Path, pipeline: str) -> int | None:
    """The process `tidemill run PIPELINE ... --project PROJECT`."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text("utf-8").split("\0")
        except OSError:
            continue
        if {"run", pipeline, str(project)} <= set(words):
            return int(folder.name)
    return None


def _parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("\nPPid:")[2].split()[0])


def prove(*, keep: bool) -> bool:
    """The whole proof, in a folder of its own."""
    root = Path(tempfile.mkdtemp(prefix="tidemill-airflow-"))
    project = root / "proof"
    try:
        _make(project)
        airflow = Airflow(project)
        parts = (_sensors, _asked, _load)
        return all(part(airflow, project) for part in parts)
    finally:
        if not keep:
            _tidemill(project, "down")
            shutil.rmtree(root, ignore_errors=True)
        else:
            print(f"kept: {project}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove, or run DAGs of a project."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("dags", nargs="*")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args(arguments)
    if given.project is None:
        return 0 if prove(keep=given.keep) else 1
    airflow = Airflow(given.project.resolve())
    said = [airflow.end(dag, airflow.trigger(dag)) for dag in given.dags]
    return 0 if all(one == "success" for one in said) else 1


if __name__ == "__main__":
    sys.exit(main())
