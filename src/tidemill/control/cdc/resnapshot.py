"""Use case `cdc resnapshot`: a pipeline begins anew with the rows of its `postgres-cdc` tables.

Where a slot was lost, what happened since its place in the log is known to nobody, and only the
table itself says what it holds. The slots are dropped, the pipeline's state is kept as a savepoint
and then emptied, and the next run reads all of its inputs from their start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tidemill.connectors.postgres_cdc.options import parse
from tidemill.connectors.postgres_cdc.slot import drop_slot
from tidemill.control.cdc.readers import cdc_tables
from tidemill.control.pipeline import compile_pipeline
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.project_context import project_for
from tidemill.control.savepoints import appended_to, keep_what_is_there
from tidemill.engine import savepoint
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import UserError, Where


@dataclass(frozen=True, slots=True)
class Resnapshot:
    """What was done; `kept` is the savepoint of the state before, `appended` the sinks that add."""

    pipeline: str
    tables: tuple[str, ...]
    slots_dropped: tuple[str, ...]
    kept: str | None
    appended: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def resnapshot(
    wanted: str,
    folder: Path | None = None,
    *,
    force: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Resnapshot:
    """Drop the slots of a pipeline's `postgres-cdc` tables and empty its state.

    Args:
        wanted: the pipeline, by name or path; it must not run.
        folder: the project's folder.
        force: also where sinks only add rows, which then stand there twice.
        variables: values for `${var:...}`.
    """
    project = project_for(wanted, folder)
    pipeline = project.pipeline(wanted)
    where = Where(pipeline=pipeline.name)
    compiled = compile_pipeline(project, pipeline, variables=variables)
    tables = cdc_tables(compiled, project)
    if not tables:
        raise UserError(
            f"{pipeline.name} reads no table of `postgres-cdc`",
            code="control.nothing-to-resnapshot",
            where=where,
            hint="A Debezium connector takes a snapshot when it is deleted and registered anew "
            "under another name.",
        )
    if pipeline_state(project, pipeline.name).runs:
        raise UserError(
            f"{pipeline.name} runs",
            code="control.already-runs",
            where=where,
            hint=f"Stop it first: tidemill stop {pipeline.name}",
        )
    appended = tuple(appended_to(compiled.plan))
    if appended and not force:
        raise UserError(
            f"`{appended[0]}` only adds rows, so all rows would stand there a second time",
            code="control.would-repeat",
            where=where,
            hint="Declare a PRIMARY KEY on it, or empty it and use --force.",
        )
    store = CheckpointStore(project.state_dir / "pipelines" / pipeline.name / "checkpoints")
    store.lock()
    try:
        kept = keep_what_is_there(project, pipeline.name, store)
        dropped = [table for table in tables if drop_slot(parse(table))]
        savepoint.begin_anew(store)
    finally:
        store.unlock()
    return Resnapshot(
        pipeline.name,
        tuple(table.name for table in tables),
        tuple(table.options["slot.name"] for table in dropped),
        None if kept is None else kept.name,
        appended,
    )
