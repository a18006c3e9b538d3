"""Run a pipeline on Flink: the same text, submitted through the SQL Gateway as one job.

Guarantees: SIGINT and SIGTERM stop the job with a savepoint, and the next run goes on from it;
after a job that failed, or was killed with the cluster, it goes on from the last checkpoint.
A job that still runs is followed, not submitted twice. The state of Flink and that of the embedded
engine are two: a pipeline that changes its engine begins anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tidemill.control.checks.stream import refuse_on_flink
from tidemill.control.flink_bridge import Bridge, RunningBridge, make_bridge
from tidemill.control.flink_endpoints import flink_cluster, flink_gateway, flink_properties
from tidemill.control.flink_memory import FlinkMemory
from tidemill.control.flink_python import python_properties
from tidemill.control.flink_text import flink_script
from tidemill.control.pipeline import SqlSource, read_sql, resolve_sql, shown_path
from tidemill.control.project_context import project_for
from tidemill.control.run import only_pipeline
from tidemill.control.stopping import stop_on_signals
from tidemill.errors import ComponentError, TextWhere, TidemillError, UserError, Where
from tidemill.project import PipelineFile, Project, ensure_state_dir
from tidemill.records import dataclass
from tidemill.runners.flink import (
    Cluster,
    Gateway,
    Job,
    Statement,
    TableOptions,
    as_one_job,
    declared_tables,
)
from tidemill.services.artifacts import server_files

POLL_S = 0.25
_CHECKPOINT_EVERY_S = 2.0
_METRICS_EVERY_S = 2.0
_GONE_AFTER_S = 20.0
_NO_FACTORY = "Could not find any factory for identifier"


@dataclass(frozen=True, slots=True)
class FlinkRunResult:
    """How a run on Flink ended; `restored_from` and `savepoint` are addresses of savepoints.

    `rows_carried` are those that a bridge brought on since it first started; None without one.
    """

    pipeline: str
    job_id: str
    state: str
    rows_in: int
    rows_out: int
    restored_from: str | None
    savepoint: str | None
    notes: tuple[str, ...]
    rows_carried: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {"engine": "flink", **asdict(self), "notes": list(self.notes)}


def run_flink(
    wanted: str | None,
    folder: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    watch: Callable[[Job], None] | None = None,
    bridge: Sequence[str] = (),
) -> FlinkRunResult:
    """Run one pipeline on Flink until it ends, fails, or is stopped with a savepoint.

    Args:
        wanted: the pipeline, by name or path; None: the only one of the project.
        folder: the project's folder.
        variables: values for `${var:...}`.
        watch: told about the job again and again.
        bridge: names of sinks to bridge (see `flink_bridge`) although Flink could write them, as
            for exactly-once output where Flink's own sink is at least once.
    """
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project))
    left_out = refuse_on_flink(project, pipeline.name)
    gateway, cluster = flink_gateway(project), flink_cluster(project)
    memory = FlinkMemory(ensure_state_dir(project.state_dir) / "pipelines" / pipeline.name)
    source = _resolved(project, pipeline, variables)
    made = make_bridge(project, pipeline, source, declared_tables(source.text, source.file), bridge)
    carrying = RunningBridge(project, made) if made is not None else None
    with stop_on_signals() as stopping:
        job_id, restored = _running(memory, cluster), memory.value.get("restored_from")
        notes: tuple[str, ...] = ()
        if carrying is not None:
            carrying.prepare()
        if job_id is None:
            restored = memory.restart_point()
            job_id, notes = _submit(project, pipeline, source, gateway, restored, made)
            memory.keep(job_id=job_id, restored_from=restored, savepoint=None, checkpoint=restored)
        else:
            notes = (f"the job {job_id} runs already; this follows it",)
        follower = _Follower(cluster, job_id, memory, watch or (lambda _: None), carrying)
        job, savepoint = follower.follow(stopping)
    return FlinkRunResult(
        pipeline.name,
        job_id,
        job.state,
        job.rows_in,
        job.rows_out,
        restored,
        savepoint,
        (*left_out, *notes, *(made.notes() if made is not None else ())),
        carrying.rows_out if carrying is not None else None,
    )


def _resolved(
    project: Project, pipeline: PipelineFile, variables: Mapping[str, str] | None
) -> SqlSource:
    return resolve_sql(
        project,
        read_sql(pipeline.path),
        shown_path(pipeline.path),
        variables={**pipeline.variables, **(variables or {})},
    )


def _submit(
    project: Project,
    pipeline: PipelineFile,
    source: SqlSource,
    gateway: Gateway,
    restore_from: str | None,
    bridge: Bridge | None,
) -> tuple[str, tuple[str, ...]]:
    """Start the job; return its id, and what was left out of the text."""
    secrets: list[str] = []

    def bridged(table: TableOptions) -> Mapping[str, str]:
        options = bridge.options_of(table.table) if bridge is not None else None
        return table.options if options is None else options

    script = flink_script(source, source.text, project.root, secrets, bridged)
    if not any(statement.inserts for statement in script.statements):
        raise UserError(
            f"{source.file} has no INSERT, so there is no job to run",
            code="control.nothing-to-run",
            where=Where(file=source.file),
            hint="Write INSERT INTO ... SELECT.",
        )
    properties = {
        **flink_properties(project),
        **pipeline.settings,
        "execution.runtime-mode": "streaming",
        "pipeline.name": f"{project.name}.{pipeline.name}",
        **python_properties(project, script),
    }
    if restore_from is not None:
        properties["execution.state-recovery.path"] = restore_from
    job_id = None
    with gateway.session(properties) as session:
        for statement in as_one_job(script.statements):
            if statement.kind in ("SELECT", "WITH", "VALUES", "TABLE"):
                continue
            try:
                result = session.execute(statement, secrets=secrets)
            except TidemillError as error:
                raise _explained(error, source, statement) from None
            job_id = result.job_id or job_id
    assert job_id is not None, "an INSERT gives a job"
    return job_id, (*source.notes, *source.warnings, *script.notes)


def _explained(error: TidemillError, source: SqlSource, statement: Statement) -> TidemillError:
    """Point into the text as it was written."""
    if _NO_FACTORY in error.message:
        names = ", ".join(file.name for file in server_files("flink").files)
        error.hint = f"Put the jars of servers.lock on that Flink's class path: {names}."
    if isinstance(error.where, TextWhere):
        return source.as_written(error)
    error.where = error.where or statement.where
    return error


def _running(memory: FlinkMemory, cluster: Cluster) -> str | None:
    """The pipeline's job, where it still runs."""
    job_id = memory.job_id
    state = cluster.jobs().get(job_id) if job_id else None
    return job_id if state is not None and state not in _ENDED else None


