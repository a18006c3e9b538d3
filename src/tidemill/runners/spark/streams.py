"""What of a plan Structured Streaming can hold: the rest is refused by name.

Held are stateless queries, TUMBLE, HOP and SESSION windows over a table with a watermark, joins of
a stream with a table that is read as it is, and interval joins of two streams. Windows come out
once they are closed (append mode), as in Flink.

Spark's watermark is the greatest event time of all partitions in the batches before, less the
delay; Flink's is the least of the partitions. Rows that are in time in Flink are in time in Spark
where a topic has one partition.
"""

from __future__ import annotations

from tidemill.runners.spark.refusals import Refuser
from tidemill.sql.expressions import Call, InputRef, Interval, Literal
from tidemill.sql.join_times import interval_bounds
from tidemill.sql.logical import (
    Aggregate,
    Join,
    JoinKind,
    LogicalNode,
    LookupJoin,
    Rank,
    Scan,
    SetOperation,
    Sort,
    TimeAttribute,
    Watermark,
    inputs,
)

_HINT = "Give the sources an end, or run the pipeline on the embedded engine or on Flink."


def never_ends(node: LogicalNode, unbounded: frozenset[str]) -> bool:
    """Whether a node reads a stream."""
    if isinstance(node, Scan):
        return node.table.name in unbounded
    return any(never_ends(child, unbounded) for child in inputs(node))


def watermark_delay_ms(node: Watermark, refuse: Refuser) -> int:
    """The constant that a watermark lies behind the event time; raises UserError."""
    found = node.expression
    if isinstance(found, InputRef) and found.index == node.column:
        return 0
    if isinstance(found, Call) and found.function == "MINUS":
        left, right = found.arguments
        on_time = isinstance(left, InputRef) and left.index == node.column
        delay = right.value if isinstance(right, Literal) else None
        if on_time and isinstance(delay, Interval) and not delay.months:
            return delay.microseconds // 1000
    return refuse.it(
        "a watermark that is not the event time less a constant",
        found.span,
        hint="Write it as `ts - INTERVAL '5' SECOND`.",
    )


def check_stream(node: LogicalNode, unbounded: frozenset[str], refuse: Refuser) -> None:
    """Raise UserError where a node over a stream is none that Spark can hold."""
    if not never_ends(node, unbounded):
        return
    if isinstance(node, Aggregate):
        _check_aggregate(node, unbounded, refuse)
    elif isinstance(node, Join):
        _check_join(node, unbounded, refuse.at(node.where))
    elif isinstance(node, LookupJoin):
        if node.retry is not None:
            refuse.at(node.where).it("the retry of a lookup join")
    elif isinstance(node, Rank):
        refuse.at(node.where).it("ROW_NUMBER over a stream", hint=_HINT)
    elif isinstance(node, Sort):
        refuse.it("ORDER BY or LIMIT over a stream", hint=_HINT)
    elif isinstance(node, SetOperation):
        refuse.it(f"{node.operator.value} over a stream", hint=_HINT)


def _check_aggregate(node: Aggregate, unbounded: frozenset[str], refuse: Refuser) -> None:
    if node.window is None:
        refuse.it("GROUP BY without a window over a stream", hint=_HINT)
    if _is_stateful(node.input, unbounded):
        refuse.it("a window over windows or joins of streams", hint=_HINT)
    for call in node.aggregates:
        if call.distinct:
            refuse.it(f"{call.function}(DISTINCT ...) over a stream", call.span, hint=_HINT)


def _is_stateful(node: LogicalNode, unbounded: frozenset[str]) -> bool:
    if not never_ends(node, unbounded):
        return False
    if isinstance(node, Aggregate) or (isinstance(node, Join) and _of_streams(node, unbounded)):
        return True
    return any(_is_stateful(child, unbounded) for child in inputs(node))


def _of_streams(node: Join, unbounded: frozenset[str]) -> bool:
    return never_ends(node.left, unbounded) and never_ends(node.right, unbounded)


def _check_join(node: Join, unbounded: frozenset[str], refuse: Refuser) -> None:
    if not _of_streams(node, unbounded):
        still = node.right if never_ends(node.left, unbounded) else node.left
        if node.kind is not JoinKind.INNER:
            refuse.it(f"a {node.kind.value} join of a stream with a table that ends", hint=_HINT)
        for scan in _scans(still):
            if scan.table.options.get("connector") != "filesystem":
                refuse.it(
                    f"a join of a stream with the table {scan.table.name}, read once,",
                    hint="Spark reads it anew for each batch of rows: say so with "
                    "FOR SYSTEM_TIME AS OF a column that is PROCTIME().",
                )
        return
    if any(_is_stateful(side, unbounded) for side in (node.left, node.right)):
        refuse.it("a join over windows or joins of streams", hint=_HINT)
    if node.kind not in (JoinKind.INNER, JoinKind.LEFT, JoinKind.RIGHT):
        refuse.it(f"a {node.kind.value} join of streams", hint=_HINT)
    bounds = interval_bounds(node)
    if bounds is None or bounds.attribute is not TimeAttribute.ROWTIME:
        refuse.it("a join of streams without bounds of time", hint=_HINT)


def _scans(node: LogicalNode) -> list[Scan]:
    if isinstance(node, Scan):
        return [node]
    return [scan for child in inputs(node) for scan in _scans(child)]
