"""Lists in windows whose columns a filter tests: Flink computes them another way.

Flink moves such a filter below the aggregation, and then each window has its rows in the order of
their arrival, not joined from panes (seen in the plans of Flink 2.3: `WindowTableFunction` stays a
step of its own). The rest of an aggregate is the same either way.
"""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.errors import SqlError, TextWhere
from tidemill.plan.lowering.row_aggregates import IN_PANES
from tidemill.sql.expressions import input_indexes
from tidemill.sql.join_conditions import conjuncts
from tidemill.sql.logical import (
    Aggregate,
    Filter,
    Join,
    LogicalNode,
    Project,
    WindowKind,
    inputs,
)


def lists_in_tested_windows(
    node: LogicalNode, where: TextWhere | None, tested: frozenset[int] = frozenset()
) -> None:
    """Refuse lists in windows of panes where a filter above tests the window's columns.

    `tested` are the node's columns that filters above it read.
    """
    match node:
        case Filter():
            lists_in_tested_windows(node.input, where, tested | set(input_indexes(node.predicate)))
        case Project():
            below = _through(tested, [input_indexes(e) for e in node.expressions])
            lists_in_tested_windows(node.input, where, below)
        case Aggregate():
            _refuse_lists(node, where, tested)
            below = _through(tested, [input_indexes(key) for key in node.keys])
            lists_in_tested_windows(node.input, where, below)
        case Join():
            width = len(node.left.fields)
            tested |= _of_one_side(node, width)
            left = frozenset(i for i in tested if i < width)
            right = frozenset(i - width for i in tested if i >= width)
            lists_in_tested_windows(node.left, where, left)
            lists_in_tested_windows(node.right, where, right)
        case _:
            for source in inputs(node):
                kept = frozenset(i for i in tested if i < len(source.fields))
                lists_in_tested_windows(source, where, kept)


def _through(tested: frozenset[int], sources: list[Iterable[int]]) -> frozenset[int]:
    return frozenset(i for at in tested if at < len(sources) for i in sources[at])


def _of_one_side(join: Join, width: int) -> frozenset[int]:
    """The columns that parts of the condition over one side alone test."""
    parts = [] if join.condition is None else conjuncts(join.condition)
    found: set[int] = set()
    for part in parts:
        read = set(input_indexes(part))
        if len({index < width for index in read}) == 1:
            found |= read
    return frozenset(found)


def _refuse_lists(node: Aggregate, where: TextWhere | None, tested: frozenset[int]) -> None:
    if node.window is None or node.window.kind not in (WindowKind.HOP, WindowKind.CUMULATE):
        return
    first = len(node.keys)
    columns = set(range(first, first + len(node.window_properties)))
    lists = [call for call in node.aggregates if call.user is None and call.function in IN_PANES]
    if lists and columns & tested:
        raise SqlError(
            f"{lists[0].function} is not supported in {node.window.kind.value} windows whose own "
            "columns a filter tests",
            code="plan.unsupported-aggregate",
            where=where,
            detail="Flink moves the filter below the aggregation, and the lists have another "
            "order then.",
            hint="Leave the filter out, or use TUMBLE.",
        )