_ENDED = ("FINISHED", "FAILED", "CANCELED", "SUSPENDED")


@dataclass
class _Follower:
    """Watches a job until it ends; stops it with a savepoint when asked to."""

    cluster: Cluster
    job_id: str
    memory: FlinkMemory
    watch: Callable[[Job], None]
    bridge: RunningBridge | None = None
    _metrics_due: float = 0.0
    _point_due: float = 0.0
    _last: Job | None = None
    _gone_since: float | None = None

    def follow(self, stopping: threading.Event) -> tuple[Job, str | None]:
        """The job as it ended, and the savepoint that it was stopped with."""
        if self.bridge is None:
            return self._follow(stopping)
        try:
            self.bridge.start()
            ended = self._follow(stopping)
            self.bridge.finish()
        except BaseException:
            self.bridge.stop()
            raise
        return ended

    def _follow(self, stopping: threading.Event) -> tuple[Job, str | None]:
        savepoint = None
        while True:
            if self.bridge is not None and self.bridge.error is not None:
                self._stop_for(self.bridge.error)
            job = self._look()
            if job is not None:
                self.watch(job)
                if job.state == "FAILED":
                    raise _failed(job)
                if job.ended:
                    return job, self._ended(job, savepoint)
                if stopping.is_set() and savepoint is None and job.state == "RUNNING":
                    savepoint = _stop(self.cluster, self.job_id)
                    self.memory.keep(savepoint=savepoint)
                    continue
            if stopping.is_set() and (job is None or job.state != "RUNNING"):
                stopping.clear()
                raise KeyboardInterrupt  # no savepoint can be taken; the checkpoints stay
            stopping.wait(POLL_S) if not stopping.is_set() else time.sleep(POLL_S)

    def _stop_for(self, error: TidemillError) -> None:
        """Stop the job, since nobody carries on what it writes, and raise the error."""
        if not self.cluster.job(self.job_id).ended:
            self.memory.keep(savepoint=_stop(self.cluster, self.job_id))
        raise error

    def _look(self) -> Job | None:
        """The job now; None while the JobManager cannot be reached for a moment."""
        now = time.monotonic()
        try:
            with_metrics = now >= self._metrics_due
            job = self.cluster.job(self.job_id, metrics=with_metrics)
            if job.state in ("FAILED", "FAILING", "RESTARTING"):
                job = replace(job, failure=self.cluster.failure(self.job_id))
            if now >= self._point_due:
                self._keep_checkpoint()
                self._point_due = now + _CHECKPOINT_EVERY_S
        except ComponentError as error:
            self._unreachable(error, now)
            return None
        self._gone_since = None
        if with_metrics:
            self._metrics_due = now + _METRICS_EVERY_S
        elif self._last is not None and self._last.metrics and job.state == "RUNNING":
            # Between two looks at the metrics, the last ones stand.
            before = self._last
            job = replace(
                job, metrics=before.metrics, rows_in=before.rows_in, rows_out=before.rows_out
            )
        self._last = job
        return job

    def _keep_checkpoint(self) -> None:
        point = self.cluster.checkpoint(self.job_id)
        if point is not None and point != self.memory.value.get("checkpoint"):
            self.memory.keep(checkpoint=point)

    def _unreachable(self, error: ComponentError, now: float) -> None:
        if error.code == "runner.gone":
            error.message = f"the job {self.job_id} is gone: the JobManager was started anew"
            error.hint = "Run it again: it goes on from the last checkpoint."
            raise error
        self._gone_since = now if self._gone_since is None else self._gone_since
        if error.code != "runner.unreachable" or now - self._gone_since > _GONE_AFTER_S:
            raise error

    def _ended(self, job: Job, savepoint: str | None) -> str | None:
        """The savepoint, also where somebody else stopped the job."""
        if savepoint is None and job.state == "FINISHED":
            savepoint = self.cluster.stopped_with(self.job_id)
            if savepoint is None:
                self.memory.forget()
            else:
                self.memory.keep(savepoint=savepoint)
        return savepoint


def _failed(job: Job) -> ComponentError:
    return ComponentError(
        f"flink's job failed: {job.failure}",
        code="runner.job-failed",
        where=Where(server="flink", file=job.name),
        hint="Mend it and run again: it goes on from the last checkpoint.",
    )


def _stop(cluster: Cluster, job_id: str) -> str | None:
    """Stop a job; None where it came to its own end first."""
    try:
        return cluster.stop(job_id)
    except ComponentError:
        if cluster.job(job_id).ended:
            return None
        raise
