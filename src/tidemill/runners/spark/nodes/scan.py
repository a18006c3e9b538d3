"""Tables, and event time with its watermark."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.runners.spark.lowering.build import cast, failing, fn, is_null
from tidemill.runners.spark.lowering.casts import is_utc
from tidemill.runners.spark.relations import Relation, column, field_names, table
from tidemill.runners.spark.step import Step
from tidemill.runners.spark.streams import never_ends, watermark_delay_ms
from tidemill.runners.spark.types import spark_type
from tidemill.sql.logical import LogicalNode, RowField, Scan, Watermark, inputs

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries


def scan(queries: Queries, node: Scan) -> Relation:
    """A table as it stands."""
    queries.scanned.setdefault(node.table.name, node)
    # A column that Spark cannot hold is not read; whoever refers to it is refused.
    columns = (column(f.name) if spark_type(f.type) else exp.Null() for f in node.fields)
    return Relation(table(node.table.name), tuple(columns))


def watermark(queries: Queries, node: Watermark) -> Relation:
    """In a stream a view of its own: Spark knows event time by the column that has it."""
    relation = queries.relation(node.input)
    rowtime = node.fields[node.column]
    if rowtime.type.nullable and spark_type(rowtime.type) is not None:
        relation = relation.filtered(_no_null(relation.columns[node.column], rowtime))
    if not never_ends(node, queries.unbounded):
        return relation
    names = field_names(node.fields)
    name = f"{_table_of(node)}_with_watermark"
    if name not in {step.name for step in queries.steps}:
        delay = (names[node.column], watermark_delay_ms(node, queries.refuse))
        columns = list(relation.columns)
        if rowtime.type.root is TypeRoot.TIMESTAMP:
            # Spark takes event time as TIMESTAMP only; in UTC that is the same clock.
            if not is_utc(queries.time_zone):
                queries.refuse.it(f"a stream over TIMESTAMP in the time zone {queries.time_zone}")
            columns[node.column] = cast(columns[node.column], "TIMESTAMP")
        timed = replace(relation, columns=tuple(columns))
        queries.steps.append(Step(name, timed.select(names), delay))
    return Relation(table(name), tuple(map(column, names)))


def _no_null(time: exp.Expression, rowtime: RowField) -> exp.Expression:
    """Flink fails at a rowtime that is NULL; Spark would leave the row out of its windows."""
    there = exp.Not(this=is_null(time.copy()))
    wrong = cast(failing(f"the rowtime {rowtime.name} must not be NULL"), "BOOLEAN")
    return fn("if", there, exp.Boolean(this=True), wrong)


def _table_of(node: LogicalNode) -> str:
    while not isinstance(node, Scan):
        node = inputs(node)[0]
    return node.table.name
