"""What a demo's pipelines have written, as Arrow tables, and how two such tables differ."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.json
from sqlglot import exp

from tidemill.control.demo.model import Comparison
from tidemill.control.pipeline import compile_pipeline, opened
from tidemill.control.reconcile.content import read_table
from tidemill.control.topics import Cluster, list_topics, read_topic
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.project import load_project

SHOWN_MAX = 5


def sink_rows(folder: Path, pipeline: str, tables: Sequence[str]) -> dict[str, pa.Table]:
    """The rows that stand in some of a pipeline's sinks (jdbc, redis, filesystem), by table name.

    They are read through the tables' own connectors, as the pipeline declares them. A sink of files
    that nothing was written to has no rows.
    """
    project = load_project(folder)
    compiled = compile_pipeline(project, project.pipeline(pipeline))
    context = JobContext(f"{project.name}.{pipeline}", FORMATS)
    found: dict[str, pa.Table] = {}
    for stage in compiled.plan.outputs:
        name = stage.sink.name.rsplit(".", 1)[-1] if stage.sink is not None else ""
        if stage.sink is not None and name in tables:
            table = opened(stage.sink, compiled.source, project.root)
            found[name] = read_table(table, context).rows
    return found


def topic_rows(folder: Path, topic: str, schema: pa.Schema) -> pa.Table:
    """The committed JSON messages of a topic as rows; none where the topic is not there."""
    cluster = Cluster(folder)
    if topic not in {found.name for found in list_topics(cluster)}:
        return schema.empty_table()
    values = [r.value for r in read_topic(cluster, topic) if r.value is not None]
    if not values:
        return schema.empty_table()
    options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    return pyarrow.json.read_json(io.BytesIO(b"\n".join(values)), parse_options=options)


def compare_tables(
    connection: duckdb.DuckDBPyConnection, what: str, expected: str, found: str
) -> Comparison:
    """Compare two tables of a DuckDB as multisets of rows, DOUBLE within 1e-9.

    The columns are those of `expected`; `found` must have them too.
    """
    one = _selected(connection, expected, expected)
    two = _selected(connection, expected, found)
    ((rows,),) = connection.table(found).aggregate("count(*)").fetchall()
    lines = [
        f"{verb} {row}"
        for verb, left, right in (("missing", one, two), ("unexpected", two, one))
        for row in left.except_(right).order("ALL").limit(SHOWN_MAX).fetchall()
    ]
    return Comparison(what, int(rows), tuple(lines))


def _selected(
    connection: duckdb.DuckDBPyConnection, like: str, table: str
) -> duckdb.DuckDBPyRelation:
    """A table's rows with the columns and types of another; DOUBLE is rounded."""
    kinds = zip(connection.table(like).columns, connection.table(like).types, strict=True)
    columns = [
        f"round({_quoted(name)}::DOUBLE, 9)"
        if str(kind) == "DOUBLE"
        else f"{_quoted(name)}::{kind}"
        for name, kind in kinds
    ]
    return connection.table(table).project(", ".join(columns))


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")
