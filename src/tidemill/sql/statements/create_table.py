"""CREATE [TEMPORARY] TABLE, with or without AS."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.model import ColumnKind
from tidemill.sql.binder.tables import bind_table
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.session import Session
from tidemill.sql.statements.catalogs import in_catalog
from tidemill.sql.statements.context import bind_context
from tidemill.sql.statements.create_table_as import CreateAs, Replace, create_as
from tidemill.sql.statements.like import merge_like
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.definitions import (
    ColumnDefinition,
    LikeClause,
    PrimaryKey,
    TableDefinition,
    WatermarkDefinition,
)
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Name
from tidemill.sql.syntax.queries import parse_query
from tidemill.sql.types import parse_type

_CONSTRAINTS = ("UNIQUE", "CHECK", "FOREIGN")


def run_create_table(
    session: Session, cursor: Cursor, temporary: bool, replace: Replace = Replace.NO
) -> None:
    """Read the statement behind CREATE [TEMPORARY] TABLE and declare the table; CTAS too."""
    start = cursor.previous.span
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    path = cursor.path("a table name")
    name = session.catalog.full_name(session.source, path)
    with session.poisoning(name):
        definition = TableDefinition(path, start, temporary, if_not_exists)
        order = _body(cursor, definition)
        query = parse_query(cursor) if cursor.take("AS") else None
        cursor.done()
        if not temporary:
            in_catalog(session, definition, name)
        if query is not None:
            create_as(session, CreateAs(definition, order, query, replace), name)
            return
        if order:
            name_end = order[0].span.end
            raise cursor.error(
                "syntax", f"expected the type of `{order[0].text}`", Span(name_end, name_end + 1)
            )
        if session.declared(path, name, if_not_exists, replace is not Replace.NO):
            return
        definition = merge_like(session, definition)
        session.catalog.entries[name] = bind_table(bind_context(session), session, definition, name)


def _body(cursor: Cursor, definition: TableDefinition) -> tuple[Name, ...]:
    """All up to LIKE or AS; the names are those of CTAS's list without types."""
    order: tuple[Name, ...] = ()
    if _lists_names(cursor):
        order = cursor.parenthesised(lambda: cursor.name("a column name"))
    elif cursor.take("("):
        cursor.listed(lambda: parse_item(cursor, definition))
        cursor.expect(")")
    if cursor.take("COMMENT"):
        definition.comment = cursor.string("a comment").value
    if cursor.at("DISTRIBUTED"):
        raise cursor.unsupported(
            "DISTRIBUTED", hint="Leave it out: the number of partitions is the topic's own."
        )
    if cursor.take("PARTITIONED"):
        cursor.expect("BY")
        definition.partitioned_by = cursor.parenthesised(lambda: cursor.name("a column name"))
    if cursor.at("WITH"):
        definition.options_span = cursor.advance().span
        if cursor.at("(", ")"):
            cursor.take("(", ")")
        else:
            definition.options = cursor.parenthesised(lambda: parse_option(cursor))
    if cursor.take("LIKE"):
        definition.like = _like(cursor)
    return order


def _lists_names(cursor: Cursor) -> bool:
    """Whether the list holds names alone, as CREATE TABLE (b, a) ... AS does."""
    ahead = 0
    while cursor.peek(ahead).upper in ("(", ",") and cursor.peek(ahead + 2).upper in (",", ")"):
        ahead += 2
    return ahead > 0 and cursor.peek(ahead).upper == ")"


def parse_item(cursor: Cursor, definition: TableDefinition) -> None:
    """One item of the list in parentheses: a column, the watermark or the primary key."""
    if cursor.at("WATERMARK"):
        _watermark(cursor, definition)
    elif cursor.at("PRIMARY", "KEY"):
        _set_primary_key(cursor, definition, _primary_key(cursor))
    elif cursor.at("CONSTRAINT"):
        cursor.advance()
        cursor.name("a constraint name")
        if cursor.at_any(*_CONSTRAINTS):
            raise cursor.unsupported(f"a {cursor.token.upper} constraint")
        _set_primary_key(cursor, definition, _primary_key(cursor))
    elif cursor.at_any(*_CONSTRAINTS):
        raise cursor.unsupported(f"a {cursor.token.upper} constraint")
    else:
        _column(cursor, definition)


