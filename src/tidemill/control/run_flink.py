"""Run a pipeline on Flink: the same text, submitted through the SQL Gateway as one job.

Guarantees: SIGINT and SIGTERM stop the job with a savepoint, and the next run goes on from it;
after a job that failed, or was killed with the cluster, it goes on from the last checkpoint.
A job that still runs is followed, not submitted twice. The state of Flink and that of the embedded
engine are two: a pipeline that changes its engine begins anew.
"""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tidemill.control.flink_python import python_properties
from tidemill.control.flink_text import flink_endpoints, flink_script
from tidemill.control.pipeline import SqlSource, read_sql, resolve_sql, shown_path
from tidemill.control.project_context import project_for, running_endpoints
from tidemill.control.run import only_pipeline
from tidemill.errors import ComponentError, TextWhere, TidemillError, UserError, Where
from tidemill.project import PipelineFile, Project, ensure_state_dir
from tidemill.runners.flink import Cluster, Gateway, Job, Statement, as_one_job

POLL_S = 0.25
_CHECKPOINT_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class FlinkRunResult:
    """How a run on Flink ended; `restored_from` and `savepoint` are addresses of savepoints."""

    pipeline: str
    job_id: str
    state: str
    rows_in: int
    rows_out: int
    restored_from: str | None
    savepoint: str | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {"engine": "flink", **asdict(self), "notes": list(self.notes)}


def run_flink(
    wanted: str | None,
    folder: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    watch: Callable[[Job], None] | None = None,
) -> FlinkRunResult:
    """Run one pipeline on Flink until it ends, fails, or is stopped with a savepoint.

    Args:
        wanted: the pipeline, by name or path; None: the only one of the project.
        folder: the project's folder.
        variables: values for `${var:...}`.
        watch: told about the job again and again.
    """
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project))
    gateway, cluster = flink_endpoints(project, running_endpoints(project))
    memory = _Memory(ensure_state_dir(project.state_dir) / "pipelines" / pipeline.name)
    with _stop_on_signals() as stopping:
        job_id, restored = _running(memory, cluster), memory.value.get("restored_from")
        notes: tuple[str, ...] = ()
        if job_id is None:
            restored = memory.restart_point()
            job_id, notes = _submit(project, pipeline, gateway, variables, restored)
            memory.keep(job_id=job_id, restored_from=restored, savepoint=None, checkpoint=restored)
        else:
            notes = (f"the job {job_id} runs already; this follows it",)
        job, savepoint = _follow(cluster, job_id, memory, stopping, watch)
    return FlinkRunResult(
        pipeline.name, job_id, job.state, job.rows_in, job.rows_out, restored, savepoint, notes
    )


def _submit(
    project: Project,
    pipeline: PipelineFile,
    gateway: Gateway,
    variables: Mapping[str, str] | None,
    restore_from: str | None,
) -> tuple[str, tuple[str, ...]]:
    """Start the job; return its id, and what was left out of the text."""
    source = resolve_sql(
        project,
        read_sql(pipeline.path),
        shown_path(pipeline.path),
        variables={**pipeline.variables, **(variables or {})},
    )
    secrets: list[str] = []
    script = flink_script(source, source.text, project.root, secrets)
    if not any(statement.inserts for statement in script.statements):
        raise UserError(
            f"{source.file} has no INSERT, so there is no job to run",
            code="control.nothing-to-run",
            where=Where(file=source.file),
            hint="Write INSERT INTO ... SELECT.",
        )
    properties = {
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
            if statement.kind in ("SELECT", "WITH", "VALUES"):
                continue
            try:
                result = session.execute(statement, secrets=secrets)
            except TidemillError as error:
                raise _explained(error, source, statement) from None
            job_id = result.job_id or job_id
    assert job_id is not None, "an INSERT gives a job"
    return job_id, (*source.notes, *script.notes)


def _explained(error: TidemillError, source: SqlSource, statement: Statement) -> TidemillError:
    """Point into the text as it was written."""
    if isinstance(error.where, TextWhere):
        return source.as_written(error)
    error.where = error.where or statement.where
    return error


def _running(memory: _Memory, cluster: Cluster) -> str | None:
    """The pipeline's job, where it still runs."""
    job_id = memory.value.get("job_id")
    state = cluster.jobs().get(str(job_id)) if job_id else None
    return str(job_id) if state is not None and state not in _ENDED else None


_ENDED = ("FINISHED", "FAILED", "CANCELED", "SUSPENDED")


def _follow(
    cluster: Cluster,
    job_id: str,
    memory: _Memory,
    stopping: threading.Event,
    watch: Callable[[Job], None] | None,
) -> tuple[Job, str | None]:
    """Watch a job until it ends; stop it with a savepoint when asked to."""
    due = 0.0
    savepoint = None
    while True:
        job = cluster.job(job_id)
        if watch is not None:
            watch(job)
        if time.monotonic() >= due:
            memory.keep(checkpoint=cluster.checkpoint(job_id) or memory.value.get("checkpoint"))
            due = time.monotonic() + _CHECKPOINT_EVERY_S
        if job.state == "FAILED":
            raise ComponentError(
                f"flink's job failed: {cluster.failure(job_id)}",
                code="runner.job-failed",
                where=Where(server="flink", file=job.name),
                hint="Mend it and run again: it goes on from the last checkpoint.",
            )
        if job.ended:
            if job.state == "FINISHED" and savepoint is None:
                memory.forget()
            return job, savepoint
        if stopping.is_set() and savepoint is None and job.state == "RUNNING":
            savepoint = _stop(cluster, job_id)
            memory.keep(savepoint=savepoint)
            continue
        stopping.wait(POLL_S) if not stopping.is_set() else time.sleep(POLL_S)


def _stop(cluster: Cluster, job_id: str) -> str | None:
    """Stop a job; None where it came to its own end first."""
    try:
        return cluster.stop(job_id)
    except ComponentError:
        if cluster.job(job_id).ended:
            return None
        raise


class _Memory:
    """What is known about the pipeline's last job on Flink, in its state folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "flink.json"
        try:
            self.value: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.value = {}

    def keep(self, **changes: Any) -> None:
        """Change it, on disk too; whole or not at all."""
        self.value = {**self.value, **changes}
        fresh = self._file.with_suffix(".part")
        fresh.write_text(json.dumps(self.value, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._file)

    def forget(self) -> None:
        """The job has come to its own end: the next one begins anew."""
        self.keep(job_id=None, savepoint=None, checkpoint=None, restored_from=None)

    def restart_point(self) -> str | None:
        """The last savepoint, else the last checkpoint that is still there."""
        for kind in ("savepoint", "checkpoint"):
            address = self.value.get(kind)
            if address and _exists(str(address)):
                return str(address)
        return None


def _exists(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("", "file"):
        return True  # only Flink can look there
    return (Path(urllib.parse.unquote(parts.path)) / "_metadata").is_file()


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal ends at once and leaves the job."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return

    def stop(_signal: int, _frame: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
