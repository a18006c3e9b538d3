"""Sinks that Flink has no connector for: Flink writes a topic, the embedded engine carries it on.

The table's WITH clause becomes that of a topic: upserts by the primary key where there is one,
plain JSON where rows only come, Debezium's changes otherwise. An embedded pipeline made from the
same table definition reads that topic and writes the table as it was meant.
Guarantees: exactly once from end to end: Flink's transactions commit with its checkpoints, only
committed messages are read, and the embedded engine commits its position with the sink. What Flink
has committed when the job ends has been carried on when the run ends.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from sqlglot import exp

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.control.flink_text import TRANSACTION_TIMEOUT_MS
from tidemill.control.pipeline import SqlSource, compile_source, resolve_sql
from tidemill.control.project_context import kafka_properties
from tidemill.control.run import build_engine
from tidemill.errors import TextWhere, TidemillError, UserError, Where, did_you_mean
from tidemill.model.schema import ColumnKind
from tidemill.project import PipelineFile, Project, ensure_state_dir
from tidemill.records import dataclass
from tidemill.runners.flink import CONNECTORS as FLINKS
from tidemill.runners.flink import TableOptions

if TYPE_CHECKING:
    from tidemill.engine import Engine
    from tidemill.interfaces.connector import Changelog
    from tidemill.model import TableDescriptor
    from tidemill.plan import PhysicalPlan

_SUFFIX = "-bridge"
_DRAIN_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class BridgedSink:
    """One table on its way: `options` are those of its topic."""

    table: TableDescriptor
    topic: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bridge:
    """The bridged sinks of a pipeline, and the embedded pipeline (`text`) behind them."""

    name: str
    sinks: tuple[BridgedSink, ...]
    text: str

    def options_of(self, table: str) -> Mapping[str, str] | None:
        """What a table's WITH clause is on Flink; None for one that is not bridged."""
        for sink in self.sinks:
            if _last(sink.table.name) == table:
                return sink.options
        return None

    def notes(self) -> tuple[str, ...]:
        """What a person should know, in sentences."""
        return tuple(
            f"{sink.table.name} ({sink.table.options['connector']}) is bridged: Flink writes the "
            f"topic {sink.topic}, the embedded pipeline {self.name} carries it on"
            for sink in self.sinks
        )


def needs_bridge(options: Mapping[str, str]) -> bool:
    """Whether the Flink that we start has no connector, or no format, to write such a table."""
    connector = options.get("connector")
    if connector is None or connector in FLINKS:
        return connector == "filesystem" and options.get("format") == "parquet"
    return True


def bridged_tables(plan: PhysicalPlan, wanted: Sequence[str] = ()) -> list[str]:
    """The names of the sinks that must be bridged, and of those that shall be (`wanted`).

    Raises:
        UserError: one that is wanted is no sink of the pipeline.
    """
    sinks = {stage.sink.name: stage.sink for stage in plan.outputs if stage.sink is not None}
    for name in wanted:
        if name not in sinks:
            raise UserError(
                f"the pipeline writes no table `{name}`",
                code="control.unknown-sink",
                hint=did_you_mean(name, sinks) or f"It writes: {', '.join(sinks)}.",
            )
    return [n for n, table in sinks.items() if n in wanted or needs_bridge(table.options)]


def make_bridge(
    project: Project,
    pipeline: PipelineFile,
    source: SqlSource,
    tables: Sequence[TableOptions],
    wanted: Sequence[str] = (),
) -> Bridge | None:
    """The bridge of a pipeline; None where all its sinks can be written by Flink itself.

    Args:
        project: its Kafka carries the topics.
        pipeline: the pipeline.
        source: its text.
        tables: the tables that the text declares.
        wanted: names of sinks to bridge although Flink could write them.
    """
    if not wanted and not any(needs_bridge(table.options) for table in tables):
        return None
    # As Flink runs it: over bounded input, too, an aggregate is a changelog there.
    settings = {**pipeline.settings, "execution.runtime-mode": "streaming"}
    plan = compile_source(source, settings).plan
    names = bridged_tables(plan, wanted)
    if not names:
        return None
    properties = kafka_properties(project, None)
    outputs = {s.sink.name: s for s in plan.outputs if s.sink is not None and s.sink.name in names}
    sinks = []
    for name, stage in outputs.items():
        assert stage.sink is not None
        _refuse_metadata(stage.sink, stage.where)
        topic = f"{project.name}.{pipeline.name}.{_last(name)}.bridge"
        prefix = f"{project.name}.{pipeline.name}.{_last(name)}"
        options = _topic_options(stage.sink, stage.changelog, topic, properties, prefix)
        sinks.append(BridgedSink(stage.sink, topic, options))
    text = "".join(_pipeline(sink) for sink in sinks)
    return Bridge(pipeline.name + _SUFFIX, tuple(sinks), text)


