"""A script as one readable PySpark program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from sqlglot import exp

from tidemill.model import TableDescriptor
from tidemill.records import dataclass
from tidemill.runners.spark.lowering.build import SINCE_1970
from tidemill.runners.spark.python_text import Values, block, identifier, literal, sql_block
from tidemill.runners.spark.queries import Queries
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.sinks import JDBC_HELPER, Sink, batch_text, check_sink, stream_text
from tidemill.runners.spark.sources import Source, source_text
from tidemill.runners.spark.step import Step
from tidemill.runners.spark.streams import never_ends
from tidemill.runners.spark.windows import duration
from tidemill.sql.logical import (
    Filter,
    Insert,
    LogicalNode,
    Project,
    Scan,
    Script,
    Watermark,
    inputs,
)

UTC = "UTC"
_CONFIG = (
    ("spark.sql.ansi.enabled", "false", "numbers overflow as in Java and Flink"),
    ("spark.sql.caseSensitive", "true", "names are what they are in Flink"),
    ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS", "as others write Parquet"),
)


@dataclass(frozen=True, slots=True)
class SparkProgram:
    """A program; `variables` are the environment variables that it reads, with what they stand for.

    `needs` are the jars and packages: of `kafka`, `jdbc`.
    """

    text: str
    variables: Mapping[str, str]
    streaming: bool
    needs: frozenset[str]


def spark_program(
    script: Script,
    name: str,
    *,
    unbounded: frozenset[str] = frozenset(),
    written: Mapping[str, str] | None = None,
    settle: Callable[[TableDescriptor], TableDescriptor] = lambda table: table,
) -> SparkProgram:
    """Make the program of a script's INSERTs; raises UserError for what Spark does not do.

    Args:
        script: the bound script.
        name: of the application.
        unbounded: names of the tables that never end.
        written: option values with the text that stood in the file for them, with `${...}`.
        settle: makes a source's options final.
    """
    zone = script.settings.get("table.local-time-zone", UTC)
    refuse = Refuser(script.file, script.text)
    values = Values(written or {})
    queries = Queries(zone, refuse, _shared(script.inserts), unbounded=unbounded)
    bodies = [_insert(queries, insert, zone, values) for insert in script.inserts]
    read = [
        Source(settle(scan.table), scan.table.name in unbounded)
        for scan in queries.scanned.values()
    ]
    tables = [source_text(s, values, refuse.at(queries.scanned[s.table.name].where)) for s in read]
    steps = [_step(step) for step in queries.steps]
    streaming = any(never_ends(insert.query, unbounded) for insert in script.inserts)
    if streaming:
        _refuse_twice(script, queries)
        bodies.append(
            "# Runs until a query fails or is stopped.\nspark.streams.awaitAnyTermination()"
        )
    needs = {
        t.options.get("connector", "")
        for t in [s.table for s in read] + [i.sink for i in script.inserts]
    }
    needed = frozenset(needs & {"kafka", "jdbc"})
    functions = _functions("\n".join([*steps, *bodies]))
    tables = [*functions, *tables]
    parts = [_head(script, name, zone, values, read, needed), *tables, *steps, *bodies]
    return SparkProgram("\n\n".join(parts) + "\n", values.variables, streaming, needed)


def _refuse_twice(script: Script, queries: Queries) -> None:
    """Each stream has a checkpoint of its own, by the name of its table."""
    written = Counter(insert.sink.name for insert in script.inserts)
    for insert in script.inserts:
        if written[insert.sink.name] > 1:
            queries.refuse.at(insert.where).it(
                f"a second INSERT of a stream into {insert.sink.name}", hint="Use UNION ALL."
            )


def _functions(text: str) -> list[str]:
    """The functions of our own that the queries call."""
    made = []
    for name, kind in zip(SINCE_1970, ("TIMESTAMP_NTZ", "TIMESTAMP"), strict=True):
        if f" {name}(" in text or f"({name}(" in text:
            body = (
                f"CREATE OR REPLACE TEMPORARY FUNCTION {name}(ts {kind}) RETURNS {kind}\n"
                f"RETURN IF(ts < {kind} '1970-01-01 00:00:00',\n"
                "    raise_error('a timestamp before 1970 in a calendar function'), ts)"
            )
            made.append(
                f"# Flink rounds times before 1970 otherwise.\nspark.sql(\n    {block(body)}\n)"
            )
    return made


def _step(step: Step) -> str:
    made = f"spark.sql(\n    {sql_block(step.query)}\n)"
    if step.watermark is not None:
        column, delay_ms = step.watermark
        made += f".withWatermark({literal(column)}, {literal(duration(delay_ms))})"
    return f"{made}.createOrReplaceTempView({literal(step.name)})"


def _insert(queries: Queries, insert: Insert, zone: str, values: Values) -> str:
    refuse = queries.refuse.at(insert.where)
    queries.refuse = refuse
    sink = Sink(insert.sink, zone, never_ends(insert.query, queries.unbounded))
    check_sink(sink, refuse)
    nullable = [f.type.nullable for f in insert.query.fields]

    def final(index: int, made: exp.Expression) -> exp.Expression:
        return sink.column(index, made, nullable[index])

    query = queries.query(insert.query, insert.sink.schema.names, final)
    frame = f"into_{identifier(insert.sink.name)}"
    lines = [
        f"# INSERT INTO {insert.sink.name}",
        f"{frame} = spark.sql(\n    {sql_block(query)}\n)",
    ]
    write = stream_text if never_ends(insert.query, queries.unbounded) else batch_text
    return "\n".join([*lines, write(sink, frame, values, refuse)])


def _shared(inserts: tuple[Insert, ...]) -> frozenset[int]:
    """The nodes that more than one other reads and that are worth a view: all but plain rows."""
    parents: Counter[int] = Counter()
    seen: set[int] = set()
    nodes: dict[int, LogicalNode] = {}

    def walk(node: LogicalNode) -> None:
        nodes[id(node)] = node
        parents[id(node)] += 1
        if id(node) not in seen:
            seen.add(id(node))
            for child in inputs(node):
                walk(child)

    for insert in inserts:
        walk(insert.query)
    return frozenset(i for i, n in parents.items() if n > 1 and not _is_plain(nodes[i]))


def _is_plain(node: LogicalNode) -> bool:
    if isinstance(node, Scan):
        return True
    return isinstance(node, (Project, Filter, Watermark)) and _is_plain(node.input)


def _head(
    script: Script, name: str, zone: str, values: Values, read: list[Source], needs: frozenset[str]
) -> str:
    lines = [f'"""{name}: made by `tidemill` from {script.file}, by its plan."""', ""]
    streaming = any(source.unbounded for source in read)
    if values.variables or streaming:
        lines.append("import os")
    if "jdbc" in needs and any(i.sink.options.get("connector") == "jdbc" for i in script.inserts):
        lines += ["import uuid", "", "import psycopg", "from psycopg import sql"]
    elif values.variables or streaming:
        lines.append("")
    lines.append("from pyspark.sql import SparkSession")
    functions = []
    if any(s.table.options.get("connector") == "kafka" for s in read):
        functions += ["col", "from_json"]
    if any(i.sink.options.get("connector") == "kafka" for i in script.inserts):
        functions += ["struct", "to_json"]
    if functions:
        lines.append(f"from pyspark.sql.functions import {', '.join(functions)}")
    lines.append("")
    for variable in sorted(values.variables):
        _, sign, default = values.variables[variable].partition(":-")
        given = (
            f".get({literal(variable)}, {literal(default)})" if sign else f"[{literal(variable)}]"
        )
        lines.append(f"{variable} = os.environ{given}")
    if streaming:
        lines.append('CHECKPOINTS = os.environ.get("CHECKPOINTS", "checkpoints")')
    if values.variables or streaming:
        lines.append("")
    lines += ["spark = (", f"    SparkSession.builder.appName({literal(name)})"]
    for key, value, why in (
        *_CONFIG,
        ("spark.sql.session.timeZone", zone, "table.local-time-zone"),
    ):
        lines.append(f"    .config({literal(key)}, {literal(value)})  # {why}")
    lines += ["    .getOrCreate()", ")"]
    text = "\n".join(lines)
    if any(i.sink.options.get("connector") == "jdbc" for i in script.inserts):
        text += "\n\n" + JDBC_HELPER.rstrip()
    return text
