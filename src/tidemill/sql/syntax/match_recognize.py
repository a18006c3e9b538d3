"""MATCH_RECOGNIZE (...) behind a table; what Flink does not run of it is refused by name."""

from __future__ import annotations

from tidemill.errors import Span, SqlError
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.expressions import parse_expression
from tidemill.sql.syntax.match_nodes import (
    AfterMatch,
    Definition,
    MatchRecognizeTable,
    Measure,
    PatternPart,
)
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    Name,
    Node,
    OrderItem,
    Path,
    TableReference,
)
from tidemill.sql.syntax.over import order_item

ROWS_MAX = 1000
"""How many rows a bounded quantifier may name: Flink makes one state of each."""
_COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def parse_match_recognize(
    cursor: Cursor, table: TableReference | DerivedTable
) -> MatchRecognizeTable:
    """The clause that begins here, over a table; its alias is left to the caller."""
    at = cursor.expect("MATCH_RECOGNIZE").span
    cursor.expect("(")
    partition: tuple[Path, ...] = ()
    if cursor.take("PARTITION", "BY"):
        partition = cursor.listed(lambda: cursor.path("a column name"))
    order: tuple[OrderItem, ...] = ()
    if cursor.take("ORDER", "BY"):
        order = cursor.listed(lambda: order_item(cursor, parse_expression))
    measures: tuple[Measure, ...] = ()
    if cursor.take("MEASURES"):
        measures = cursor.listed(lambda: _measure(cursor))
    _rows_per_match(cursor)
    after = _after_match(cursor) if cursor.at("AFTER") else None
    cursor.expect("PATTERN", hint="PATTERN (A B+ C) names the rows of a match in their order.")
    pattern = _pattern(cursor)
    within: Node | None = parse_expression(cursor) if cursor.take("WITHIN") else None
    if cursor.at("SUBSET"):
        raise refused(cursor, "SUBSET", "Name the variable itself, or none for all rows.")
    cursor.expect("DEFINE", hint="DEFINE B AS B.price > A.price says which rows a variable takes.")
    definitions = cursor.listed(lambda: _definition(cursor))
    cursor.expect(")")
    span = cursor.since(table.span)
    return MatchRecognizeTable(
        table, partition, order, measures, after, pattern, within, definitions, None, span, at
    )


def refused(cursor: Cursor, what: str, hint: str, span: Span | None = None) -> SqlError:
    """The refusal of what Flink does not run either."""
    return cursor.error(
        "not-supported", f"Flink does not run {what} in MATCH_RECOGNIZE", span, hint
    )


def _measure(cursor: Cursor) -> Measure:
    if cursor.at("RUNNING"):
        raise refused(
            cursor, "RUNNING measures", "A measure is over the whole match: leave RUNNING out."
        )
    cursor.take("FINAL")
    expression = parse_expression(cursor)
    cursor.expect("AS", hint="Every measure has a name: LAST(A.price) AS price.")
    return Measure(expression, cursor.name("the name of a measure"))


def _rows_per_match(cursor: Cursor) -> None:
    if cursor.at("ALL", "ROWS"):
        raise refused(cursor, "ALL ROWS PER MATCH", "Write ONE ROW PER MATCH with MEASURES.")
    if cursor.take("ONE"):
        cursor.expect("ROW")
        cursor.expect("PER")
        cursor.expect("MATCH")


def _after_match(cursor: Cursor) -> AfterMatch:
    start = cursor.expect("AFTER").span
    cursor.expect("MATCH")
    cursor.expect("SKIP")
    if cursor.take("PAST", "LAST", "ROW"):
        return AfterMatch("PAST LAST ROW", None, cursor.since(start))
    cursor.expect("TO", hint="SKIP PAST LAST ROW, or SKIP TO NEXT ROW.")
    if cursor.take("NEXT", "ROW"):
        return AfterMatch("TO NEXT ROW", None, cursor.since(start))
    target = "TO FIRST" if cursor.at("FIRST") else "TO LAST"
    if cursor.at_any("FIRST", "LAST"):
        cursor.advance()
    variable = cursor.name("a pattern variable")
    return AfterMatch(target, variable, cursor.since(start))


