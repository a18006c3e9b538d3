"""SHOW: what there is, under the columns that Flink gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tidemill.errors import TextWhere
from tidemill.sql import functions
from tidemill.sql.catalog import Table, View
from tidemill.sql.listing import names_listing, text_listing
from tidemill.sql.session import Session
from tidemill.sql.statements.declared import catalog_text, table_text, view_text
from tidemill.sql.statements.describe import columns_listing
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.nodes import Path

_REFUSED = ("JOBS", "PROCEDURES", "PARTITIONS", "MODELS", "MATERIALIZED", "CONNECTIONS", "FULL")


def run_show(session: Session, cursor: Cursor) -> None:
    """Read the statement from SHOW on and add its answer."""
    start = cursor.expect("SHOW").span
    word = cursor.token.upper
    if word in _REFUSED:
        raise cursor.unsupported(f"SHOW {word}")
    cursor.advance()
    if word == "CREATE":
        _show_create(session, cursor)
    elif word == "CURRENT":
        _show_current(session, cursor)
    elif word == "COLUMNS":
        _show_columns(session, cursor)
    elif word in ("CATALOGS", "DATABASES", "TABLES", "VIEWS", "FUNCTIONS", "USER"):
        _show_names(session, cursor, word)
    elif word in ("MODULES", "JARS"):
        cursor.done()
        column, names = ("module name", ("core",)) if word == "MODULES" else ("jars", ())
        where = session.source.where(cursor.since(start))
        session.listings.append(names_listing(column, names, where))
    else:
        cursor.index -= 1
        raise cursor.unexpected(
            "what to show",
            hint="SHOW knows CATALOGS, DATABASES, TABLES, VIEWS, FUNCTIONS, COLUMNS FROM, "
            "CREATE TABLE, CREATE VIEW, CREATE CATALOG and CURRENT.",
        )


def _show_create(session: Session, cursor: Cursor) -> None:
    start = cursor.previous.span
    word = cursor.token.upper
    if word not in ("TABLE", "VIEW", "CATALOG"):
        raise cursor.unsupported(f"SHOW CREATE {cursor.token.text.upper()}")
    cursor.advance()
    if word == "CATALOG":
        text = catalog_text(session.catalog.catalog(session.source, cursor.name("a catalog name")))
        cursor.done()
    else:
        path = cursor.path(f"a {word.lower()} name")
        cursor.done()
        text = _declaration(session, path, word)
    session.listings.append(text_listing(text, session.source.where(cursor.since(start))))


def _declaration(session: Session, path: Path, word: str) -> str:
    entry = session.catalog.find(session.source, path)
    if isinstance(entry, Table) is not (word == "TABLE"):
        other = "view" if isinstance(entry, View) else "table"
        raise session.source.error(
            "wrong-kind",
            f"`{path}` is a {other}",
            path.span,
            hint=f"Write SHOW CREATE {other.upper()} {path}.",
        )
    if isinstance(entry, Table):
        return table_text(session.source, entry)
    return view_text(session.source, entry)


def _show_current(session: Session, cursor: Cursor) -> None:
    start = cursor.previous.span
    word = cursor.token.upper
    if word not in ("CATALOG", "DATABASE"):
        raise cursor.unexpected("CATALOG or DATABASE")
    cursor.advance()
    cursor.done()
    name = session.catalog.current[word == "DATABASE"]
    where = session.source.where(cursor.since(start))
    session.listings.append(names_listing(f"current {word.lower()} name", (name,), where))


def _show_columns(session: Session, cursor: Cursor) -> None:
    start = cursor.previous.span
    if not cursor.take("FROM"):
        cursor.expect("IN")
    path = cursor.path("a table name")
    keep = _like(cursor, ignore_case=False)
    cursor.done()
    entry = session.catalog.find(session.source, path)
    where = session.source.where(cursor.since(start))
    session.listings.append(columns_listing(session, entry, where, keep))


def _show_names(session: Session, cursor: Cursor, word: str) -> None:
    start = cursor.previous.span
    if word == "USER":
        cursor.expect("FUNCTIONS")
    within: Path | None = None
    if word != "CATALOGS" and (cursor.take("FROM") or cursor.take("IN")):
        within = cursor.path("a database name")
    keep = _like(cursor, ignore_case=word in ("FUNCTIONS", "USER"))
    cursor.done()
    column, names = _names(session, word, within)
    shown = [name for name in sorted(names) if keep(name)]
    where: TextWhere = session.source.where(cursor.since(start))
    session.listings.append(names_listing(column, shown, where))


def _names(session: Session, word: str, within: Path | None) -> tuple[str, Iterable[str]]:
    catalog = session.catalog
    if word == "CATALOGS":
        return "catalog name", catalog.catalogs
    if word == "DATABASES":
        of = catalog.current[0]
        if within is not None:
            of = catalog.catalog(session.source, within.parts[0]).name
        return "database name", [name for owner, name in catalog.databases if owner == of]
    if word in ("FUNCTIONS", "USER"):
        given = (*catalog.functions.system, *(name[2] for name in catalog.functions.plain))
        named = () if word == "USER" else (*functions.SCALARS, *functions.AGGREGATES)
        return "function name", {n.lower() for n in named if n.isidentifier()} | {*given}
    database = catalog.current
    if within is not None:
        database = catalog.known_database(session.source, within)
    found = catalog.names(database)
    if word == "VIEWS":
        return "view name", [name for name, kind in found.items() if kind == "view"]
    return "table name", found


def _like(cursor: Cursor, *, ignore_case: bool) -> Callable[[str], bool]:
    """[NOT] LIKE or ILIKE 'pattern', where one stands."""
    wanted = not cursor.take("NOT")
    if not cursor.at_any("LIKE", "ILIKE"):
        if not wanted:
            raise cursor.unexpected("LIKE or ILIKE")
        return lambda _: True
    ignore_case = cursor.advance().upper == "ILIKE" or ignore_case
    pattern = cursor.string("a pattern").value
    parts = ((".*" if c == "%" else "." if c == "_" else re.escape(c)) for c in pattern)
    expression = re.compile("".join(parts), re.IGNORECASE if ignore_case else 0)
    return lambda name: (expression.fullmatch(name) is not None) is wanted
