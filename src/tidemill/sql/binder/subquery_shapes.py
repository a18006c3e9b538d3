"""Where subqueries stand in an expression, and what a condition asks of them: syntax only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tidemill.sql.syntax.nodes import CastNode, FieldAccess, FunctionCall, Node, Operation, Subquery


def subqueries_in(node: Node) -> list[Subquery]:
    """The subqueries in an expression, in order, not those within them."""
    return [subquery for subquery, _ in placed_subqueries(node, decides=False)]


def placed_subqueries(node: Node, *, decides: bool) -> Iterator[tuple[Subquery, bool]]:
    """The subqueries in an expression, and whether NULL is as good as FALSE for each.

    It is where the expression is a condition (`decides`) and only AND and OR stand above.
    """
    match node:
        case Operation():
            within = decides and node.operator in ("AND", "OR")
            for argument in node.arguments:
                yield from placed_subqueries(argument, decides=within)
        case FunctionCall():
            parts = (*node.arguments, *(() if node.filter is None else (node.filter,)))
            for part in parts:
                yield from placed_subqueries(part, decides=False)
        case CastNode():
            yield from placed_subqueries(node.argument, decides=False)
        case FieldAccess():
            yield from placed_subqueries(node.base, decides=False)
        case Subquery():
            yield node, decides
        case _:
            return


def conjuncts(node: Node) -> list[Node]:
    """The parts of a condition that must all be TRUE."""
    if isinstance(node, Operation) and node.operator == "AND":
        return [part for argument in node.arguments for part in conjuncts(argument)]
    return [node]


def all_of(parts: Sequence[Node]) -> Node | None:
    """All parts as one condition; None for none."""
    whole: Node | None = None
    for part in parts:
        whole = part if whole is None else Operation("AND", (whole, part), part.span, part.span)
    return whole


def test_of(part: Node) -> Subquery | None:
    """The IN or EXISTS that a condition is, perhaps with NOT before it."""
    if isinstance(part, Subquery) and part.kind != "SCALAR":
        return part
    if isinstance(part, Operation) and part.operator == "NOT":
        inner = test_of(part.arguments[0])
        return None if inner is None else replace(inner, negated=not inner.negated)
    return None
