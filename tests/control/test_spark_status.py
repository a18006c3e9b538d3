"""What others see of a run on Spark, and how they stop it; the run is a process of our own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tidemill.control.spark_status import (
    PipelineOnSpark,
    StreamProgress,
    claimed,
    pipelines_on_spark,
)
from tidemill.control.stop import stop
from tidemill.errors import UserError
from tidemill.project import load_project

RUN = """
import signal, subprocess, sys
from pathlib import Path
from tidemill.control.spark_status import StreamProgress, claimed
from tidemill.control.stopping import stop_on_signals
with claimed(Path(sys.argv[1]), "p") as state, stop_on_signals() as stopping:
    spark = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(state.lock,))
    state.tell("running", [StreamProgress("out", 25, 1, "2026-01-01T00:00:24Z")])
    print(flush=True)
    stopping.wait(60)
    spark.communicate()
    state.tell("stopped", [StreamProgress("out", 30, 2, None)])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tidemill.yaml").write_text("name: p\npipelines: [p.sql]\n")
    (tmp_path / "p.sql").write_text("")
    (tmp_path / ".tidemill/pipelines/p/spark").mkdir(parents=True)
    return tmp_path


def begun(project: Path) -> subprocess.Popen[str]:
    root = project / ".tidemill/pipelines/p/spark"
    run = subprocess.Popen([sys.executable, "-c", RUN, root], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    run.stdout.readline()
    run.stdout.close()
    return run


def seen(project: Path) -> PipelineOnSpark:
    (found,) = pipelines_on_spark(load_project(project))
    return found


def test_a_run_is_seen_turns_others_away_and_is_stopped(project: Path) -> None:
    assert pipelines_on_spark(load_project(project)) == ()
    run = begun(project)
    assert (seen(project).state, seen(project).pid) == ("running", run.pid)
    assert seen(project).streams == (StreamProgress("out", 25, 1, "2026-01-01T00:00:24Z"),)
    with (
        pytest.raises(UserError) as turned_away,
        claimed(project / ".tidemill/pipelines/p/spark", "p"),
    ):
        pass
    assert turned_away.value.code == "control.already-runs"
    assert [(one.engine, one.state) for one in stop("p", project)] == [("spark", "stopped")]
    assert run.wait() == 0
    assert (seen(project).pid, seen(project).streams[0].rows_in) == (None, 30)
    with pytest.raises(UserError, match="does not run"):
        stop("p", project)


def test_a_killed_run_is_called_so_once_its_spark_has_ended(project: Path) -> None:
    run = begun(project)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    while seen(project).state == "running":  # its Spark reads the end of its input, and ends
        pass
    assert (seen(project).state, seen(project).pid) == ("killed", None)


def test_a_failed_run_says_why(project: Path) -> None:
    root = project / ".tidemill/pipelines/p/spark"
    with pytest.raises(ValueError, match="no such"), claimed(root, "p"):
        raise ValueError("no such column")
    assert (seen(project).state, seen(project).error) == ("failed", "no such column")
