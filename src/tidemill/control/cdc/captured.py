"""The Debezium connectors whose topics a pipeline reads, and how one begins with a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.connectors.jdbc.server_stats import PostgresLogin
from tidemill.control.connect_client import ConnectClient
from tidemill.control.connectors import Connect
from tidemill.control.pipeline import CompiledPipeline, opened
from tidemill.control.released_slot import drop_released
from tidemill.control.slots import postgres_of
from tidemill.errors import ProjectError, UserError, Where
from tidemill.model import TableDescriptor
from tidemill.project import Project
from tidemill.records import dataclass

_KAFKA = ("kafka", "upsert-kafka")
_POSTGRES = "postgresql.PostgresConnector"
_NO_ROWS = ("no_data", "never", "schema_only")
_STOPS_WITHIN_S = 60.0
_RUNS_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Captured:
    """A connector for Postgres, and its slot."""

    name: str
    config: Mapping[str, str]

    @property
    def slot(self) -> str:
        """The replication slot that it reads."""
        return self.config.get("slot.name", "debezium")

    def writes(self, topic: str) -> bool:
        """Whether the topic has its prefix."""
        return topic.startswith(f"{self.config.get('topic.prefix', '')}.")


def topic_tables(compiled: CompiledPipeline, project: Project) -> list[TableDescriptor]:
    """The tables of a pipeline that are topics, as their connectors open them."""
    tables = [opened(stage.table, compiled.source, project.root) for stage in compiled.plan.sources]
    return [t for t in tables if t.options["connector"] in _KAFKA and "topic" in t.options]


def topics_of(tables: Sequence[TableDescriptor]) -> list[str]:
    """The topics of these tables."""
    return [topic for table in tables for topic in table.options["topic"].split(";")]


def connectors_of(project: Project, topics: Sequence[str]) -> list[Captured]:
    """The connectors of the project's Kafka Connect that write any of these topics.

    None where the project has no Kafka Connect, or that does not run.
    """
    if not topics:
        return []
    try:
        client = Connect(project.root).client()
    except ProjectError:
        return []
    found = [Captured(status.name, client.config(status.name)) for status in client.statuses()]
    return [
        one
        for one in found
        if one.config.get("connector.class", "").endswith(_POSTGRES)
        and any(one.writes(topic) for topic in topics)
    ]


def forget_place(project: Project, one: Captured) -> None:
    """Stop a connector and drop its slot and offsets, so that it begins with a snapshot.

    Raises UserError where it takes none, or where its slot is not the project's to drop.
    """
    if one.config.get("snapshot.mode", "initial") in _NO_ROWS:
        raise UserError(
            f"the connector {one.name} takes no snapshot ('snapshot.mode' = "
            f"'{one.config['snapshot.mode']}')",
            code="control.nothing-to-resnapshot",
            where=Where(server="connect"),
            hint="Register it with 'snapshot.mode' = 'initial'.",
        )
    login = _login(project, one)
    client = Connect(project.root).client()
    client.act(one.name, "stop")
    client.wait_stopped(one.name, _STOPS_WITHIN_S)
    drop_released(login, one.slot)
    client.forget_offsets(one.name)


def go_on(project: Project, one: Captured) -> None:
    """Resume a connector and wait until it runs."""
    client: ConnectClient = Connect(project.root).client()
    client.act(one.name, "resume")
    client.wait(one.name, lambda status: status.running, _RUNS_WITHIN_S)


def _login(project: Project, one: Captured) -> PostgresLogin:
    login = postgres_of(project)
    config = one.config
    there = (config.get("database.port", "5432"), config.get("database.dbname"))
    if login is None or (str(login.port), login.database) != there:
        raise UserError(
            f"the slot {one.slot} of the connector {one.name} is not in the project's Postgres",
            code="control.nothing-to-resnapshot",
            where=Where(server="postgres"),
            hint="Stop the connector, drop its slot and offsets, and resume it.",
        )
    return login
