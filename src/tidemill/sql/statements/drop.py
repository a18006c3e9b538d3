"""DROP [TEMPORARY] TABLE and VIEW."""

from __future__ import annotations

from tidemill.sql.catalog import Table
from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor


def run_drop(session: Session, cursor: Cursor) -> None:
    """Read the statement from DROP on and take the name away."""
    cursor.expect("DROP")
    cursor.take("TEMPORARY")
    kind = cursor.token
    if kind.upper not in ("TABLE", "VIEW"):
        raise cursor.unsupported(f"DROP {kind.text.upper()}")
    cursor.advance()
    if_exists = cursor.take("IF", "EXISTS")
    path = cursor.path("a name")
    cursor.done()
    name = session.catalog.full_name(session.source, path)
    session.catalog.broken.discard(name)
    if name not in session.catalog.entries:
        if if_exists:
            return
        raise session.catalog.unknown(session.source, path)
    entry = session.catalog.entries[name]
    if isinstance(entry, Table) is not (kind.upper == "TABLE"):
        other = "view" if kind.upper == "TABLE" else "table"
        raise session.source.error(
            "wrong-kind",
            f"`{path}` is a {other}",
            path.span,
            hint=f"Write DROP {other.upper()} {path}.",
        )
    del session.catalog.entries[name]
