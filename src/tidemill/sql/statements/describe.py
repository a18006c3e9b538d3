"""DESCRIBE, and the rows that SHOW COLUMNS shares with it."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.errors import TextWhere
from tidemill.model import DataType
from tidemill.model.types import STRING
from tidemill.sql.catalog import Table, View
from tidemill.sql.listing import COLUMNS, Cell, Listing
from tidemill.sql.logical import RowField
from tidemill.sql.session import Session
from tidemill.sql.statements.declared import column_extras
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.normal import normal_text

_OTHERS = ("FUNCTION", "DATABASE", "MODEL", "JOB")


def run_describe(session: Session, cursor: Cursor) -> None:
    """Read DESCRIBE table, or DESCRIBE CATALOG catalog."""
    start = cursor.advance().span
    following = cursor.peek().upper
    if cursor.at("CATALOG") and following not in ("", "."):
        cursor.advance()
        _describe_catalog(session, cursor)
        return
    if cursor.at_any(*_OTHERS) and following not in ("", "."):
        raise cursor.unsupported(f"DESCRIBE {cursor.token.upper}", hint="SHOW lists what there is.")
    if cursor.at("EXTENDED"):
        raise cursor.unsupported("DESCRIBE EXTENDED", hint="Leave EXTENDED out.")
    path = cursor.path("a table name")
    cursor.done()
    entry = session.catalog.find(session.source, path)
    where = session.source.where(cursor.since(start))
    session.listings.append(columns_listing(session, entry, where))


def columns_listing(
    session: Session,
    entry: Table | View,
    where: TextWhere,
    keep: Callable[[str], bool] = lambda _: True,
) -> Listing:
    """The columns of a table or view whose names `keep` takes, as DESCRIBE lists them."""
    fields = [field for field in entry.node.fields if keep(field.name)]
    rows = {field.name: _row(field) for field in fields}
    columns: tuple[tuple[str, DataType], ...] = COLUMNS
    if isinstance(entry, Table):
        columns = _declared(session, entry, rows)
    return Listing(columns, tuple(tuple(row) for row in rows.values()), where)


def _declared(
    session: Session, entry: Table, rows: dict[str, list[Cell]]
) -> tuple[tuple[str, DataType], ...]:
    definition = entry.definition
    key = [name.text for name in definition.primary_key.columns] if definition.primary_key else []
    for column in definition.columns:
        row = rows.get(column.name.text)
        if row is None:
            continue
        if column.name.text in key:
            row[3] = f"PRI({', '.join(key)})"
        if column.type is not None:
            row[2] = column.type.nullable and column.name.text not in key
        row[4] = column_extras(session.source, column)
        watermark = definition.watermark
        if watermark is not None and str(watermark.column) == column.name.text:
            row[5] = normal_text(session.source, watermark.expression.span)
    if all(column.comment is None for column in definition.columns):
        return COLUMNS
    for column in definition.columns:
        if column.name.text in rows:
            rows[column.name.text].append(column.comment)
    return (*COLUMNS, ("comment", STRING))


def _row(field: RowField) -> list[Cell]:
    attribute = f" *{field.time_attribute.name}*" if field.time_attribute else ""
    type_ = field.type.with_nullable(True).sql() + attribute
    return [field.name, type_, field.type.nullable, None, None, None]


def _describe_catalog(session: Session, cursor: Cursor) -> None:
    start = cursor.previous.span
    if cursor.at("EXTENDED"):
        raise cursor.unsupported("DESCRIBE CATALOG EXTENDED", hint="SHOW CREATE CATALOG says it.")
    catalog = session.catalog.catalog(session.source, cursor.name("a catalog name"))
    cursor.done()
    rows = (
        ("name", catalog.name),
        ("type", catalog.options.get("type", "generic_in_memory")),
        ("comment", catalog.comment),
    )
    columns = (("info name", STRING), ("info value", STRING))
    session.listings.append(Listing(columns, rows, session.source.where(cursor.since(start))))
