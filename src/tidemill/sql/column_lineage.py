"""Which columns of which tables each field of a logical node is made of.

How a field comes from a column is named as OpenLineage names it: IDENTITY (the value itself),
TRANSFORMATION (computed from it), AGGREGATION (computed from it over several rows). What only
decides which rows there are is told apart: FILTER, JOIN, GROUP_BY, SORT, WINDOW.
Guarantee: a column that can reach a field's value is among its origins. Non-guarantee: a column
that is among them may not matter in the end (`x * 0`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Literal, TypeAlias

from tidemill.sql.expressions import Expression, InputRef, input_indexes
from tidemill.sql.logical import (
    Aggregate,
    Correlate,
    Filter,
    Join,
    LogicalNode,
    LookupJoin,
    MatchRecognize,
    OverAggregate,
    Project,
    PythonCalc,
    Rank,
    Scan,
    SetOperation,
    Sort,
    TemporalJoin,
    Union,
    Values,
    WindowTableFunction,
    inputs,
)
from tidemill.sql.match import MatchCondition, MatchReference, MatchTerm


class Direct(IntEnum):
    """How a field comes from a column; the greater one hides the lesser."""

    IDENTITY = 0
    TRANSFORMATION = 1
    AGGREGATION = 2


Column: TypeAlias = "tuple[str, str]"
"""A table, by its full name, and a column of it."""
Origins: TypeAlias = "Mapping[Column, Direct]"
Indirect = Literal["FILTER", "JOIN", "GROUP_BY", "SORT", "WINDOW"]


class ColumnLineage:
    """The lineage of the nodes of one script; each node is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[LogicalNode, tuple[Origins, ...]]] = {}

    def fields(self, node: LogicalNode) -> tuple[Origins, ...]:
        """The origins of each field of a node."""
        found = self._known.get(id(node))
        if found is None:
            found = self._known[id(node)] = (node, tuple(self._fields(node)))
        return found[1]

    def decides(self, node: LogicalNode) -> dict[Column, set[Indirect]]:
        """The columns that decide which rows a node gives, and how, with all nodes below it."""
        found: dict[Column, set[Indirect]] = {}
        seen: set[int] = set()

        def visit(one: LogicalNode) -> None:
            if id(one) in seen:
                return
            seen.add(id(one))
            for origins, how in self._deciding(one):
                for column in origins:
                    found.setdefault(column, set()).add(how)
            for below in inputs(one):
                visit(below)

        visit(node)
        return found

    def _fields(self, node: LogicalNode) -> Iterable[Origins]:
        if isinstance(node, Scan):
            return [{(node.table.name, f.name): Direct.IDENTITY} for f in node.fields]
        if isinstance(node, Values):
            return [{} for _ in node.fields]
        if isinstance(node, (Union, SetOperation)):
            sides = [self.fields(one) for one in node.inputs]
            return [merged(parts) for parts in zip(*sides, strict=True)]
        if isinstance(node, (Join, TemporalJoin)):
            both = [*self.fields(node.left), *self.fields(node.right)]
            return both[: len(node.fields)]
        if isinstance(node, Project):
            return [self._of(node.input, one) for one in node.expressions]
        if isinstance(node, Aggregate):
            return self._aggregate(node)
        if isinstance(node, MatchRecognize):
            return self._match(node)
        below = list(self.fields(node.input))
        more = len(node.fields) - len(below)
        return [*below, *self._behind(node, more)] if more > 0 else below

    def _behind(self, node: LogicalNode, more: int) -> Iterable[Origins]:
        """What a node adds behind its input's fields."""
        if isinstance(node, WindowTableFunction):
            return [self._time(node.input, node.window.time_column)] * more
        if isinstance(node, PythonCalc):
            return [self._of(node.input, call) for call in node.calls]
        if isinstance(node, OverAggregate):
            sorted_by = [key.expression for key in node.order]
            return [
                _least(self._of(node.input, *call.arguments, *sorted_by), Direct.AGGREGATION)
                for call in node.calls
            ]
        if isinstance(node, Correlate):
            made = self._of(node.input, node.function.collection)
            return [_least(made, Direct.TRANSFORMATION)] * more
        if isinstance(node, LookupJoin):
            columns = [field.name for field in node.fields[-more:]]
            named = [column.name for column in node.table.schema.columns]
            columns = named if len(named) == more else columns
            return [{(node.table.name, name): Direct.IDENTITY} for name in columns]
        # The number of a rank.
        return [{} for _ in range(more)]

    def _aggregate(self, node: Aggregate) -> Iterable[Origins]:
        yield from (self._of(node.input, key) for key in node.keys)
        for _ in node.window_properties:
            assert node.window is not None
            yield self._time(node.input, node.window.time_column)
        for call in node.aggregates:
            read = call.arguments if call.filter is None else (*call.arguments, call.filter)
            yield _least(self._of(node.input, *read), Direct.AGGREGATION)

    def _match(self, node: MatchRecognize) -> Iterable[Origins]:
        below = self.fields(node.input)
        yield from (below[key] for key in node.keys)
        yield from (self._term(node, term) for term in node.terms)
        if node.rowtime:
            yield self._of(node.input, node.order[0].expression)

    def _term(self, node: MatchRecognize, term: MatchTerm) -> Origins:
        if isinstance(term, MatchReference):
            return self.fields(node.input)[term.column]
        return _least(self._of(node.input, *term.call.arguments), Direct.AGGREGATION)

    def _condition(self, node: MatchRecognize, condition: MatchCondition) -> Origins:
        terms = [self._term(node, term) for term in condition.terms]
        return _over([*self.fields(node.input), *terms], condition.expression)

    def _time(self, node: LogicalNode, column: int) -> Origins:
        return _least(self.fields(node)[column], Direct.TRANSFORMATION)

    def _of(self, node: LogicalNode, *expressions: Expression) -> Origins:
        """What values computed from a node's fields are made of."""
        return merged(_over(self.fields(node), one) for one in expressions)

    def _deciding(self, node: LogicalNode) -> Iterable[tuple[Origins, Indirect]]:
        if isinstance(node, Filter):
            yield self._of(node.input, node.predicate), "FILTER"
        elif isinstance(node, Aggregate):
            yield self._of(node.input, *node.keys), "GROUP_BY"
            if node.window is not None:
                yield self._time(node.input, node.window.time_column), "WINDOW"
        elif isinstance(node, Join):
            if node.condition is not None:
                both = [*self.fields(node.left), *self.fields(node.right)]
                yield _over(both, node.condition), "JOIN"
        elif isinstance(node, TemporalJoin):
            for left, right in node.keys:
                yield self._of(node.left, left), "JOIN"
                yield self._of(node.right, right), "JOIN"
        elif isinstance(node, LookupJoin):
            yield self._of(node.input, *(key.value for key in node.keys)), "JOIN"
        elif isinstance(node, (Rank, OverAggregate)):
            yield self._of(node.input, *node.keys), "WINDOW"
            yield self._of(node.input, *(key.expression for key in node.order)), "SORT"
        elif isinstance(node, Sort):
            yield self._of(node.input, *(key.expression for key in node.keys)), "SORT"
        elif isinstance(node, MatchRecognize):
            yield self._of(node.input, *(key.expression for key in node.order)), "SORT"
            for condition in node.conditions:
                if condition is not None:
                    yield self._condition(node, condition), "FILTER"


def merged(parts: Iterable[Origins]) -> Origins:
    """All origins together; of one that stands twice, the greater way counts."""
    found: dict[Column, Direct] = {}
    for origins in parts:
        for column, how in origins.items():
            found[column] = max(how, found.get(column, how))
    return found


def _over(fields: tuple[Origins, ...] | list[Origins], expression: Expression) -> Origins:
    if isinstance(expression, InputRef):
        return fields[expression.index]
    read = merged(fields[index] for index in sorted(input_indexes(expression)))
    return _least(read, Direct.TRANSFORMATION)


def _least(origins: Origins, how: Direct) -> Origins:
    return {column: max(one, how) for column, one in origins.items()}