def _topic_options(
    table: TableDescriptor,
    changelog: Changelog,
    topic: str,
    properties: Mapping[str, str],
    prefix: str,
) -> dict[str, str]:
    """The WITH clause of the topic, for Flink to write and for us to read."""
    if table.primary_key:
        form = {"connector": "upsert-kafka", "key.format": "json", "value.format": "json"}
    else:
        updating = changelog.updates or changelog.upsert
        form = {"connector": "kafka", "format": "debezium-json" if updating else "json"}
    return {
        **form,
        "topic": topic,
        **{f"properties.{key}": value for key, value in properties.items()},
        "properties.transaction.timeout.ms": str(TRANSACTION_TIMEOUT_MS),
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": prefix,
    }


def _pipeline(sink: BridgedSink) -> str:
    """The SQL that carries one topic on."""
    incoming = f"{_last(sink.table.name)}_topic"
    reading = {
        key: value
        for key, value in sink.options.items()
        if not key.startswith(("sink.", "properties.transaction."))
    }
    reading["properties.isolation.level"] = "read_committed"
    if sink.options["connector"] == "kafka":
        reading["scan.startup.mode"] = "earliest-offset"
    target, origin = _table(_last(sink.table.name)), _table(incoming)
    return (
        _create_table(origin, sink.table, reading, partitions=False)
        + _create_table(target, sink.table, sink.table.options, partitions=True)
        + exp.insert(exp.select("*").from_(origin), target).sql(dialect="mysql")
        + ";\n"
    )


def _create_table(
    name: exp.Table, table: TableDescriptor, options: Mapping[str, str], *, partitions: bool
) -> str:
    lines = [
        f"  {_identifier(column.name)} {column.type.sql()}"
        + ("" if column.type.nullable else " NOT NULL")
        for column in table.schema.columns
    ]
    if table.primary_key:
        keys = ", ".join(map(_identifier, table.primary_key))
        lines.append(f"  PRIMARY KEY ({keys}) NOT ENFORCED")
    by = ""
    if partitions and table.partition_keys:
        by = f" PARTITIONED BY ({', '.join(map(_identifier, table.partition_keys))})"
    pairs = ",\n".join(
        f"  {exp.Literal.string(key).sql()} = {exp.Literal.string(value).sql()}"
        for key, value in options.items()
    )
    columns = ",\n".join(lines)
    shown = name.sql(dialect="mysql")
    return f"CREATE TABLE {shown} (\n{columns}\n){by} WITH (\n{pairs}\n);\n"


def _identifier(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="mysql")


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def _last(name: str) -> str:
    return name.rpartition(".")[2].strip("`")


def _refuse_metadata(table: TableDescriptor, where: TextWhere | None) -> None:
    for column in table.schema.columns:
        if column.kind is ColumnKind.METADATA:
            raise UserError(
                f"the metadata column `{column.name}` of {table.name} cannot be carried over a "
                "bridge",
                code="control.no-bridge",
                where=where or Where(file=table.name),
                hint="Flink has no connector for this table, so it goes through a topic, which "
                "has only columns. Leave the column out, or run on the embedded engine.",
            )


@dataclass
class RunningBridge:
    """The embedded pipeline of a bridge, on a thread of its own."""

    project: Project
    bridge: Bridge
    error: TidemillError | None = None
    rows_out: int = 0
    _engine: Engine | None = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Make the topics that are missing, before Flink writes them; raises TidemillError."""
        admin = KafkaAdmin(kafka_properties(self.project, None))
        there = {topic.name for topic in admin.topics()}
        for sink in self.bridge.sinks:
            if sink.topic not in there:
                # One partition: an update of a key never overtakes another.
                admin.create(sink.topic, partitions=1)

    def start(self) -> None:
        """Begin to carry on; raises TidemillError where the sink cannot be opened."""
        self._engine = self._make()
        self._thread = threading.Thread(target=self._live, args=(self._engine, "forever"))
        self._thread.start()

    def check(self) -> None:
        """Raise what ended it, if anything did."""
        if self.error is not None:
            raise self.error

    def finish(self) -> None:
        """Carry on what Flink has committed, then end; raises TidemillError."""
        self.stop()
        self.check()
        engine = self._make()
        self._live(engine, "caught-up")
        self.check()

    def stop(self) -> None:
        """End at the next commit."""
        while self._thread is not None and self._thread.is_alive():
            if self._engine is not None:
                self._engine.stop()
            self._thread.join(_DRAIN_POLL_S)

    def _make(self) -> Engine:
        source = resolve_sql(self.project, self.bridge.text, f"{self.bridge.name}.sql")
        compiled = compile_source(source, {})
        state = ensure_state_dir(self.project.state_dir) / "pipelines" / self.bridge.name
        return build_engine(self.project, self.bridge.name, compiled, state)

    def _live(self, engine: Engine, until: str) -> None:
        try:
            engine.run("caught-up" if until == "caught-up" else "forever")
        except TidemillError as error:
            error.where = error.where or Where(file=self.bridge.name)
            self.error = error
        finally:
            self.rows_out = engine.progress().rows_out
