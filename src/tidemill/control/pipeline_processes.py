"""Start and stop pipelines in processes of their own, which outlive the caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tidemill.control.pipeline_states import PipelineState, pipeline_state
from tidemill.control.project_context import open_project
from tidemill.errors import ComponentError, UserError, Where
from tidemill.project import Project, ensure_state_dir

START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0


def start_pipeline(name: str, folder: Path | None = None) -> PipelineState:
    """Run a pipeline in the background; returns once it runs, and raises with why it does not.

    Its output goes to the project's `logs/run-<name>.log`.
    """
    project = open_project(folder)
    if pipeline_state(project, name).runs:
        raise UserError(
            f"{name} runs already", code="control.already-runs", where=Where(pipeline=name)
        )
    logs = ensure_state_dir(project.state_dir) / "logs"
    logs.mkdir(exist_ok=True)
    log = logs / f"run-{project.pipeline(name).name}.log"
    command = [sys.executable, "-m", "tidemill.cli", "run", name, "-C", str(project.root)]
    with log.open("wb") as output:
        log.chmod(0o600)
        child = subprocess.Popen(
            [*command, "--every-s", "60"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=project.root,
        )
    # It outlives us; but if it ends first, somebody must take its exit code, or it stays a zombie.
    threading.Thread(target=child.wait, name=f"reap-{name}", daemon=True).start()
    limit = time.monotonic() + START_WITHIN_S
    while time.monotonic() < limit:
        state = pipeline_state(project, name)
        if state.pid == child.pid and state.live is not None and state.live["pid"] == child.pid:
            return state
        code = child.poll()
        if code is not None and code != 0:
            raise ComponentError(
                f"{name} did not start (exit code {code})",
                code="control.not-started",
                where=Where(pipeline=name),
                detail=log.read_text(errors="replace")[-2000:].strip(),
            )
        if code == 0:
            return pipeline_state(project, name)
        time.sleep(0.1)
    return pipeline_state(project, name)


def stop_pipeline(name: str, folder: Path | None = None) -> PipelineState:
    """Stop a pipeline in order, and wait until its last epoch is committed."""
    return stop_pipeline_of(open_project(folder), name)


def stop_pipeline_of(project: Project, name: str) -> PipelineState:
    """As `stop_pipeline`, in a project that is open already."""
    state = pipeline_state(project, name)
    if state.pid is None:
        raise UserError(
            f"{name} does not run", code="control.does-not-run", where=Where(pipeline=name)
        )
    if state.pid == os.getpid():
        raise UserError(
            f"{name} runs inside this process", code="control.does-not-run",
            where=Where(pipeline=name), hint="Stop the command that runs it.",
        )  # fmt: skip
    os.kill(state.pid, signal.SIGTERM)
    limit = time.monotonic() + STOP_WITHIN_S
    while time.monotonic() < limit:
        now = pipeline_state(project, name)
        if now.pid != state.pid:
            return now
        time.sleep(0.1)
    raise ComponentError(
        f"{name} has not stopped within {STOP_WITHIN_S:.0f} s (process {state.pid})",
        code="control.timeout",
        where=Where(pipeline=name),
        hint="It may be committing to a slow server; look again in a while.",
    )
