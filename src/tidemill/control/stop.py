"""Use case `stop`: end what runs a pipeline in order, on whatever engine it runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.control.flink_jobs import stop_job
from tidemill.control.flink_status import pipelines_on_flink
from tidemill.control.pipeline_processes import stop_pipeline
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.project_context import open_project
from tidemill.control.spark_status import pipelines_on_spark, stop_on_spark
from tidemill.errors import UserError, Where
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class StoppedRun:
    """One run that was stopped; `savepoint` where Flink took one."""

    pipeline: str
    engine: str
    state: str
    savepoint: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def stop(pipeline: str, folder: Path | None = None) -> tuple[StoppedRun, ...]:
    """Stop every run of a pipeline: here, on Spark, on Flink; wait until each has ended.

    The next run on the same engine goes on from there. Raises UserError where nothing runs it,
    ComponentError where a run does not end in time.
    """
    project = open_project(folder)
    here = pipeline_state(project, pipeline)
    done: list[StoppedRun] = []
    if here.runs:
        done.append(StoppedRun(here.name, "embedded", stop_pipeline(here.name, folder).state))
    for on_spark in pipelines_on_spark(project):
        if on_spark.pipeline == here.name and on_spark.state == "running":
            done.append(StoppedRun(here.name, "spark", stop_on_spark(project, on_spark).state))
    for one in pipelines_on_flink(project):
        if one.pipeline == here.name and one.job is not None and not one.job.ended:
            ended = stop_job(folder, one.job_id)
            done.append(StoppedRun(here.name, "flink", "stopped", ended.savepoint))
    if not done:
        raise UserError(
            f"{here.name} does not run",
            code="control.does-not-run",
            where=Where(pipeline=here.name),
        )
    return tuple(done)
