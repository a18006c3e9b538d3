"""Splits calls of Python functions off the expressions that hold them, as Flink does.

A projection, filter or aggregate that calls Python becomes a `PythonCalc` below it, which gives the
results as further columns, and the same node over those columns. A call inside another call's
arguments is a `PythonCalc` of its own, below. Conditions without Python go before those with it.
Columns that nobody reads any more are NULL before the call, so sources need not decode them.
Guarantees: fields keep their places; a node that two readers share is split once; equal calls of a
deterministic function are made once. Calls are made for every row that comes so far, in every
branch of a CASE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from tidemill.errors import SqlError, TextWhere
from tidemill.model.types import BOOLEAN
from tidemill.plan import refusals
from tidemill.plan.python_joins import lift_join
from tidemill.plan.python_lift import Columns, calls_python, indexes, lift, ref
from tidemill.sql.expressions import (
    AggregateCall,
    Call,
    Cast,
    Expression,
    InputRef,
    Literal,
    input_indexes,
)
from tidemill.sql.logical import (
    Aggregate,
    Correlate,
    CurrentWatermark,
    Filter,
    Join,
    LogicalNode,
    LookupJoin,
    OverAggregate,
    Project,
    Rank,
    RowField,
    Scan,
    Script,
    SetOperation,
    Sort,
    TemporalJoin,
    Union,
    Values,
    Watermark,
    WindowTableFunction,
    inputs,
)

Fold: TypeAlias = "Callable[[Aggregate], LogicalNode | None]"


def split_script(script: Script, fold: Fold) -> Script:
    """The script with its Python calls split off; itself where it declares no function.

    `fold` plans an aggregate with Python aggregate functions, or gives None where there are none.
    """
    if not script.functions:
        return script
    roots = [*(i.query for i in script.inserts), *(s.query for s in script.selects)]
    splitter = _Splitter(_wanted(roots), fold)
    return replace(
        script,
        inserts=tuple(replace(i, query=splitter.at(i.query, i.where)) for i in script.inserts),
        selects=tuple(replace(s, query=splitter.at(s.query, s.where)) for s in script.selects),
    )


# --- which columns are read ----------------------------------------------------------------------


def _wanted(roots: Sequence[LogicalNode]) -> dict[int, Columns]:
    """The columns of each node that anybody reads, by the node's id."""
    order: list[LogicalNode] = []
    seen: set[int] = set()

    def visit(node: LogicalNode) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        for part in inputs(node):
            visit(part)
        order.append(node)

    for root in roots:
        visit(root)
    found: dict[int, Columns] = {id(root): _all(root) for root in roots}
    for node in reversed(order):
        for part in inputs(node):
            reads = _reads(node, found.get(id(node), frozenset()))
            found[id(part)] = found.get(id(part), frozenset()) | reads
    return found


def _all(node: LogicalNode) -> Columns:
    return frozenset(range(len(node.fields)))


def _reads(node: LogicalNode, wanted: Columns) -> Columns:
    """The columns of its inputs that a node reads, where `wanted` are read of it."""
    if isinstance(node, Project):
        return indexes([node.expressions[i] for i in wanted])
    if isinstance(node, Filter):
        return wanted | input_indexes(node.predicate)
    if isinstance(node, Watermark):
        return wanted | {node.column} | input_indexes(node.expression)
    if isinstance(node, WindowTableFunction):
        own = frozenset(i for i in wanted if i < len(node.input.fields))
        return own | {node.window.time_column, *node.window.partition_columns}
    if isinstance(node, Union):
        return wanted
    if isinstance(node, Aggregate):
        return _aggregate_reads(node)
    if isinstance(node, Correlate):
        own = frozenset(i for i in wanted if i < len(node.input.fields))
        return own | input_indexes(node.function.collection)
    return frozenset().union(*(_all(part) for part in inputs(node)))


def _aggregate_reads(node: Aggregate) -> Columns:
    window = node.window
    kept: Columns = frozenset()
    if window is not None:
        kept = frozenset((window.time_column, *window.partition_columns))
    return kept | indexes(aggregate_expressions(node))


def aggregate_expressions(node: Aggregate) -> list[Expression]:
    """The keys, arguments and filters of an aggregate."""
    found = list(node.keys)
    for call in node.aggregates:
        found += call.arguments
        found += [] if call.filter is None else [call.filter]
    return found


def over_expressions(node: OverAggregate) -> list[Expression]:
    """All expressions of a node with OVER."""
    arguments = [argument for call in node.calls for argument in call.arguments]
    return [*node.keys, *(key.expression for key in node.order), *arguments]


# --- splitting -----------------------------------------------------------------------------------


