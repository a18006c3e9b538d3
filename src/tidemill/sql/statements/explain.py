"""EXPLAIN in a file: the statement is bound, so that it is known to be right, and no more.

Its plan is shown by `tidemill explain` and by the shell.
"""

from __future__ import annotations

from collections.abc import Callable

from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor

_DETAILS = ("ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE")


def skip_explain(cursor: Cursor) -> None:
    """Step over EXPLAIN and what it may ask for."""
    cursor.expect("EXPLAIN")
    if cursor.take("PLAN"):
        cursor.expect("FOR")
        return
    while cursor.at_any(*_DETAILS):
        cursor.advance()
        cursor.take(",")


def run_explain(
    session: Session, cursor: Cursor, run_statement: Callable[[Session, Cursor], None]
) -> None:
    """Read the statement from EXPLAIN on; what it explains leaves no trace in the session."""
    skip_explain(cursor)
    if not cursor.at_any("SELECT", "WITH", "VALUES", "TABLE", "(", "INSERT"):
        raise cursor.unsupported(
            f"EXPLAIN {cursor.token.text.upper()}", hint="EXPLAIN takes a query or an INSERT."
        )
    inserts, selects = len(session.inserts), len(session.selects)
    run_statement(session, cursor)
    del session.inserts[inserts:], session.selects[selects:]
    session.note("EXPLAIN is answered by `tidemill explain` and by the shell, not by a run.")
