"""Puts CURRENT_WATERMARK into the plan: a column of a table's rows, handed on to where it is read.

A row meets the watermark that stood before it at its source, as on Flink with watermarks emitted on
each event. Behind a join, an aggregate or a union, which watermark a row meets depends on how the
inputs come one after another: there it is refused. Fields keep their places; a node that two
readers share is rewritten once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace

from tidemill.errors import TextWhere
from tidemill.plan.lowering.watermarks import current_watermark_refusal
from tidemill.plan.python_calls import aggregate_expressions, with_expressions
from tidemill.plan.python_lift import ref
from tidemill.sql.expressions import Call, Cast, Expression
from tidemill.sql.logical import (
    Aggregate,
    CurrentWatermark,
    Filter,
    Join,
    LogicalNode,
    Project,
    PythonCalc,
    RowField,
    Scan,
    Script,
    SetOperation,
    TemporalJoin,
    Union,
    Values,
    Watermark,
    WindowKind,
    WindowTableFunction,
    inputs,
)


def place_watermarks(script: Script) -> Script:
    """The script with the column in the place of each call; itself where there is none."""
    placer = _Placer()
    return replace(
        script,
        inserts=tuple(replace(i, query=placer.at(i.query, i.where)) for i in script.inserts),
        selects=tuple(replace(s, query=placer.at(s.query, s.where)) for s in script.selects),
    )


class _Placer:
    def __init__(self) -> None:
        self._done: dict[int, LogicalNode] = {}
        self._wide: dict[int, LogicalNode] = {}
        self._where: TextWhere | None = None

    def at(self, root: LogicalNode, where: TextWhere | None) -> LogicalNode:
        """A statement's query."""
        self._where = where
        return self._node(root)

    def _node(self, node: LogicalNode) -> LogicalNode:
        if id(node) not in self._done:
            self._done[id(node)] = self._placed(node)
        return self._done[id(node)]

    def _placed(self, node: LogicalNode) -> LogicalNode:
        if isinstance(node, (Project, Filter, Aggregate)) and _asks(node):
            below = self._widened(node.input)
            if isinstance(node, Aggregate):
                filled = [_filled(e, below) for e in aggregate_expressions(node)]
                return with_expressions(node, below, filled)
            if isinstance(node, Project):
                made = tuple(_filled(e, below) for e in node.expressions)
                return replace(node, input=below, expressions=made)
            kept = Filter(below, _filled(node.predicate, below), below.fields)
            return Project(kept, tuple(ref(kept, i) for i in range(len(node.fields))), node.fields)
        if _asks(node):
            what = type(node).__name__
            raise current_watermark_refusal(f"within {_NAMES.get(what, what)}", self._where)
        parts = tuple(self._node(part) for part in inputs(node))
        same = all(a is b for a, b in zip(parts, inputs(node), strict=True))
        return node if same else with_inputs(node, parts)

    def _widened(self, node: LogicalNode) -> LogicalNode:
        """The rows of a node with the watermark behind their columns."""
        if id(node) not in self._wide:
            self._wide[id(node)] = self._with_watermark(node)
        return self._wide[id(node)]

    def _with_watermark(self, node: LogicalNode) -> LogicalNode:
        if isinstance(node, Watermark):
            type_ = node.fields[node.column].type.with_nullable(True)
            added = RowField("CURRENT_WATERMARK", type_)
            return CurrentWatermark(node, (*node.fields, added))
        if isinstance(node, Project):
            below = self._widened(node.input)
            made = tuple(_filled(e, below) for e in node.expressions)
            last = below.fields[-1]
            return Project(below, (*made, ref(below, len(below.fields) - 1)), (*node.fields, last))
        if isinstance(node, Filter):
            below = self._widened(node.input)
            return Filter(below, _filled(node.predicate, below), below.fields)
        if isinstance(node, (PythonCalc, WindowTableFunction)) and not _merges(node):
            below, width = self._widened(node.input), len(node.input.fields)
            last = below.fields[-1]
            made_ = replace(node, input=below, fields=(*below.fields, *node.fields[width:]))
            places = [*range(width), *range(width + 1, len(made_.fields)), width]
            return Project(made_, tuple(ref(made_, i) for i in places), (*node.fields, last))
        what = type(node).__name__
        raise current_watermark_refusal(f"behind {_NAMES.get(what, what)}", self._where)


def _merges(node: PythonCalc | WindowTableFunction) -> bool:
    """Whether it keeps rows back: those of sessions come out later."""
    return isinstance(node, WindowTableFunction) and node.window.kind is WindowKind.SESSION


_NAMES = {
    "Aggregate": "a GROUP BY",
    "Correlate": "UNNEST or LATERAL",
    "Join": "a join",
    "LookupJoin": "a lookup join",
    "MatchRecognize": "MATCH_RECOGNIZE",
    "OverAggregate": "an OVER",
    "Rank": "a ROW_NUMBER",
    "SetOperation": "INTERSECT or EXCEPT",
    "Sort": "an ORDER BY",
    "TemporalJoin": "a temporal join",
    "Union": "a UNION",
    "WindowTableFunction": "a SESSION",
}


def _asks(value: object) -> bool:
    """Whether the function is called in a node's own expressions."""
    if isinstance(value, Call):
        return value.function == "CURRENT_WATERMARK" or any(map(_asks, value.arguments))
    if isinstance(value, Cast):
        return _asks(value.argument)
    if isinstance(value, tuple):
        return any(map(_asks, value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = (getattr(value, f.name) for f in fields(value) if f.name not in _NO_EXPRESSIONS)
        return any(map(_asks, parts))
    return False


_NO_EXPRESSIONS = frozenset(("input", "inputs", "left", "right", "fields", "type", "where", "user"))
"""Fields of nodes and calls that hold no expression of the node itself."""


def _filled(expression: Expression, below: LogicalNode) -> Expression:
    """The expression with the last column of the input in the place of each call."""
    if isinstance(expression, Call):
        if expression.function == "CURRENT_WATERMARK":
            return ref(below, len(below.fields) - 1)
        parts = tuple(_filled(argument, below) for argument in expression.arguments)
        return replace(expression, arguments=parts)
    if isinstance(expression, Cast):
        return replace(expression, argument=_filled(expression.argument, below))
    return expression


def with_inputs(node: LogicalNode, parts: Sequence[LogicalNode]) -> LogicalNode:
    """The node over other inputs with the same fields."""
    if isinstance(node, (Scan, Values)):
        return node
    if isinstance(node, Union):
        return replace(node, inputs=tuple(parts))
    if isinstance(node, SetOperation):
        return replace(node, inputs=(parts[0], parts[1]))
    if isinstance(node, (Join, TemporalJoin)):
        return replace(node, left=parts[0], right=parts[1])
    assert not isinstance(node, CurrentWatermark)
    return replace(node, input=parts[0])