class _Splitter:
    def __init__(self, wanted: dict[int, Columns], fold: Fold) -> None:
        self._wanted = wanted
        self._fold = fold
        self._done: dict[int, LogicalNode] = {}
        self._where: TextWhere | None = None

    def at(self, root: LogicalNode, where: TextWhere | None) -> LogicalNode:
        """Split a statement's query."""
        self._where = where
        return self._split(root)

    def _split(self, node: LogicalNode) -> LogicalNode:
        if id(node) not in self._done:
            self._done[id(node)] = self._node(node)
        return self._done[id(node)]

    def _node(self, node: LogicalNode) -> LogicalNode:
        if isinstance(node, (Scan, Values)):
            return node
        if isinstance(node, Union):
            parts = tuple(self._split(part) for part in node.inputs)
            changed = any(a is not b for a, b in zip(parts, node.inputs, strict=True))
            return replace(node, inputs=parts) if changed else node
        if isinstance(node, SetOperation):
            left, right = (self._split(part) for part in node.inputs)
            same = (left, right) == node.inputs
            return node if same else replace(node, inputs=(left, right))
        if isinstance(node, Watermark):
            return self._watermark(node)
        if isinstance(node, Project):
            return self._project(node, self._split(node.input))
        if isinstance(node, Filter):
            return self._filter(node, self._split(node.input))
        if isinstance(node, Aggregate):
            return self._aggregate(node, self._split(node.input))
        if isinstance(node, (Rank, Sort)):
            return self._ordered(node, self._split(node.input))
        if isinstance(node, Correlate):
            return self._correlate(node, self._split(node.input))
        if isinstance(node, Join):
            return self._join(node)
        if isinstance(node, TemporalJoin):
            return self._temporal(node)
        if isinstance(node, LookupJoin):
            self._refuse_in_keys(node, [key.value for key in node.keys], node.condition)
        if isinstance(node, OverAggregate) and any(map(calls_python, over_expressions(node))):
            raise SqlError(
                "a Python function in OVER is not supported yet",
                code="plan.over-window",
                where=node.where or self._where,
                hint="Call it in a subquery, and use its result.",
            )
        assert not isinstance(node, CurrentWatermark), "it is placed when calls are split off"
        below = self._split(node.input)
        return node if below is node.input else replace(node, input=below)

    def _join(self, node: Join) -> LogicalNode:
        left, right = self._split(node.left), self._split(node.right)
        if node.condition is not None and calls_python(node.condition):
            return lift_join(node, left, right, self._where)
        same = left is node.left and right is node.right
        return node if same else replace(node, left=left, right=right)

    def _temporal(self, node: TemporalJoin) -> LogicalNode:
        self._refuse_in_keys(node, [part for pair in node.keys for part in pair], None)
        left, right = self._split(node.left), self._split(node.right)
        same = left is node.left and right is node.right
        return node if same else replace(node, left=left, right=right)

    def _refuse_in_keys(
        self,
        node: TemporalJoin | LookupJoin,
        keys: Sequence[Expression],
        condition: Expression | None,
    ) -> None:
        if any(map(calls_python, [*keys, *([condition] if condition is not None else [])])):
            raise SqlError(
                "a Python function in the condition of a join is not supported yet",
                code="plan.python-join",
                where=node.where or self._where,
                hint="Call it in a subquery on the left side, and join on its result.",
            )

    def _correlate(self, node: Correlate, below: LogicalNode) -> LogicalNode:
        width = len(node.input.fields)
        if calls_python(node.function.collection):
            wanted = self._wanted.get(id(node), _all(node))
            kept = frozenset(i for i in wanted if i < width)
            below, lifted = lift(below, [node.function.collection], kept)
            moved = replace(node.function, collection=lifted[0])
            fields = (*below.fields, *node.fields[width:])
            made = replace(node, input=below, function=moved, fields=fields)
            places = [*range(width), *range(len(below.fields), len(fields))]
            return Project(made, tuple(ref(made, i) for i in places), node.fields)
        return node if below is node.input else replace(node, input=below)

    def _project(self, node: Project, below: LogicalNode) -> LogicalNode:
        wanted = self._wanted.get(id(node), frozenset())
        expressions = tuple(
            _null_like(e) if i not in wanted and calls_python(e) else e
            for i, e in enumerate(node.expressions)
        )
        if not any(map(calls_python, expressions)):
            same = below is node.input and expressions == node.expressions
            return node if same else replace(node, input=below, expressions=expressions)
        below, lifted = lift(below, expressions, frozenset())
        return Project(below, tuple(lifted), node.fields)

    def _filter(self, node: Filter, below: LogicalNode) -> LogicalNode:
        if not calls_python(node.predicate):
            return node if below is node.input else replace(node, input=below)
        conditions = _conjuncts(node.predicate)
        plain = [c for c in conditions if not calls_python(c)]
        if plain:
            below = Filter(below, _conjunction(plain), below.fields)
        kept = self._wanted.get(id(node), _all(node))
        python = _conjunction([c for c in conditions if calls_python(c)])
        calc, (predicate,) = lift(below, [python], kept)
        return _first(Filter(calc, predicate, calc.fields), node.fields)

    def _aggregate(self, node: Aggregate, below: LogicalNode) -> LogicalNode:
        expressions = aggregate_expressions(node)
        if any(map(calls_python, expressions)):
            kept = _aggregate_reads(replace(node, keys=(), aggregates=()))
            below, lifted = lift(below, expressions, kept)
            node = with_expressions(node, below, lifted)
        elif below is not node.input:
            node = replace(node, input=below)
        refusals.mergeable(node, self._where)
        return self._fold(node) or node

    def _ordered(self, node: Rank | Sort, below: LogicalNode) -> LogicalNode:
        keys = node.order if isinstance(node, Rank) else node.keys
        partition = node.keys if isinstance(node, Rank) else ()
        expressions = [*partition, *(key.expression for key in keys)]
        if not any(map(calls_python, expressions)):
            return node if below is node.input else replace(node, input=below)
        below, lifted = lift(below, expressions, _all(below))
        order = tuple(
            replace(key, expression=e)
            for key, e in zip(keys, lifted[len(partition) :], strict=True)
        )
        if isinstance(node, Sort):
            return _first(replace(node, input=below, keys=order, fields=below.fields), node.fields)
        number = node.fields[-1]
        fields = (*below.fields, number)
        rank = replace(
            node, input=below, keys=tuple(lifted[: len(partition)]), order=order, fields=fields
        )
        kept = [*range(len(node.fields) - 1), len(fields) - 1]
        return Project(rank, tuple(ref(rank, i) for i in kept), node.fields)

    def _watermark(self, node: Watermark) -> LogicalNode:
        """Computed columns in Python are computed behind the watermark, from the table's own."""
        project = node.input
        if not isinstance(project, Project) or not any(map(calls_python, project.expressions)):
            return node
        reads = {node.column} | input_indexes(node.expression)
        if any(calls_python(project.expressions[i]) for i in reads):
            raise SqlError(
                "the watermark is over a column that a Python function computes, which is not "
                "supported yet",
                code="plan.python-watermark",
                where=self._where,
                hint="Compute the event time with built-in functions.",
            )
        wanted = self._wanted.get(id(node), _all(node))
        computed = [i for i, e in enumerate(project.expressions) if calls_python(e)]
        needed = indexes([project.expressions[i] for i in computed if i in wanted])
        extra = sorted(needed)
        places = {index: len(project.fields) + place for place, index in enumerate(extra)}
        plain = tuple(
            _null_like(e) if i in computed else e for i, e in enumerate(project.expressions)
        )
        sources = tuple(ref(project.input, index) for index in extra)
        more = tuple(RowField(s.name, s.type) for s in sources)
        below = Project(project.input, (*plain, *sources), (*project.fields, *more))
        marked = replace(node, input=below, fields=(*node.fields, *more))
        expressions = tuple(
            (_moved(project.expressions[i], places) if i in wanted else _null_like(e))
            if i in computed
            else ref(marked, i)
            for i, e in enumerate(project.expressions)
        )
        if not extra and not any(map(calls_python, expressions)):
            return _first(marked, node.fields)
        calc, lifted = lift(marked, expressions, frozenset())
        return Project(calc, tuple(lifted), node.fields)


