"""ALTER TABLE: the declaration is changed and bound anew, as if it had been written so.

What was bound before keeps the table as it was then. The table's data stays untouched: only the
declaration is Tidemill's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tidemill.errors import Span, SqlError, did_you_mean
from tidemill.records import dataclass
from tidemill.sql.binder.tables import bind_table
from tidemill.sql.catalog import FullName, Table
from tidemill.sql.session import Session
from tidemill.sql.statements.context import bind_context
from tidemill.sql.statements.create_table import parse_item
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.definitions import ColumnDefinition, TableDefinition
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Name, Node, Path
from tidemill.sql.syntax.walk import names_in


@dataclass(frozen=True, slots=True)
class _Place:
    """FIRST (`behind` None) or AFTER a column."""

    column: str
    behind: Name | None


def run_alter_table(session: Session, cursor: Cursor) -> None:
    """Read the statement behind ALTER TABLE and change the table."""
    if_exists = cursor.take("IF", "EXISTS")
    path = cursor.path("a table name")
    name = session.catalog.full_name(session.source, path)
    if if_exists and session.catalog.entry(name, path) is None:
        return
    entry = session.catalog.find(session.source, path)
    if not isinstance(entry, Table):
        raise session.source.error(
            "wrong-kind", f"`{path}` is a view", path.span, hint=f"Write ALTER VIEW {path}."
        )
    session.refuse_on_server(path, name, entry.temporary)
    definition = entry.definition
    changed = replace(definition, columns=list(definition.columns))
    if cursor.take("RENAME", "TO"):
        target = cursor.path("a table name")
        cursor.done()
        _put(session, rename_entry(session, path, name, target), changed)
        return
    _change(session, cursor, changed)
    cursor.done()
    _put(session, name, changed)


def rename_entry(session: Session, path: Path, name: FullName, target: Path) -> FullName:
    """Take the old name away and give the full new one; SqlError where it is taken."""
    new = (*name[:2], target.parts[-1].text)
    if len(target.parts) > 1 and session.catalog.full_name(session.source, target) != new:
        raise session.source.error(
            "wrong-kind", f"`{path}` cannot move to another database", target.span
        )
    session.declared(target, new, if_not_exists=False)
    del session.catalog.entries[name]
    return new


def _put(session: Session, name: FullName, definition: TableDefinition) -> None:
    table = bind_table(bind_context(session), session, definition, name)
    session.catalog.entries[name] = table


def _change(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    changes: dict[str, Callable[[Session, Cursor, TableDefinition], None]] = {
        "RENAME": _rename_column,
        "SET": _set,
        "RESET": _reset,
        "ADD": _add,
        "MODIFY": _modify,
        "DROP": _drop,
    }
    word = cursor.token.upper
    if word not in changes:
        raise cursor.unexpected("RENAME, SET, RESET, ADD, MODIFY or DROP")
    cursor.advance()
    if cursor.at_any("PARTITION", "DISTRIBUTION"):
        raise cursor.unsupported(f"ALTER TABLE ... {word} {cursor.token.upper}")
    changes[word](session, cursor, table)


def _set(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    pairs = cursor.parenthesised(lambda: parse_option(cursor))
    given = {key.value for key, _ in pairs}
    kept = tuple(pair for pair in table.options if pair[0].value not in given)
    table.options = kept + pairs


def _reset(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    keys = cursor.parenthesised(lambda: cursor.string("an option's key"))
    for key in keys:
        if key.value == "connector":
            raise session.source.error(
                "bad-option", "the option 'connector' cannot be reset", key.span
            )
    given = {key.value for key in keys}
    table.options = tuple(pair for pair in table.options if pair[0].value not in given)


def _rename_column(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    old = _known(session, table, cursor.name("a column name"))
    cursor.expect("TO")
    new = cursor.name("a column name")
    if any(column.name.text == new.text for column in table.columns):
        raise session.source.error(
            "duplicate-column", f"the column `{new.text}` is there already", new.span
        )
    _refuse_used(session, table, old, "renamed", keys=False)
    index = _index(table, old)
    table.columns[index] = replace(table.columns[index], name=new)
    swap = {old.text: new}
    table.partitioned_by = tuple(swap.get(n.text, n) for n in table.partitioned_by)
    key = table.primary_key
    if key is not None:
        names = tuple(swap.get(n.text, n) for n in key.columns)
        table.primary_key = replace(key, columns=names)


def _items(cursor: Cursor, table: TableDefinition) -> tuple[TableDefinition, list[_Place]]:
    """What ADD or MODIFY lists, as a declaration of its own, and where columns shall stand."""
    given = TableDefinition(table.path, table.span)
    places: list[_Place] = []

    def item() -> None:
        cursor.take("COLUMN")
        before = len(given.columns)
        parse_item(cursor, given)
        if len(given.columns) == before:
            return
        column = given.columns[-1].name.text
        if cursor.take("FIRST"):
            places.append(_Place(column, None))
        elif cursor.take("AFTER"):
            places.append(_Place(column, cursor.name("a column name")))

    if cursor.take("("):
        cursor.listed(item)
        cursor.expect(")")
    else:
        item()
    return given, places


def _add(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    given, places = _items(cursor, table)
    for column in given.columns:
        if any(own.name.text == column.name.text for own in table.columns):
            raise session.source.error(
                "duplicate-column",
                f"the column `{column.name.text}` is there already",
                column.name.span,
                hint="MODIFY changes a column.",
            )
        table.columns.append(column)
    if given.watermark is not None:
        if table.watermark is not None:
            raise _there(session, "bad-watermark", "a watermark", given.watermark.span)
        table.watermark = given.watermark
    if given.primary_key is not None:
        if table.primary_key is not None:
            raise _there(session, "bad-primary-key", "a primary key", given.primary_key.span)
        table.primary_key = given.primary_key
    _move(session, table, places)


def _there(session: Session, code: str, what: str, span: Span) -> SqlError:
    return session.source.error(
        code, f"the table has {what} already", span, hint="MODIFY changes it."
    )


def _modify(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    given, places = _items(cursor, table)
    for column in given.columns:
        _known(session, table, column.name)
        table.columns[_index(table, column.name)] = column
    for what, own, new in (
        ("watermark", table.watermark, given.watermark),
        ("primary key", table.primary_key, given.primary_key),
    ):
        if new is not None and own is None:
            code = "bad-watermark" if what == "watermark" else "bad-primary-key"
            raise session.source.error(
                code, f"the table has no {what} to modify", new.span, hint="ADD adds one."
            )
    table.watermark = given.watermark or table.watermark
    table.primary_key = given.primary_key or table.primary_key
    _move(session, table, places)


def _move(session: Session, table: TableDefinition, places: list[_Place]) -> None:
    for place in places:
        index = next(i for i, c in enumerate(table.columns) if c.name.text == place.column)
        column = table.columns.pop(index)
        at = 0
        if place.behind is not None:
            at = _index(table, _known(session, table, place.behind)) + 1
        table.columns.insert(at, column)


def _drop(session: Session, cursor: Cursor, table: TableDefinition) -> None:
    if cursor.take("WATERMARK"):
        if table.watermark is None:
            raise cursor.error(
                "bad-watermark", "the table has no watermark to drop", cursor.previous.span
            )
        table.watermark = None
        return
    start = cursor.token.span
    constraint = cursor.take("CONSTRAINT")
    if constraint or cursor.take("PRIMARY", "KEY"):
        if constraint:
            cursor.name("a constraint name")
        if table.primary_key is None:
            raise cursor.error(
                "bad-primary-key", "the table has no primary key to drop", cursor.since(start)
            )
        # Its columns stay NOT NULL, as in Flink.
        keys = {name.text for name in table.primary_key.columns}
        table.columns = [
            replace(c, type=c.type.with_nullable(False)) if c.type and c.name.text in keys else c
            for c in table.columns
        ]
        table.primary_key = None
        return
    names = (
        cursor.parenthesised(lambda: cursor.name("a column name"))
        if cursor.at("(")
        else (cursor.name("a column name"),)
    )
    dropped = {name.text for name in names}
    for name in names:
        _known(session, table, name)
    table.columns = [c for c in table.columns if c.name.text not in dropped]
    for name in names:
        _refuse_used(session, table, name, "dropped", keys=True)


def _refuse_used(
    session: Session, table: TableDefinition, name: Name, what: str, *, keys: bool
) -> None:
    """A column that another column, the watermark, or (`keys`) a key names has to stay."""
    user = _user(table, name.text, keys=keys)
    if user is not None:
        raise session.source.error(
            "bad-column",
            f"the column `{name.text}` cannot be {what}: {user} uses it",
            name.span,
            hint=f"Change {user} before.",
        )


def _user(table: TableDefinition, name: str, *, keys: bool) -> str | None:
    def uses(expression: Node | None) -> bool:
        return expression is not None and name in names_in(expression)

    for column in table.columns:
        if uses(column.expression):
            return f"the computed column `{column.name.text}`"
    watermark = table.watermark
    if watermark is not None and (
        watermark.column.parts[0].text == name or uses(watermark.expression)
    ):
        return "the watermark"
    if keys and table.primary_key and name in [n.text for n in table.primary_key.columns]:
        return "the primary key"
    if keys and name in [n.text for n in table.partitioned_by]:
        return "PARTITIONED BY"
    return None


def _known(session: Session, table: TableDefinition, name: Name) -> Name:
    columns = {column.name.text: column for column in table.columns}
    if name.text not in columns:
        raise session.source.error(
            "unknown-column",
            f"the table has no column `{name.text}`",
            name.span,
            hint=did_you_mean(name.text, columns) or f"Columns: {', '.join(columns)}.",
        )
    return name


def _index(table: TableDefinition, name: Name) -> int:
    names: list[ColumnDefinition] = table.columns
    return next(i for i, column in enumerate(names) if column.name.text == name.text)
