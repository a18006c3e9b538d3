"""The words of a join: `[NATURAL] [INNER | LEFT | RIGHT | FULL [OUTER] | CROSS] JOIN`."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.sql.syntax.cursor import Cursor

_KINDS = ("INNER", "LEFT", "RIGHT", "FULL", "CROSS")
_OTHERS = ("ASOF", "SEMI", "ANTI")


def parse_join_words(cursor: Cursor) -> tuple[str, bool, Span] | None:
    """The kind, whether NATURAL, and the place of the words; None where no join follows."""
    start = cursor.token.span
    ahead = 1 if cursor.at("NATURAL") else 0
    word = cursor.peek(ahead).upper
    if word not in (*_KINDS, "JOIN"):
        return None
    natural = cursor.take("NATURAL")
    kind = "INNER" if word == "JOIN" else cursor.advance().upper
    if cursor.at("APPLY"):
        raise cursor.unsupported(f"{kind} APPLY", cursor.token.span, "Write CROSS JOIN LATERAL.")
    if cursor.at_any(*_OTHERS):
        name = cursor.advance().upper
        raise cursor.error(
            "syntax",
            f"{kind} {name} JOIN is not Flink SQL",
            cursor.since(start),
            hint="Write WHERE EXISTS (SELECT ...) or NOT EXISTS."
            if name != "ASOF"
            else "Write JOIN t FOR SYSTEM_TIME AS OF l.ts.",
        )
    if kind in ("LEFT", "RIGHT", "FULL"):
        cursor.take("OUTER")
    cursor.expect("JOIN")
    return kind, natural, cursor.since(start)