# --- expressions ---------------------------------------------------------------------------------


def _first(node: LogicalNode, fields: tuple[RowField, ...]) -> LogicalNode:
    """The first fields of a node."""
    return Project(node, tuple(ref(node, i) for i in range(len(fields))), fields)


def _null_like(expression: Expression) -> Expression:
    return Literal(None, expression.type.with_nullable(True))


def _moved(expression: Expression, places: dict[int, int]) -> Expression:
    if isinstance(expression, InputRef):
        return replace(expression, index=places[expression.index])
    if isinstance(expression, Call):
        moved = tuple(_moved(argument, places) for argument in expression.arguments)
        return replace(expression, arguments=moved)
    if isinstance(expression, Cast):
        return replace(expression, argument=_moved(expression.argument, places))
    return expression


def _conjuncts(predicate: Expression) -> list[Expression]:
    if isinstance(predicate, Call) and predicate.function == "AND" and predicate.user is None:
        return [part for argument in predicate.arguments for part in _conjuncts(argument)]
    return [predicate]


def _conjunction(conditions: Sequence[Expression]) -> Expression:
    result = conditions[0]
    for condition in conditions[1:]:
        nullable = result.type.nullable or condition.type.nullable
        result = Call("AND", (result, condition), BOOLEAN.with_nullable(nullable))
    return result


def with_expressions(
    node: Aggregate, below: LogicalNode, lifted: Sequence[Expression]
) -> Aggregate:
    """The aggregate over another input, expressions ordered as by `aggregate_expressions`."""
    rest = iter(lifted)
    keys = tuple(next(rest) for _ in node.keys)
    calls: list[AggregateCall] = []
    for call in node.aggregates:
        arguments = tuple(next(rest) for _ in call.arguments)
        condition = None if call.filter is None else next(rest)
        calls.append(replace(call, arguments=arguments, filter=condition))
    return replace(node, input=below, keys=keys, aggregates=tuple(calls))
