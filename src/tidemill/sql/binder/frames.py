"""ROWS and RANGE frames of OVER."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.model import DataType
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.expressions import Interval, Literal
from tidemill.sql.logical import OverFrame, SortKey
from tidemill.sql.syntax.nodes import FrameBound, FrameClause, OverClause


def bind_frame(
    context: BindContext, binder: ExpressionBinder, over: OverClause, order: Sequence[SortKey]
) -> OverFrame:
    """The frame; without one, all rows up to the current one and its equals, or all rows."""
    clause = over.frame
    if clause is None:
        return OverFrame(False, None, 0 if order else None)
    if not order:
        raise context.error(
            "bad-argument",
            "a frame needs an ORDER BY in its OVER",
            clause.span,
            hint="Say in which order the rows stand: OVER (PARTITION BY k ORDER BY ts ROWS ...).",
        )
    rows = clause.unit == "ROWS"
    start = _offset(context, binder, clause, clause.start, order)
    end = _offset(context, binder, clause, clause.end, order)
    unbounded = (clause.start.value is None and clause.start.direction == "FOLLOWING") or (
        clause.end.value is None and clause.end.direction == "PRECEDING"
    )
    if unbounded or (start is not None and end is not None and start > end):
        raise context.error("bad-argument", "the frame ends before it starts", clause.span)
    return OverFrame(rows, start, end)


def _offset(
    context: BindContext,
    binder: ExpressionBinder,
    clause: FrameClause,
    bound: FrameBound,
    order: Sequence[SortKey],
) -> int | None:
    if bound.direction == "CURRENT ROW":
        return 0
    if bound.value is None:
        return None
    value = binder.bind(bound.value)
    constant = value.value if isinstance(value, Literal) else None
    size: int | None = None
    if clause.unit == "ROWS":
        size = constant if type(constant) is int else None
        wanted = "a whole number of rows, such as 10"
    else:
        key = order[0].expression.type
        size, wanted = _distance(constant, key)
        if len(order) > 1:
            raise context.error(
                "bad-argument", "RANGE with a distance takes one sort key", clause.span
            )
    if size is None or size < 0:
        raise context.error(
            "bad-argument", f"{clause.unit} {bound.direction} takes {wanted}", bound.span
        )
    return -size if bound.direction == "PRECEDING" else size


def _distance(constant: object, key: DataType) -> tuple[int | None, str]:
    if key.is_timestamp:
        days = isinstance(constant, Interval) and not constant.months
        size = constant.microseconds if isinstance(constant, Interval) and days else None
        return size, "an interval of days to seconds, such as INTERVAL '10' MINUTE"
    if key.is_numeric:
        return (constant if type(constant) is int else None), "a whole number"
    return None, f"no distance for a sort key of type {key.sql()}"
