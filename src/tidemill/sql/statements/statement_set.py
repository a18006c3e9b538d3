"""EXECUTE STATEMENT SET BEGIN ... END, and BEGIN STATEMENT SET; ... END."""

from __future__ import annotations

from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor


def run_begin(session: Session, cursor: Cursor) -> bool:
    """Open a statement set where one begins here; True if the cursor now stands behind it."""
    start = cursor.token.span
    if not (
        cursor.take("EXECUTE", "STATEMENT", "SET", "BEGIN")
        or cursor.take("BEGIN", "STATEMENT", "SET")
    ):
        return False
    if session.statement_set is not None:
        raise cursor.error("bad-statement-set", "a statement set is open already", start)
    session.statement_set = cursor.since(start)
    session.inserts_before_set = len(session.inserts)
    return True


def run_end(session: Session, cursor: Cursor) -> None:
    """Close the open statement set."""
    end = cursor.expect("END").span
    cursor.done()
    if session.statement_set is None:
        raise session.source.error(
            "bad-statement-set", "END closes no statement set", end, hint="Leave it out."
        )
    opened, session.statement_set = session.statement_set, None
    if len(session.inserts) == session.inserts_before_set and not session.errors:
        raise session.source.error("bad-statement-set", "the statement set holds no INSERT", opened)


def check_closed(session: Session) -> None:
    """An error where the file ends inside a statement set."""
    if session.statement_set is not None:
        raise session.source.error(
            "bad-statement-set",
            "the statement set is not closed",
            session.statement_set,
            hint="Write END; behind its last INSERT.",
        )
