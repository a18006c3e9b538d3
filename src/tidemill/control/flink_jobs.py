"""Use cases over the jobs of a Flink: list, look at one, cancel, stop, take a savepoint.

A job is named by its id, the begin of it, its name, or the name of a pipeline of the project. A job
of a pipeline that is stopped here is gone on with by the pipeline's next run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tidemill.control.flink_endpoints import flink_cluster
from tidemill.control.flink_memory import memories
from tidemill.control.project_context import open_project
from tidemill.errors import UserError, Where, did_you_mean
from tidemill.project import Project
from tidemill.records import dataclass
from tidemill.runners.flink import Cluster, Job

_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Stopped:
    """A job after a verb; `savepoint` is its address where one was taken."""

    job: Job
    savepoint: str | None = None


def list_jobs(folder: Path | None) -> list[Job]:
    """All jobs that the JobManager remembers, the newest first."""
    cluster = _cluster(folder)[1]
    jobs = [cluster.job(job_id) for job_id in cluster.jobs()]
    return sorted(jobs, key=lambda job: -job.start_time_ms)


def job_status(folder: Path | None, wanted: str) -> Job:
    """One job with its metrics, and why it failed last."""
    project, cluster = _cluster(folder)
    job_id = _find(project, cluster, wanted, running=False)
    return replace(cluster.job(job_id, metrics=True), failure=cluster.failure(job_id))


def cancel_job(folder: Path | None, wanted: str) -> Stopped:
    """Cancel a job: at once, without a savepoint. Its checkpoints stay."""
    project, cluster = _cluster(folder)
    job_id = _find(project, cluster, wanted, running=True)
    point = cluster.checkpoint(job_id)
    cluster.cancel(job_id)
    _remember(project, job_id, checkpoint=point)
    return Stopped(cluster.wait(job_id, 60.0))


def stop_job(folder: Path | None, wanted: str) -> Stopped:
    """Stop a job with a savepoint."""
    project, cluster = _cluster(folder)
    job_id = _find(project, cluster, wanted, running=True)
    savepoint = cluster.stop(job_id)
    _remember(project, job_id, savepoint=savepoint)
    return Stopped(cluster.wait(job_id, 60.0), savepoint)


def savepoint_job(folder: Path | None, wanted: str) -> Stopped:
    """Take a savepoint of a job, which goes on."""
    project, cluster = _cluster(folder)
    job_id = _find(project, cluster, wanted, running=True)
    savepoint = cluster.savepoint(job_id)
    return Stopped(cluster.job(job_id), savepoint)


def _cluster(folder: Path | None) -> tuple[Project, Cluster]:
    project = open_project(folder, needed=False)
    return project, flink_cluster(project)


def _find(project: Project, cluster: Cluster, wanted: str, *, running: bool) -> str:
    """The id of the job that is meant; raises UserError where none or several are."""
    known = list(cluster.jobs())
    if wanted in known:
        return wanted
    jobs = sorted((cluster.job(job_id) for job_id in known), key=lambda job: -job.start_time_ms)
    if running:
        jobs = [job for job in jobs if not job.ended]
    names = (wanted, f"{project.name}.{wanted}")
    named = [job for job in jobs if job.name in names]
    if named and (not running or len(named) == 1):
        return named[0].id
    begun = named or [job for job in jobs if job.id.startswith(wanted)]
    if len(begun) == 1:
        return begun[0].id
    if begun:
        raise UserError(
            f"`{wanted}` is {len(begun)} jobs",
            code="runner.unknown-job",
            where=Where(server="flink", file=cluster.rest.url),
            hint="Give the id: " + ", ".join(job.id for job in begun[:_NAMES_SHOWN]),
        )
    kind = "running job" if running else "job"
    listed = ", ".join(dict.fromkeys(job.name for job in jobs[:_NAMES_SHOWN]))
    raise UserError(
        f"flink has no {kind} `{wanted}`",
        code="runner.unknown-job",
        where=Where(server="flink", file=cluster.rest.url),
        hint=did_you_mean(wanted, [job.name for job in jobs])
        or (f"There are: {listed}." if listed else "There is none: tidemill flink list"),
    )


def _remember(project: Project, job_id: str, **point: str | None) -> None:
    """Tell the pipeline whose job it is, for its next run."""
    for memory in memories(project.state_dir):
        if memory.job_id == job_id:
            memory.keep(**{key: value for key, value in point.items() if value is not None})
