"""DROP: tables, views, functions and models here, databases and catalogs beside them."""

from __future__ import annotations

from tidemill.errors import did_you_mean
from tidemill.sql.binder.predictions import unknown_model
from tidemill.sql.catalog import Table
from tidemill.sql.session import Session
from tidemill.sql.statements.catalogs import run_drop_catalog
from tidemill.sql.statements.create_function import FunctionPlace
from tidemill.sql.statements.databases import run_drop_database
from tidemill.sql.syntax.cursor import Cursor


def run_drop(session: Session, cursor: Cursor) -> None:
    """Read the statement from DROP on and take the name away."""
    cursor.expect("DROP")
    temporary = cursor.take("TEMPORARY")
    if cursor.at("FUNCTION") or (temporary and cursor.at("SYSTEM", "FUNCTION")):
        _function(session, cursor)
        return
    if cursor.take("MODEL"):
        _model(session, cursor)
        return
    if not temporary and cursor.take("DATABASE"):
        run_drop_database(session, cursor)
        return
    if not temporary and cursor.take("CATALOG"):
        run_drop_catalog(session, cursor)
        return
    kind = cursor.token
    if kind.upper not in ("TABLE", "VIEW"):
        raise cursor.unsupported(f"DROP {kind.text.upper()}")
    cursor.advance()
    if_exists = cursor.take("IF", "EXISTS")
    path = cursor.path("a name")
    cursor.done()
    name = session.catalog.full_name(session.source, path)
    session.catalog.broken.discard(name)
    entry = session.catalog.entry(name, path)
    if entry is None:
        if if_exists:
            return
        raise session.catalog.unknown(session.source, path)
    session.refuse_on_server(path, name, entry.temporary)
    if isinstance(entry, Table) is not (kind.upper == "TABLE"):
        other = "view" if kind.upper == "TABLE" else "table"
        raise session.source.error(
            "wrong-kind",
            f"`{path}` is a {other}",
            path.span,
            hint=f"Write DROP {other.upper()} {path}.",
        )
    del session.catalog.entries[name]


def _model(session: Session, cursor: Cursor) -> None:
    if_exists = cursor.take("IF", "EXISTS")
    path = cursor.path("a model's name")
    cursor.done()
    name, models = session.catalog.full_name(session.source, path), session.catalog.functions.models
    broken = session.catalog.functions.broken_models
    if name not in models and name not in broken and not if_exists:
        raise unknown_model(session.catalog, session.source, path)
    broken.discard(name)
    models.pop(name, None)


def _function(session: Session, cursor: Cursor) -> None:
    system = cursor.take("SYSTEM")
    cursor.expect("FUNCTION")
    if_exists = cursor.take("IF", "EXISTS")
    place = FunctionPlace.read(session, cursor, system)
    cursor.done()
    if not place.known() and not if_exists and place.name not in session.catalog.functions.broken:
        functions = session.catalog.functions
        known = [*functions.system, *(name[-1] for name in functions.plain)]
        raise session.source.error(
            "unknown-function",
            f"unknown function `{place.path}`",
            place.path.span,
            hint=did_you_mean(str(place.path), known) or "Only declared functions can be dropped.",
        )
    place.remove()
