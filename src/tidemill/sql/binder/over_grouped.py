"""OVER in a query with GROUP BY: the aggregate as a subquery, with OVER over its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace

from tidemill.records import dataclass
from tidemill.sql.binder.over import over_calls
from tidemill.sql.binder.shapes import shape
from tidemill.sql.syntax.nodes import (
    BytesLiteral,
    CastNode,
    FieldAccess,
    FunctionCall,
    IntervalLiteral,
    Name,
    Node,
    NumberLiteral,
    Operation,
    OverClause,
    Path,
    SelectItem,
    Star,
    StringLiteral,
    Subquery,
    TimeLiteral,
    WordLiteral,
)

_LITERALS = (
    BytesLiteral, IntervalLiteral, NumberLiteral, StringLiteral, TimeLiteral, WordLiteral,
)  # fmt: skip


@dataclass(slots=True)
class OverResults:
    """A SELECT list cut in two: what the GROUP BY computes, and what stands over its results."""

    below: list[SelectItem] = field(default_factory=list)
    above: list[SelectItem] = field(default_factory=list)
    _known: dict[object, Path] = field(default_factory=dict)

    def moved(self, node: Node) -> Node:
        """The expression over the results: what has no OVER in it is one of their columns."""
        if isinstance(node, _LITERALS):
            return node
        if not over_calls([SelectItem(node, None)]):
            return self._column(node)
        match node:
            case FunctionCall():
                arguments = tuple(self.moved(argument) for argument in node.arguments)
                over = None if node.over is None else self._window(node.over)
                return replace(node, arguments=arguments, over=over)
            case Operation():
                return replace(node, arguments=tuple(map(self.moved, node.arguments)))
            case CastNode():
                return replace(node, argument=self.moved(node.argument))
            case FieldAccess():
                return replace(node, base=self.moved(node.base))
            case Subquery():
                return replace(node, values=tuple(map(self.moved, node.values)))
            case _:
                return node

    def _window(self, over: OverClause) -> OverClause:
        partition = tuple(self.moved(key) for key in over.partition_by)
        order = tuple(replace(i, expression=self.moved(i.expression)) for i in over.order_by)
        return replace(over, partition_by=partition, order_by=order)

    def _column(self, node: Node) -> Path:
        known = shape(node)
        if known not in self._known:
            name = Name(f"$g{len(self.below)}", node.span)
            self._known[known] = Path((name,), node.span)
            self.below.append(SelectItem(node, name))
        return replace(self._known[known], span=node.span)


def over_results(
    items: Sequence[SelectItem], name_of: Callable[[SelectItem, int], str]
) -> OverResults:
    """Cut a SELECT list in two; `name_of` gives the name of an item of the whole."""
    made = OverResults()
    for position, item in enumerate(items):
        assert not isinstance(item.expression, Star), "a star is refused before"
        alias = item.alias or Name(name_of(item, position), item.expression.span)
        made.above.append(SelectItem(made.moved(item.expression), alias))
    return made
