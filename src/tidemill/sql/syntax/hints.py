"""Query hints: `SELECT /*+ LOOKUP(...), ... */`."""

from __future__ import annotations

from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Name, QueryHint

_TUNING = ("BROADCAST", "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP")


def parse_query_hints(cursor: Cursor) -> tuple[QueryHint, ...]:
    """Parse the hints behind SELECT; those that only choose how Flink joins in batch fall away."""
    if not cursor.take("/*+"):
        return ()
    hints: list[QueryHint] = []

    def hint() -> None:
        name = Name(cursor.token.text.upper(), cursor.token.span)
        if name.text in _TUNING:
            cursor.advance()
            cursor.skip_parentheses()
            return
        if name.text not in ("LOOKUP", "STATE_TTL"):
            raise cursor.unsupported(
                f"the query hint {cursor.token.text}", hint="LOOKUP and STATE_TTL are supported."
            )
        cursor.advance()
        options = cursor.parenthesised(lambda: parse_option(cursor))
        hints.append(QueryHint(name, options, cursor.since(name.span)))

    hint()
    while cursor.take(",") or not cursor.at("*/"):
        hint()
    cursor.expect("*/")
    return tuple(hints)
