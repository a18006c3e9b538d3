"""A DAG in the real Airflow: sensors that defer, a load whose task was killed, a check that fails.

`airflow dags test` runs tasks and triggers as a scheduler would, in one process.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tidemill.services.airflow import copy_integration
from tidemill.services.environments import make_environment
from tidemill.services.registry import with_dependencies

PIPELINE = """
CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '600',
  'rows-per-second' = '300', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1',
  'fields.id.end' = '600');
CREATE TABLE kept (id BIGINT) WITH
  ('connector' = 'filesystem', 'path' = 'kept', 'format' = 'json');
INSERT INTO kept SELECT id FROM numbers;
"""
SUITES = {
    "whole": "- {type: expect_table_row_count_to_equal, kwargs: {value: 600}}",
    "wrong": "- {type: expect_column_max_to_be_between, kwargs: {column: id, max_value: 5}}",
}
DAG = """
import pendulum
from airflow.sdk import DAG
from tidemill.integrations.airflow import TidemillCheck, TidemillCheckSensor, TidemillRun

with DAG("loads", schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC")):
    whole = TidemillCheckSensor(task_id="whole", suites=["whole"], poke_interval=1, timeout=120)
    load = TidemillRun(task_id="load", pipeline="numbers")
    load >> whole >> TidemillCheck(task_id="wrong", suites=["wrong"])
"""


def project(folder: Path) -> Path:
    (folder / "checks").mkdir(parents=True)
    (folder / "dags").mkdir()
    (folder / "tidemill.yaml").write_text("name: p\npipelines: [numbers.sql]\n")
    (folder / "numbers.sql").write_text(PIPELINE)
    (folder / "dags" / "loads.py").write_text(DAG)
    for name, text in SUITES.items():
        suite = f"on: [{{file: 'kept/*'}}]\nexpectations:\n  {text}\n"
        (folder / "checks" / f"{name}.yaml").write_text(suite)
    return folder


def rows(folder: Path) -> list[int]:
    return [
        json.loads(line)["id"]
        for file in (folder / "kept").glob("part-*")
        for line in file.read_text().splitlines()
    ]


@pytest.mark.timeout(900)  # Airflow starts slowly, and its environment is made the first time
def test_a_killed_load_is_not_doubled_and_a_failing_check_fails_the_run(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    command = [sys.executable, "-m", "tidemill.cli"]
    # The task is killed in the middle of its load, as Airflow's worker was.
    first = subprocess.Popen(
        [*command, "run", "numbers", "--json"], cwd=folder, stdout=-3, stderr=-3
    )
    deadline_s = time.monotonic() + 60
    while not rows(folder) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert 0 < len(rows(folder)) < 600

    python = make_environment("airflow")
    home = tmp_path / "airflow"
    copy_integration(home / "lib")
    env = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "PYTHONPATH": str(home / "lib"),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "TIDEMILL_COMMAND": shlex.join(command),
        "TIDEMILL_PROJECT": str(folder),
    }

    def airflow(*arguments: str) -> str:
        done = subprocess.run(
            [python, "-m", "airflow", *arguments], env=env, capture_output=True, text=True,
            check=False, timeout=280,
        )  # fmt: skip
        return done.stdout + done.stderr

    assert "migration done" in airflow("db", "migrate")
    said = airflow("dags", "test", "loads")
    assert sorted(rows(folder)) == list(range(1, 601)), said
    assert re.search(r"DagRun Finished.*state=failed", said), said
    assert "checks failed: wrong on file kept/*: expect_column_max_to_be_between" in said


def test_airflow_is_four_servers() -> None:
    assert with_dependencies(["airflow"]) == (
        "airflow-api", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer",
    )  # fmt: skip