def _watermark(cursor: Cursor, definition: TableDefinition) -> None:
    start = cursor.advance().span
    cursor.expect("FOR")
    column = cursor.path("a column name")
    cursor.expect("AS")
    expression = parse_expression(cursor)
    span = cursor.since(start)
    if definition.watermark is not None:
        raise cursor.error("bad-watermark", "a table has at most one watermark", span)
    definition.watermark = WatermarkDefinition(column, expression, span)


def _primary_key(cursor: Cursor) -> PrimaryKey:
    start = cursor.expect("PRIMARY").span
    cursor.expect("KEY")
    columns = cursor.parenthesised(lambda: cursor.name("a column name"))
    _not_enforced(cursor, start)
    return PrimaryKey(columns, cursor.since(start))


def _not_enforced(cursor: Cursor, start: Span) -> None:
    if not cursor.take("NOT", "ENFORCED"):
        raise cursor.error(
            "bad-primary-key",
            "a primary key has to be NOT ENFORCED",
            cursor.since(start),
            hint="Flink does not own the data, so it cannot enforce keys: add NOT ENFORCED.",
        )


def _set_primary_key(cursor: Cursor, definition: TableDefinition, key: PrimaryKey) -> None:
    if definition.primary_key is not None:
        raise cursor.error("bad-primary-key", "a table has at most one primary key", key.span)
    definition.primary_key = key


def _column(cursor: Cursor, definition: TableDefinition) -> None:
    name = cursor.name("a column name")
    if any(column.name.text == name.text for column in definition.columns):
        raise cursor.error(
            "duplicate-column", f"the column `{name.text}` is there twice", name.span
        )
    if cursor.take("AS"):
        expression = parse_expression(cursor)
        comment = _comment(cursor)
        column = ColumnDefinition(name, ColumnKind.COMPUTED, expression=expression, comment=comment)
        definition.columns.append(column)
        return
    if cursor.token.kind is TokenKind.END or cursor.at_any(",", ")", "METADATA"):
        raise cursor.unexpected(f"the type of `{name.text}`")
    type_span = cursor.token.span
    type_ = parse_type(cursor)
    if type_.is_interval:
        raise cursor.error(
            "bad-type", "a column cannot be an interval", type_span, "Keep a number of units."
        )
    if cursor.take("METADATA"):
        key = cursor.string("a metadata key") if cursor.take("FROM") else None
        virtual = cursor.take("VIRTUAL")
        definition.columns.append(
            ColumnDefinition(name, ColumnKind.METADATA, type_, None, key, virtual, _comment(cursor))
        )
        return
    _inline_constraint(cursor, definition, (name,))
    definition.columns.append(
        ColumnDefinition(name, ColumnKind.PHYSICAL, type_, comment=_comment(cursor))
    )


def _inline_constraint(
    cursor: Cursor, definition: TableDefinition, columns: tuple[Name, ...]
) -> None:
    if cursor.at("CONSTRAINT"):
        cursor.advance()
        cursor.name("a constraint name")
    if cursor.at_any(*_CONSTRAINTS, "DEFAULT", "GENERATED", "REFERENCES"):
        raise cursor.unsupported(f"{cursor.token.upper} at a column")
    start = cursor.token.span
    if cursor.take("PRIMARY"):
        cursor.expect("KEY")
        _not_enforced(cursor, start)
        _set_primary_key(cursor, definition, PrimaryKey(columns, cursor.since(start)))


def _comment(cursor: Cursor) -> str | None:
    return cursor.string("a comment").value if cursor.take("COMMENT") else None


def _like(cursor: Cursor) -> LikeClause:
    table = cursor.path("a table name")
    rules: list[tuple[str, str, Span]] = []
    if cursor.take("("):
        while not cursor.take(")"):
            start = cursor.token
            if start.upper not in ("INCLUDING", "EXCLUDING", "OVERWRITING"):
                raise cursor.unexpected("INCLUDING, EXCLUDING or OVERWRITING")
            cursor.advance()
            feature = cursor.advance()
            rules.append((feature.upper, start.upper, cursor.since(start.span)))
    return LikeClause(table, tuple(rules))
