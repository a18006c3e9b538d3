"""The pipelines of a project that run on Flink, for `status`: as far as Flink answers at once."""

from __future__ import annotations

from tidemill.control.flink_endpoints import flink_cluster
from tidemill.control.flink_memory import memories
from tidemill.errors import TidemillError
from tidemill.project import Project
from tidemill.records import dataclass
from tidemill.runners.flink import Job

_ANSWER_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class PipelineOnFlink:
    """A pipeline's last job; `job` None where Flink does not answer, or knows it no more.

    `savepoint` is where its next run goes on, if it was stopped with one.
    """

    pipeline: str
    job_id: str
    job: Job | None
    savepoint: str | None


def pipelines_on_flink(project: Project) -> tuple[PipelineOnFlink, ...]:
    """Those with a job that has not come to its own end; never raises, waits 2 seconds at most."""
    kept = [memory for memory in memories(project.state_dir) if memory.job_id]
    if not kept:
        return ()
    try:
        cluster = flink_cluster(project, timeout_s=_ANSWER_WITHIN_S)
        known = set(cluster.jobs())
    except TidemillError:
        known = set()
    found = []
    for memory in kept:
        job_id = str(memory.job_id)
        job = None
        if job_id in known:
            try:
                job = cluster.job(job_id, metrics=True)
            except TidemillError:
                known = set()  # it does not answer any more: the others are not asked
        savepoint = memory.value.get("savepoint")
        found.append(PipelineOnFlink(memory.pipeline, job_id, job, savepoint))
    return tuple(found)
