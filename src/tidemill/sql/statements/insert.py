"""INSERT INTO table [PARTITION (...)] [(columns)] query."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.binder.insert import bind_insert
from tidemill.sql.binder.partitions import PartitionValue, add_partition
from tidemill.sql.binder.query import bind_query
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.statements.sinks import find_sink
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.from_items import parse_options_hint
from tidemill.sql.syntax.nodes import Name
from tidemill.sql.syntax.queries import parse_query


def run_insert(session: Session, cursor: Cursor) -> None:
    """Read the statement from INSERT on and add it to the job."""
    start = cursor.expect("INSERT").span
    if cursor.at("OVERWRITE"):
        raise cursor.unsupported(
            "INSERT OVERWRITE", hint="Write INSERT INTO, with a path that is empty before."
        )
    cursor.expect("INTO")
    path = cursor.path("a table name")
    options = parse_options_hint(cursor)
    partition = _partition(cursor)
    columns = _columns(cursor)
    query_start = cursor.token.span
    query = parse_query(cursor)
    span = cursor.since(query_start)
    if cursor.at("ON"):
        raise cursor.unsupported("ON CONFLICT")
    cursor.done()
    context = bind_context(session)
    table = find_sink(session, path)
    node = bind_query(context, query, top=True)
    if options:
        table = context.with_options(table, options)
    names = tuple(columns) if columns is not None else None
    if partition:
        names, node = add_partition(context, table, partition, names, node)
    place = path.span if query_start.start > path.span.start else Span(start.start, span.end)
    session.inserts.append(bind_insert(context, table, names, node, place))


def _partition(cursor: Cursor) -> tuple[PartitionValue, ...]:
    if not cursor.take("PARTITION"):
        return ()
    return cursor.parenthesised(lambda: _partition_value(cursor))


def _partition_value(cursor: Cursor) -> PartitionValue:
    name = cursor.name("a partition column")
    cursor.expect("=", hint="A column that the query gives is left out here.")
    return name, parse_expression(cursor)


def _columns(cursor: Cursor) -> tuple[Name, ...] | None:
    if not cursor.at("(") or cursor.peek().upper in ("SELECT", "WITH", "VALUES", "TABLE", "("):
        return None
    return cursor.parenthesised(lambda: cursor.name("a column name"))
