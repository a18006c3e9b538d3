"""Which connector or pipeline of the project reads which replication slot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tidemill.control.connect_client import ConnectClient
from tidemill.control.connectors import Connect
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, opened
from tidemill.control.pipeline_states import pipeline_state
from tidemill.errors import TidemillError
from tidemill.model import TableDescriptor
from tidemill.project import Project
from tidemill.records import dataclass

CONNECTOR_NAME = "postgres-cdc"


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads a slot: a connector of Kafka Connect, or a pipeline with a `postgres-cdc` table.

    `state` is that of the connector (RUNNING, PAUSED, STOPPED ...) or of the pipeline.
    """

    kind: Literal["connector", "pipeline"]
    name: str
    state: str
    table: str | None = None
    """A pipeline's own name of the table."""

    @property
    def shown(self) -> str:
        """As in a sentence."""
        return f"{self.kind} {self.name}"


def readers(project: Project) -> dict[str, Reader]:
    """The readers by slot; what does not answer or compile is left out."""
    return {**dict(_pipelines(project)), **dict(_connectors(project))}


def cdc_tables(compiled: CompiledPipeline, project: Project) -> list[TableDescriptor]:
    """The `postgres-cdc` tables that a pipeline reads, secrets put in."""
    return [
        opened(stage.table, compiled.source, project.root)
        for stage in compiled.plan.sources
        if stage.table.options.get("connector") == CONNECTOR_NAME
    ]


def _connectors(project: Project) -> Iterator[tuple[str, Reader]]:
    try:
        client: ConnectClient = Connect(project.root).client()
        for status in client.statuses():
            config = client.config(status.name)
            if config.get("connector.class", "").endswith("postgresql.PostgresConnector"):
                slot = config.get("slot.name", "debezium")
                yield slot, Reader("connector", status.name, status.state)
    except TidemillError:
        return


def _pipelines(project: Project) -> Iterator[tuple[str, Reader]]:
    try:
        files = [file for file in project.pipelines() if CONNECTOR_NAME in file.path.read_text()]
    except (TidemillError, OSError, UnicodeDecodeError):
        return
    for file in files:
        try:
            tables = cdc_tables(compile_pipeline(project, file), project)
        except TidemillError:
            continue
        state = pipeline_state(project, file.name).state
        for table in tables:
            yield table.options["slot.name"], Reader("pipeline", file.name, state, table.name)
