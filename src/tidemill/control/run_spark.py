"""Run a pipeline on Spark: the program that `eject` would write, in Spark's own environment.

Guarantees: bounded input runs to its end; a stream goes on from its checkpoint under
`.tidemill/pipelines/<name>/spark`, after SIGINT and SIGTERM as after `kill -9`. Files of a stream
are written exactly once for readers that follow Spark's log beside them; rows into jdbc and kafka
at least once, into jdbc with a primary key as if once; of two runs of a pipeline at the same time
the later one is turned away. Non-guarantee: the state of Spark, of Flink
and of the embedded engine are three; a pipeline that changes its engine begins anew.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tidemill.control.environments import ensure_environment
from tidemill.control.pipeline import shown_path
from tidemill.control.project_context import project_for
from tidemill.control.run import only_pipeline
from tidemill.control.spark_errors import last_words, spark_failed
from tidemill.control.spark_process import SparkCommand, spark_command
from tidemill.control.spark_status import SparkState, StreamProgress, claimed
from tidemill.control.spark_text import SparkPipeline, spark_pipeline
from tidemill.control.stopping import stop_on_signals
from tidemill.control.up import Progress, download_events
from tidemill.errors import UsageError
from tidemill.project import Project, ensure_state_dir
from tidemill.records import dataclass
from tidemill.services.install import install

_POLL_S = 0.25
_STOP_S = 120.0
_STOP_AGAIN_S = 10.0  # Python drops what a signal handler raises within a destructor
_ENDED_BY_SIGNAL = (-signal.SIGTERM, -signal.SIGINT, -signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class SparkRunResult:
    """How a run on Spark ended: FINISHED, or STOPPED for a stream that was stopped."""

    pipeline: str
    state: str
    program: str
    streams: tuple[StreamProgress, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        streams = [
            {"sink": s.sink, "rows_in": s.rows_in, "batch": s.batch, "watermark": s.watermark}
            for s in self.streams
        ]
        return {
            "engine": "spark",
            "pipeline": self.pipeline,
            "state": self.state,
            "program": self.program,
            "streams": streams,
            "notes": list(self.notes),
        }


def run_spark(
    wanted: str | None,
    folder: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    watch: Callable[[Sequence[StreamProgress]], None] | None = None,
) -> SparkRunResult:
    """Run one pipeline on Spark until it ends, fails, or is stopped; raises TidemillError.

    Args:
        wanted: the pipeline, by name or path; None: the only one of the project.
        folder: the project's folder.
        variables: values for `${var:...}`.
        properties: Spark's configuration, over the project's.
        progress: told of what is fetched the first time.
        watch: told about the streams again and again.
    """
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project))
    made = spark_pipeline(project, pipeline, variables=variables)
    ensure_environment("spark", progress)
    install(["spark"], download_events(progress or (lambda _: None)))
    root = ensure_state_dir(project.state_dir) / "pipelines" / pipeline.name / "spark"
    root.mkdir(parents=True, exist_ok=True)
    with claimed(root, pipeline.name) as state:
        program = root / "program.py"
        program.write_text(made.program.text, encoding="utf-8")
        run = _Run(root, project, pipeline.name, state, watch or (lambda _: None))
        return run.follow(made, program, {**spark_properties(project), **(properties or {})})


def spark_properties(project: Project) -> dict[str, str]:
    """Spark's configuration of the project."""
    values = project.settings.spark.properties
    return {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in values.items()}


def parse_properties(given: Sequence[str]) -> dict[str, str]:
    """`spark.KEY=VALUE` options; raises UsageError."""
    found = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign or not key.startswith("spark."):
            raise UsageError(
                f"--conf takes spark.KEY=VALUE, not `{text}`",
                code="cli.usage",
                hint="As in --conf spark.master=local[4].",
            )
        found[key] = value
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """One process of Spark and its files."""

    root: Path
    project: Project
    pipeline: str
    state: SparkState
    watch: Callable[[Sequence[StreamProgress]], None]

    def follow(
        self, made: SparkPipeline, program: Path, properties: Mapping[str, str]
    ) -> SparkRunResult:
        """Run the program to its end."""
        report, spec = self.root / "report.json", self.root / "run.json"
        for file in (report, self.root / "progress.json"):
            file.unlink(missing_ok=True)
        spec.write_text(
            json.dumps(
                {
                    "program": str(program),
                    "report": str(report),
                    "progress": str(self.root / "progress.json"),
                }
            ),
            encoding="utf-8",
        )
        variables = {**made.environment(), "CHECKPOINTS": str(self.root / "checkpoints")}
        command = spark_command(self.root, (str(spec),), properties=properties, variables=variables)
        log = self.project.state_dir / "logs" / f"spark-{self.pipeline}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        stopped, code = self._wait(command, log)
        outcome = self._report(report)
        if outcome is None and stopped and code in _ENDED_BY_SIGNAL:
            outcome = {"stopped": True}  # it had not begun, or did not end: the checkpoint holds
        if outcome is None or "error" in outcome:
            error = {"message": last_words(log, code)} if outcome is None else outcome["error"]
            raise spark_failed(error, self.pipeline, shown_path(log))
        ended, streams = "STOPPED" if stopped else "FINISHED", self._progress()
        self.state.tell(ended.lower(), streams)
        return SparkRunResult(self.pipeline, ended, str(program), streams, made.notes)

    def _wait(self, command: SparkCommand, log: Path) -> tuple[bool, int]:
        """Wait for the process; whether it was stopped, and its exit code."""
        with stop_on_signals() as stopping, log.open("wb") as out:
            process = subprocess.Popen(
                command.argv,
                env=dict(command.env),
                cwd=self.project.root,
                stdin=subprocess.PIPE,  # its end tells the process that nobody follows it
                stdout=out,
                stderr=out,
                start_new_session=True,
                pass_fds=(self.state.lock,),  # held as long as it lives, should this one be killed
            )
            told, asked_at, due = False, -_STOP_AGAIN_S, 0.0
            try:
                while process.poll() is None:
                    now = time.monotonic()
                    if stopping.is_set() and now >= asked_at + _STOP_AGAIN_S:
                        due = due or now + _STOP_S
                        told, asked_at = True, now
                        process.kill() if now > due else process.terminate()
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_POLL_S)
                    streams = self._progress()
                    self.state.tell("running", streams)
                    self.watch(streams)
            finally:
                if process.stdin is not None:
                    process.stdin.close()
                if process.poll() is None:
                    try:
                        process.wait(_STOP_S)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
        return told, process.returncode

    def _report(self, file: Path) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def _progress(self) -> tuple[StreamProgress, ...]:
        found = self._report(self.root / "progress.json") or {}
        return tuple(
            StreamProgress(name, p["rows_in"], p["batch"], p.get("watermark"))
            for name, p in sorted(found.items())
        )
