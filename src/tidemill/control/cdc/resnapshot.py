"""Use case `cdc resnapshot`: pipelines begin anew with the rows of the tables that they capture.

Where a slot or a connector's offsets were lost, or a table was emptied by TRUNCATE, what happened
is known to nobody, and only the table itself says what it holds. The slots are dropped, topics of
Debezium are emptied and their connector takes a snapshot, the pipeline's state is kept as a
savepoint and then emptied, and the next run reads all of its inputs from their start. A connector
takes its snapshot of all of its tables, so all pipelines of the project that read its topics begin
anew together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.connectors.kafka.topic_facts import empty_topic
from tidemill.connectors.postgres_cdc.options import parse
from tidemill.connectors.postgres_cdc.slot import drop_slot
from tidemill.control.cdc.captured import (
    Captured,
    connectors_of,
    forget_place,
    go_on,
    topic_tables,
    topics_of,
)
from tidemill.control.cdc.readers import cdc_tables
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.project_context import project_for
from tidemill.control.savepoints import appended_to, keep_what_is_there
from tidemill.control.why_not.ask import cluster_of
from tidemill.engine import savepoint
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import TidemillError, UserError, Where
from tidemill.model import TableDescriptor
from tidemill.project import Project
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Resnapshot:
    """What was done; `kept` is the savepoint of the state before, `appended` the sinks that add.

    `others` are pipelines that began anew, too, as they read topics of the same connectors.
    """

    pipeline: str
    tables: tuple[str, ...]
    slots_dropped: tuple[str, ...]
    kept: str | None
    appended: tuple[str, ...]
    connectors: tuple[str, ...] = ()
    topics_emptied: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

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
    """Drop what is known of the place in the log, and empty the pipeline's state.

    Args:
        wanted: the pipeline, by name or path; it must not run.
        folder: the project's folder.
        force: also where sinks only add rows, which then stand there twice.
        variables: values for `${var:...}`.
    """
    project = project_for(wanted, folder)
    pipeline = project.pipeline(wanted)
    compiled = compile_pipeline(project, pipeline, variables=variables)
    tables = cdc_tables(compiled, project)
    connectors = connectors_of(project, topics_of(topic_tables(compiled, project)))
    if not tables and not connectors:
        raise UserError(
            f"{pipeline.name} reads no table of `postgres-cdc`, and no topic of a Debezium "
            "connector of the project's Kafka Connect",
            code="control.nothing-to-resnapshot",
            where=Where(pipeline=pipeline.name),
            hint="See them: tidemill connector list",
        )
    affected = {pipeline.name: compiled, **_others(project, pipeline.name, connectors)}
    appended = _checked(project, affected, force=force)
    read = [
        table
        for one in affected.values()
        for table in topic_tables(one, project)
        if any(c.writes(topic) for c in connectors for topic in topics_of([table]))
    ]
    _check_starts(read)
    with contextlib.ExitStack() as held:
        stores = {name: _locked(project, name, held) for name in affected}
        kept = {name: keep_what_is_there(project, name, store) for name, store in stores.items()}
        dropped = [table.options["slot.name"] for table in tables if drop_slot(parse(table))]
        for connector in connectors:
            forget_place(project, connector)
        emptied = _emptied(project, read)
        for store in stores.values():
            savepoint.begin_anew(store)
    for connector in connectors:
        go_on(project, connector)
    found = kept[pipeline.name]
    captured = [*tables, *(topic_tables(compiled, project) if connectors else ())]
    return Resnapshot(
        pipeline.name,
        tuple(table.name for table in captured),
        (*dropped, *(connector.slot for connector in connectors)),
        None if found is None else found.name,
        appended,
        tuple(connector.name for connector in connectors),
        emptied,
        tuple(name for name in affected if name != pipeline.name),
    )


def _others(
    project: Project, name: str, connectors: Sequence[Captured]
) -> dict[str, CompiledPipeline]:
    """The project's other pipelines that read topics of these connectors."""
    found = {}
    for file in project.pipelines() if connectors else ():
        if file.name == name:
            continue
        try:
            compiled = compile_pipeline(project, file)
            topics = topics_of(topic_tables(compiled, project))
        except TidemillError:
            continue  # what does not compile has no state that could be wrong
        if any(one.writes(topic) for one in connectors for topic in topics):
            found[file.name] = compiled
    return found


def _checked(
    project: Project, affected: Mapping[str, CompiledPipeline], *, force: bool
) -> tuple[str, ...]:
    """The sinks that only add rows; raises UserError where a pipeline cannot begin anew now."""
    appended: list[str] = []
    for name, compiled in affected.items():
        if pipeline_state(project, name).runs:
            raise UserError(
                f"{name} runs",
                code="control.already-runs",
                where=Where(pipeline=name),
                hint=f"Stop it first: tidemill stop {name}",
            )
        adds = appended_to(compiled.plan)
        if adds and not force:
            raise UserError(
                f"`{adds[0]}` only adds rows, so all rows would stand there a second time",
                code="control.would-repeat",
                where=Where(pipeline=name),
                hint="Declare a PRIMARY KEY on it, or empty it and use --force.",
            )
        appended += adds
    return tuple(appended)


def _check_starts(tables: Sequence[TableDescriptor]) -> None:
    for table in tables:
        if table.options.get("scan.startup.mode") != "earliest-offset":
            raise UserError(
                f"`{table.name}` is not read from the begin of its topic, where the snapshot will "
                "stand",
                code="control.nothing-to-resnapshot",
                where=Where(table=table.name),
                hint="Give it 'scan.startup.mode' = 'earliest-offset'.",
            )


def _locked(project: Project, name: str, held: contextlib.ExitStack) -> CheckpointStore:
    store = CheckpointStore(project.state_dir / "pipelines" / name / "checkpoints")
    store.lock()
    held.callback(store.unlock)
    return store


def _emptied(project: Project, tables: Sequence[TableDescriptor]) -> tuple[str, ...]:
    """Empty the topics: what stands there ends in a gap that nobody could see later."""
    found: list[str] = []
    for table in tables:
        admin = cluster_of(project, table).admin()
        for topic in topics_of([table]):
            if topic not in found:
                empty_topic(admin, topic)
                found.append(topic)
    return tuple(found)
