"""GROUP BY: keys, GROUPING SETS, ROLLUP and CUBE.

ROLLUP(a, b) is GROUPING SETS ((a, b), (a), ()); CUBE(a, b) has every subset. Several elements side
by side are multiplied: each set of one with each set of the others.
"""

from __future__ import annotations

from itertools import product

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.nodes import Node

SETS_MAX = 64
"""More grouping sets than this are refused: each is an aggregation of its own."""

Set = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class GroupBy:
    """All keys in the order of the text (None: no GROUP BY), and the sets where there are some."""

    span: Span | None
    keys: tuple[Node, ...] | None
    sets: tuple[Set, ...] | None = None


def parse_group_by(cursor: Cursor) -> GroupBy:
    """Parse GROUP BY, if there is one."""
    start = cursor.token.span
    if not cursor.take("GROUP"):
        return GroupBy(None, None)
    cursor.expect("BY")
    if cursor.at_any("ALL", "DISTINCT"):
        raise cursor.unsupported(f"GROUP BY {cursor.token.upper}")
    keys: list[Node] = []
    plain = True

    def element() -> list[Set]:
        nonlocal plain
        plain = plain and not _at_sets(cursor)
        return _element(cursor, keys)

    elements = cursor.listed(element)
    span = cursor.since(start)
    count = 1
    for sets in elements:
        count *= len(sets)
    if count > SETS_MAX:
        raise cursor.unsupported(
            f"a GROUP BY of {count} grouping sets", span, f"Use at most {SETS_MAX} sets."
        )
    whole = tuple(sum(sets, ()) for sets in product(*elements))
    return GroupBy(span, tuple(keys), None if plain else whole)


def _at_sets(cursor: Cursor) -> bool:
    return any(cursor.at(*w) for w in (("GROUPING", "SETS"), ("ROLLUP", "("), ("CUBE", "(")))


def _element(cursor: Cursor, keys: list[Node]) -> list[Set]:
    """The grouping sets of one element."""
    if cursor.at("GROUPING", "SETS"):
        cursor.advance()
        cursor.advance()
        nested = cursor.parenthesised(lambda: cursor.nested(lambda: _element(cursor, keys)))
        return [one for part in nested for one in part]
    if cursor.at("ROLLUP", "("):
        cursor.advance()
        parts = _composites(cursor, keys)
        return [sum(parts[:length], ()) for length in range(len(parts), -1, -1)]
    if cursor.at("CUBE", "("):
        start = cursor.advance().span
        parts = _composites(cursor, keys)
        if 2 ** len(parts) > SETS_MAX:
            raise cursor.unsupported(
                f"CUBE of {len(parts)} keys",
                cursor.since(start),
                f"Use at most {SETS_MAX} grouping sets.",
            )
        masks = range(2 ** len(parts) - 1, -1, -1)
        last = len(parts) - 1
        return [
            sum((part for i, part in enumerate(parts) if mask >> (last - i) & 1), ())
            for mask in masks
        ]
    return [_composite(cursor, keys)]


def _composites(cursor: Cursor, keys: list[Node]) -> tuple[Set, ...]:
    return tuple(cursor.parenthesised(lambda: _composite(cursor, keys)))


def _composite(cursor: Cursor, keys: list[Node]) -> Set:
    """One key, several in parentheses, or none: ()."""
    if cursor.at("(", ")"):
        cursor.take("(", ")")
        return ()
    nodes = _list(cursor) or (parse_expression(cursor),)
    keys.extend(nodes)
    return nodes


def _list(cursor: Cursor) -> Set | None:
    """Keys in parentheses that nothing follows; other parentheses belong to an expression."""
    if not cursor.at("(") or not _closes_the_key(cursor):
        return None
    if cursor.peek().upper in ("SELECT", "WITH", "VALUES"):
        return None
    return tuple(cursor.parenthesised(lambda: parse_expression(cursor)))


_AFTER_KEY = (",", ")", ";", "", "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "FETCH")
_AFTER_QUERY = ("UNION", "EXCEPT", "INTERSECT", "MINUS", "ON", "AS")


def _closes_the_key(cursor: Cursor) -> bool:
    """Whether the parenthesis here ends where the key does."""
    depth, ahead = 0, 0
    while True:
        token = cursor.peek(ahead)
        depth += {"(": 1, ")": -1}.get(token.upper, 0)
        ahead += 1
        if depth == 0:
            return cursor.peek(ahead).upper in (*_AFTER_KEY, *_AFTER_QUERY)
        if token.kind is TokenKind.END:
            return False
