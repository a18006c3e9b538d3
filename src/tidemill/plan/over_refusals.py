"""What OVER cannot do over a stream; mostly what Flink refuses too."""

from __future__ import annotations

from tidemill.errors import SqlError
from tidemill.plan.over_calls import OverMode
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import OverAggregate, TimeAttribute

_BATCH_ONLY = ("LEAD", "NTILE", "PERCENT_RANK", "CUME_DIST")
_BY_TIME = "Order by one time attribute: OVER (PARTITION BY k ORDER BY ts ...)."


def stream_window(node: OverAggregate, retracts: bool) -> TimeAttribute | None:
    """By which time a stream's window is ordered, None for any other key; checks the window."""
    if isinstance(node.input, OverAggregate):
        raise _refused(
            node,
            "several different OVER windows in one query over a stream",
            "Compute each in a subquery of its own; Flink takes one window per query.",
        )
    for call in node.calls:
        if call.function in _BATCH_ONLY:
            raise _refused(node, f"{call.function} over a stream", "It needs rows still to come.")
        if call.function in ("RANK", "DENSE_RANK"):
            raise _refused(
                node,
                f"{call.function} over a stream",
                "Flink 2.3 gives the number of rows so far instead, whatever rows are equal: write "
                "COUNT(*) for that, or ROW_NUMBER.",
            )
    if len(node.order) != 1 or node.order[0].descending:
        raise _refused(
            node, "an OVER window over a stream without one ascending sort key", _BY_TIME
        )
    if node.frame.end != 0:
        raise _refused(
            node,
            "a frame that goes beyond the current row of a stream",
            "End the frame at CURRENT ROW.",
        )
    key = node.order[0].expression
    attribute = None
    if isinstance(key, InputRef):
        attribute = node.input.fields[key.index].time_attribute
    if attribute is None:
        if node.frame.start is not None:
            raise _refused(
                node, "a bounded frame in the order of a key that is no time attribute", _BY_TIME
            )
        return None
    if retracts:
        raise _refused(
            node, "OVER in the order of a time attribute over a changelog",
            "Order by a column that is no time attribute, such as CAST(ts AS TIMESTAMP(6)).",
        )  # fmt: skip
    return attribute


def at_end(node: OverAggregate) -> None:
    """Over bounded input, Flink 2.3 knows no DISTINCT and cannot measure a distance in time."""
    if any(call.distinct for call in node.calls):
        raise _refused(node, "DISTINCT with OVER over bounded input", "Flink 2.3 refuses it too.")
    if any(call.function == "CUME_DIST" for call in node.calls):
        raise _refused(
            node,
            "CUME_DIST",
            "Flink 2.3 gives rows of equal key different results. Write CAST(COUNT(*) OVER "
            "(PARTITION BY k ORDER BY v) AS DOUBLE) / COUNT(*) OVER (PARTITION BY k).",
        )
    frame = node.frame
    distance = not frame.rows and any(end not in (None, 0) for end in (frame.start, frame.end))
    if distance and node.order[0].expression.type.is_timestamp:
        raise _refused(
            node,
            "RANGE with an interval over bounded input",
            "Flink 2.3 fails on it. Order by a number, such as TIMESTAMPDIFF(SECOND, "
            "TIMESTAMP '1970-01-01 00:00:00', ts), or SET 'execution.runtime-mode' = 'streaming'.",
        )


def accumulated(node: OverAggregate, mode: OverMode) -> None:
    """A frame of all rows so far is kept as partials, which do not say which values there were.

    What `distinct_over` can rewrite has no DISTINCT here any more.
    """
    if mode == "accumulate" and any(call.distinct for call in node.calls):
        raise _refused(
            node,
            "DISTINCT over all rows so far of a stream",
            "Bound the frame, such as RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW; "
            "COUNT, SUM, AVG, MIN and MAX are, where no state TTL is set.",
        )


def _refused(node: OverAggregate, what: str, hint: str) -> SqlError:
    return SqlError(
        f"{what} is not supported", code="plan.over-window", where=node.where, hint=hint
    )
