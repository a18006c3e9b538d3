"""Aggregate functions in Python: in windows and over bounded input they fold the group's rows.

A window keeps the arguments of its rows until it closes; then `PythonCalc` folds them in the order
in which they came, so any batches and any restart give the same value. Over a stream the state is
the accumulator instead: see `operators/group_aggregate`.
"""

from __future__ import annotations

from dataclasses import replace

from tidemill.plan.lowering.python_rows import rows_type
from tidemill.sql.expressions import Call, InputRef
from tidemill.sql.logical import Aggregate, LogicalNode, Project, PythonCalc, RowField


def folded(node: Aggregate) -> LogicalNode | None:
    """The aggregate that gathers rows, and the calls that fold them; None without Python."""
    first = len(node.fields) - len(node.aggregates)
    fields = list(node.fields)
    calls: list[Call] = []
    places: dict[int, int] = {}
    for place, call in enumerate(node.aggregates, first):
        if call.user is None:
            continue
        rows = rows_type(call)
        fields[place] = RowField(fields[place].name, rows)
        ref = InputRef(place, fields[place].name, rows)
        places[place] = len(fields) + len(calls)
        calls.append(Call(call.function, (ref,), call.type, call.span, call.user))
    if not calls:
        return None
    gathered = replace(node, fields=tuple(fields))
    results = tuple(RowField(f"EXPR${len(fields) + i}", c.type) for i, c in enumerate(calls))
    calc = PythonCalc(gathered, tuple(calls), (*fields, *results))
    outputs = tuple(
        InputRef(places.get(i, i), field.name, field.type) for i, field in enumerate(node.fields)
    )
    return Project(calc, outputs, node.fields)
