"""Flink programs in Python: on a real Flink, and what is said where they fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tidemill.control.flink_program import ProgramRequest, run_program
from tidemill.errors import ComponentError, TextWhere, UserError
from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink import Cluster
from tidemill.runners.flink.programs import ProgramReport, job_error, program_error

BAD = """\
from pyflink.common import Types
from pyflink.datastream import StreamExecutionEnvironment

from shares import share


def main():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.add_jars("file:///opt/flink/lib/flink-sql-connector-kafka-3.1.0-1.18.jar")
    numbers = env.from_collection([2, 1, 0], type_info=Types.INT())
    numbers.map(lambda n: share(n), output_type=Types.DOUBLE()).print()
    env.execute("bad")


main()
"""
WORKER = """\
org.apache.flink.runtime.JobException: Recovery is suppressed
\tat org.apache.flink.runtime.X.y(X.java:1)
Caused by: java.lang.RuntimeException: SDK harness: Traceback (most recent call last):
  File "/env/lib/python3.11/site-packages/apache_beam/sdk_worker.py", line 311, in _execute
    response = task()
  File "apache_beam/runners/worker/operations.py", line 567, in output
  File "pyflink/fn_execution/beam/beam_operations_fast.pyx", line 70, in has_next
  File "/tmp/python-dist-1/python-files/blob_1/shares.py", line 3, in share
    return whole / parts
ValueError: first
second

\tat java.base/java.lang.Thread.run(Unknown Source)
\t... 3 more
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "bad.py"
    path.write_text(BAD)
    (tmp_path / "shares.py").write_text(
        "def share(parts):\n    whole = 1\n    return whole / parts\n"
    )
    return path


def test_a_function_that_raises_on_the_cluster(program: Path) -> None:
    error = job_error(WORKER, program, "jobs/bad.py")
    assert isinstance(error, UserError)
    assert error.message == "the program failed: ValueError: first"
    assert str(error.where) == "jobs/shares.py:3:5"
    assert error.detail == "second"


def test_a_java_error_is_reduced_to_its_cause(program: Path) -> None:
    trace = "org.a.B: Job execution failed.\n\tat x.Y.z(Y.java)\nCaused by: org.a.C: no broker\n"
    error = job_error(trace, program, "bad.py")
    assert (error.code, error.message) == ("runner.job-failed", "flink's job failed: no broker")
    frames = (("/env/runpy.py", 5, "run"), (str(program), 12, "main"))
    error = program_error(ProgramReport("Py4JJavaError", "", frames, trace), program, "bad.py")
    assert isinstance(error, ComponentError)
    assert str(error.where) == "bad.py:12:5"


def test_sql_that_flink_refuses_names_the_line_of_the_program(program: Path) -> None:
    trace = (
        "org.a.ValidationException: SQL validation failed.\nCaused by: x.Y: Column 'n' not found\n"
    )
    frames = ((str(program), 10, "main"), ("/e/site-packages/pyflink/table.py", 1, "execute_sql"))
    error = program_error(ProgramReport("TableException", "", frames, trace), program, "bad.py")
    assert (error.code, str(error.where)) == ("runner.refused", "bad.py:10:5")
    assert error.message == "flink refuses this: Column 'n' not found"


def test_a_program_that_is_wrong(program: Path) -> None:
    frames = ((str(program), 15, "<module>"), (str(program), 7, "main"))
    error = program_error(ProgramReport("KeyError", "'x'", frames, None), program, "bad.py")
    assert error.message == "the program failed: KeyError: 'x'"
    assert str(error.where) == "bad.py:7:1"
    assert error.detail == "Called by <module> (bad.py:15)"


def test_no_such_program(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no program"):
        run_program(ProgramRequest(tmp_path / "none.py", local=True))


@pytest.mark.servers
def test_a_local_run_that_fails_in_a_function(program: Path) -> None:
    with pytest.raises(UserError) as failed:
        run_program(ProgramRequest(program, local=True))
    assert failed.value.message == "the program failed: ZeroDivisionError: division by zero"
    assert isinstance(failed.value.where, TextWhere)
    assert failed.value.where.line == 3
    assert "main" not in str(failed.value.detail)
    assert "<lambda> (bad.py:11)" in str(failed.value.detail)


@pytest.mark.servers
def test_ctrl_c_cancels_the_job(stack: object, tmp_path: Path) -> None:
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    jobmanager: Endpoint = stack.endpoint("flink-jobmanager")  # type: ignore[attr-defined]
    url = jobmanager.properties["url"]
    name = f"endless-{os.getpid()}"
    (tmp_path / "tidemill.yaml").write_text(
        f"name: endless\nconnections:\n  flink: {{jobmanager-url: '{url}'}}\n"
    )
    (tmp_path / "endless.py").write_text(
        "from pyflink.table import EnvironmentSettings, TableEnvironment\n"
        "t = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())\n"
        f"t.get_config().set('pipeline.name', '{name}')\n"
        "t.execute_sql(\"CREATE TABLE s (n BIGINT) WITH ('connector' = 'datagen')\")\n"
        "t.execute_sql(\"CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole')\")\n"
        "t.execute_sql('INSERT INTO o SELECT n FROM s')\n"
    )
    command = [sys.executable, "-m", "tidemill.cli", "flink", "run", "endless.py", "--every-s", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if f"{name} running" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    cluster = Cluster(url)
    limit = time.monotonic() + 30
    while states := [j.state for j in map(cluster.job, cluster.jobs()) if j.name == name]:
        if states == ["CANCELED"]:
            break
        assert time.monotonic() < limit, states
        time.sleep(0.2)
    assert states == ["CANCELED"]
