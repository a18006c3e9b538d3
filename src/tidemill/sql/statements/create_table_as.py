"""CREATE TABLE ... AS, and [CREATE OR] REPLACE TABLE ... AS: a table made for a query's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from tidemill.errors import did_you_mean
from tidemill.model import ColumnKind
from tidemill.records import dataclass
from tidemill.sql.binder.insert import bind_insert
from tidemill.sql.binder.query import bind_query
from tidemill.sql.binder.renaming import references
from tidemill.sql.binder.tables import bind_table
from tidemill.sql.catalog import FullName
from tidemill.sql.logical import LogicalNode, Project
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.statements.select import unique_names
from tidemill.sql.statements.sinks import find_sink
from tidemill.sql.syntax.definitions import ColumnDefinition, TableDefinition
from tidemill.sql.syntax.nodes import Name, Query


class Replace(Enum):
    """Whether a table of the name may, or must, be there already."""

    NO = "CREATE"
    MAY = "CREATE OR REPLACE"
    MUST = "REPLACE"


@dataclass(frozen=True, slots=True)
class CreateAs:
    """The statement: what it declares, the order of columns it names, and its query."""

    definition: TableDefinition
    order: tuple[Name, ...]
    query: Query
    replace: Replace


def create_as(session: Session, statement: CreateAs, name: FullName) -> None:
    """Declare the table with the query's columns behind its own, and insert the query's rows."""
    definition, path = statement.definition, statement.definition.path
    there = session.catalog.entry(name, path)
    context = bind_context(session)
    if statement.replace is Replace.NO:
        if session.declared(path, name, definition.if_not_exists):
            # As in Flink, the query's rows go into the table that is there.
            node = bind_query(context, statement.query, top=True)
            sink = find_sink(session, path)
            session.inserts.append(bind_insert(context, sink, None, node, path.span))
            return
    elif there is None and statement.replace is Replace.MUST:
        raise session.catalog.unknown(session.source, path)
    _check(session, definition)
    node = _named(bind_query(context, statement.query, top=True))
    definition.columns = _columns(session, statement, node)
    table = bind_table(context, session, definition, name)
    if table.connector.commit_group is None:
        raise session.source.error(
            "not-a-sink",
            f"`{path}` cannot be written: the connector `{table.connector.name}` has no sink",
            path.span,
        )
    targets = [Name(field.name, path.span) for field in node.fields]
    insert = bind_insert(context, table, targets, node, path.span)
    session.catalog.entries[name] = table
    session.created.append(name)
    session.inserts.append(insert)


def _named(node: LogicalNode) -> LogicalNode:
    """The node with unique column names."""
    names = unique_names([field.name for field in node.fields])
    if all(name == field.name for name, field in zip(names, node.fields, strict=True)):
        return node
    fields = tuple(replace(f, name=name) for f, name in zip(node.fields, names, strict=True))
    return Project(node, references(node.fields), fields)


def _check(session: Session, definition: TableDefinition) -> None:
    what = None
    if definition.temporary:
        what = "CREATE TEMPORARY TABLE ... AS"
    elif definition.like is not None:
        what = "LIKE and AS in one statement"
    if what is not None:
        raise session.source.error(
            "not-supported",
            f"{what} is not Flink SQL",
            definition.path.span,
            hint="Declare the table, then INSERT INTO it.",
        )


def _columns(session: Session, statement: CreateAs, node: LogicalNode) -> list[ColumnDefinition]:
    """Those that the statement declares, then the query's others; or the query's in an order."""
    place = statement.query.span
    taken = {
        field.name: ColumnDefinition(Name(field.name, place), ColumnKind.PHYSICAL, field.type)
        for field in node.fields
    }
    if statement.order:
        return _ordered(session, statement.order, taken)
    own = statement.definition.columns
    for column in own:
        given = taken.pop(column.name.text, None)
        if given is not None and column.kind is ColumnKind.COMPUTED:
            raise session.source.error(
                "duplicate-column",
                f"the query gives the computed column `{column.name.text}`",
                column.name.span,
                hint="Give one of the two another name.",
            )
        if given is not None:
            _check_null(session, statement.definition, column, given)
    return [*own, *taken.values()]


def _check_null(
    session: Session,
    definition: TableDefinition,
    column: ColumnDefinition,
    given: ColumnDefinition,
) -> None:
    key = definition.primary_key.columns if definition.primary_key is not None else ()
    assert column.type is not None
    assert given.type is not None
    required = not column.type.nullable or column.name.text in [name.text for name in key]
    if required and given.type.nullable:
        raise session.source.error(
            "sink-mismatch",
            f"the column `{column.name.text}` is NOT NULL, and the query's may be NULL",
            column.name.span,
            hint="Declare it without NOT NULL, or use COALESCE in the query.",
        )


def _ordered(
    session: Session, order: Sequence[Name], taken: dict[str, ColumnDefinition]
) -> list[ColumnDefinition]:
    for name in order:
        if name.text not in taken:
            raise session.source.error(
                "unknown-column",
                f"the query has no column `{name.text}`",
                name.span,
                hint=did_you_mean(name.text, taken) or f"Columns: {', '.join(taken)}.",
            )
    named = [name.text for name in order]
    if sorted(named) != sorted(taken):
        missing = next((n for n in taken if n not in named), named[0])
        raise session.source.error(
            "column-count",
            f"the list names {len(order)} columns and the query has {len(taken)}: `{missing}`",
            order[0].span,
            hint="Name each column of the query once.",
        )
    return [taken[name] for name in named]
