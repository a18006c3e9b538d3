"""DISTINCT in a frame of all rows so far: a value counts where it comes for the first time.

The partials of such a frame do not say which values there were. So the rows are numbered first
within their partition and value, in the same order, and the aggregate sees the value of the first
alone: NULL elsewhere, which COUNT, SUM and their like overlook. A node that two readers share is
rewritten once.
"""

from __future__ import annotations

from dataclasses import replace

from tidemill.model.types import BIGINT, BOOLEAN
from tidemill.plan.current_watermark import with_inputs
from tidemill.plan.keys import state_ttl_ms
from tidemill.plan.planning import Planning
from tidemill.plan.python_lift import ref
from tidemill.sql.binder.shapes import without_spans
from tidemill.sql.expressions import AggregateCall, Call, Expression, InputRef, Literal
from tidemill.sql.logical import (
    LogicalNode,
    OverAggregate,
    OverFrame,
    Project,
    RowField,
    Script,
    inputs,
)

_OVERLOOK_NULL = frozenset(("COUNT", "SUM", "AVG", "MIN", "MAX"))


def place_first_values(script: Script, planning: Planning) -> Script:
    """The script with such aggregates over a stream rewritten; itself where there is none."""
    done: dict[int, LogicalNode] = {}

    def at(node: LogicalNode) -> LogicalNode:
        if id(node) not in done:
            parts = tuple(map(at, inputs(node)))
            same = all(a is b for a, b in zip(parts, inputs(node), strict=True))
            made = node if same else with_inputs(node, parts)
            if isinstance(made, OverAggregate) and _applies(made, planning):
                made = _of_first(made)
            done[id(node)] = made
        return done[id(node)]

    return replace(
        script,
        inserts=tuple(replace(i, query=at(i.query)) for i in script.inserts),
        selects=tuple(replace(s, query=at(s.query)) for s in script.selects),
    )


def _applies(node: OverAggregate, planning: Planning) -> bool:
    """Whether all rows so far, in the order of time, are aggregated with DISTINCT."""
    if planning.bounded(node):
        return False
    distinct = [call for call in node.calls if call.distinct]
    if not distinct or any(call.function not in _OVERLOOK_NULL for call in distinct):
        return False
    if node.frame.start is not None or node.frame.end != 0 or len(node.order) != 1:
        return False
    key = node.order[0].expression
    timed = isinstance(key, InputRef) and node.input.fields[key.index].time_attribute is not None
    # A TTL forgets a partition as one on Flink, and here each of its values.
    return timed and not state_ttl_ms(planning.settings, node.where)


def _of_first(node: OverAggregate) -> LogicalNode:
    width, below = len(node.input.fields), node.input
    numbers: list[tuple[tuple[Expression, ...], int]] = []

    def number_of(arguments: tuple[Expression, ...]) -> int:
        nonlocal below
        plain = tuple(map(without_spans, arguments))
        for known, place in numbers:
            if known == plain:
                return place
        number = AggregateCall("ROW_NUMBER", (), BIGINT.with_nullable(False))
        place = len(below.fields)
        fields = (*below.fields, RowField(f"$first{len(numbers)}", number.type))
        frame, keys = OverFrame(True, None, 0), (*node.keys, *arguments)
        over = OverAggregate(below, keys, node.order, frame, (number,), fields, node.where)
        below = Project(over, tuple(ref(over, i) for i in range(len(fields))), fields)
        numbers.append((plain, place))
        return place

    places = [number_of(call.arguments) if call.distinct else None for call in node.calls]
    calls = tuple(
        call if place is None else _of_first_alone(call, ref(below, place))
        for call, place in zip(node.calls, places, strict=True)
    )
    results = node.fields[width:]
    over = replace(node, input=below, calls=calls, fields=(*below.fields, *results))
    kept = [*range(width), *range(len(below.fields), len(over.fields))]
    return Project(over, tuple(ref(over, i) for i in kept), node.fields)


def _of_first_alone(call: AggregateCall, number: InputRef) -> AggregateCall:
    """The call over its first argument where the number is 1."""
    value = call.arguments[0]
    type_ = value.type.with_nullable(True)
    one = Literal(1, BIGINT.with_nullable(False))
    first = Call("EQUALS", (number, one), BOOLEAN.with_nullable(False))
    made = Call("IF", (first, value, Literal(None, type_)), type_)
    return replace(call, arguments=(made, *call.arguments[1:]), distinct=False)