def _pattern(cursor: Cursor) -> tuple[PatternPart, ...]:
    """The variables in parentheses; inner parentheses only group, as long as nothing follows."""
    start = cursor.expect("(").span
    parts = _parts(cursor)
    while not cursor.at(")"):
        parts += _parts(cursor)
    cursor.expect(")")
    if not parts:
        raise cursor.error("syntax", "a pattern has at least one variable", start)
    return parts


def _parts(cursor: Cursor) -> tuple[PatternPart, ...]:
    _refuse_operator(cursor)
    if cursor.at("("):
        start = cursor.token.span
        parts = cursor.nested(lambda: _pattern(cursor))
    else:
        variable = cursor.name("a pattern variable")
        start = variable.span
        parts = (PatternPart(variable, 1, 1, False, start),)
    quantifier = _quantifier(cursor)
    _refuse_operator(cursor)
    if quantifier is None:
        return parts
    if len(parts) > 1 or (parts[0].least, parts[0].most) != (1, 1):
        raise refused(
            cursor,
            "a quantifier behind a group",
            "Give one variable the quantifier, with a condition for all of its rows.",
            start,
        )
    least, most, reluctant = quantifier
    return (PatternPart(parts[0].variable, least, most, reluctant, cursor.since(start)),)


def _refuse_operator(cursor: Cursor) -> None:
    token = cursor.token
    if token.upper == "|":
        raise refused(
            cursor, "alternatives (|)", "Put both conditions into one variable: B AS ... OR ..."
        )
    if token.upper == "PERMUTE":
        raise refused(cursor, "PERMUTE", "Write the variables in the one order you look for.")
    if token.upper == "{" and cursor.peek().upper == "-":
        raise refused(cursor, "exclusions ({- -})", "ONE ROW PER MATCH gives the MEASURES only.")
    if token.upper in ("^", "$"):
        raise refused(cursor, f"the anchor {token.upper}", "A stream has no first and last row.")


def _quantifier(cursor: Cursor) -> tuple[int, int | None, bool] | None:
    start = cursor.token.span
    if cursor.token.upper in _COUNTS:
        least, most = _COUNTS[cursor.advance().upper]
    elif cursor.at("{") and cursor.peek().upper != "-":
        cursor.advance()
        least, most = _braces(cursor)
        if most is not None and (most < max(least, 1)):
            raise cursor.error(
                "syntax",
                f"a variable takes at least {max(least, 1)} rows here, and at most {most}",
                cursor.since(start),
                "{n}, {n,} and {n,m} need n <= m and m > 0.",
            )
        if max(least, most or 0) > ROWS_MAX:
            raise cursor.error(
                "not-supported",
                f"a quantifier above {ROWS_MAX} is not supported",
                cursor.since(start),
                "Write + or *, and count in DEFINE: A AS COUNT(A.id) <= 5000.",
            )
    else:
        return None
    reluctant = cursor.take("?")
    if reluctant and (least, most) == (0, 1):
        raise refused(
            cursor, "a reluctant optional variable", "Write ? alone.", cursor.since(start)
        )
    return least, most, reluctant


def _braces(cursor: Cursor) -> tuple[int, int | None]:
    if cursor.at(","):
        raise refused(cursor, "{,m}", "Write {0,m}.", cursor.previous.span)
    least = cursor.whole_number("a number of rows")
    most: int | None = least
    if cursor.take(","):
        most = None if cursor.at("}") else cursor.whole_number("a number of rows")
    cursor.expect("}")
    return least, most


def _definition(cursor: Cursor) -> Definition:
    variable: Name = cursor.name("a pattern variable")
    cursor.expect("AS")
    return Definition(variable, parse_expression(cursor))
