"""The table that a statement writes."""

from __future__ import annotations

from tidemill.sql.catalog import Table
from tidemill.sql.session import Session
from tidemill.sql.syntax.nodes import Path


def find_sink(session: Session, path: Path) -> Table:
    """The table of a name that can be written; SqlError for a view, or where it has no sink."""
    entry = session.catalog.find(session.source, path)
    if not isinstance(entry, Table):
        raise session.source.error(
            "not-a-sink",
            f"`{path}` is a view, and a view cannot be written",
            path.span,
            hint="INSERT INTO a table.",
        )
    if entry.connector.commit_group is None:
        raise session.source.error(
            "not-a-sink",
            f"`{path}` cannot be written: the connector `{entry.connector.name}` has no sink",
            path.span,
        )
    return entry
