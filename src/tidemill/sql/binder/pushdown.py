"""Conditions go down to where they belong: into a join, or below it to the side they speak of.

This is what Flink's planner does, and it decides what a join is: `FROM a, b WHERE a.k = b.k` is a
join by key, and an outer join whose padding a WHERE throws away is an inner one. A condition that
may give another value each time stays where it is.
"""

from __future__ import annotations

from dataclasses import replace

from tidemill.sql.binder.ranks import bounded_filter
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Expression
from tidemill.sql.join_conditions import conjunction, conjuncts, fails_on_null, on_side, volatile
from tidemill.sql.join_times import interval_bounds
from tidemill.sql.join_windows import window_ends
from tidemill.sql.logical import Fields, Filter, Join, JoinKind, LogicalNode, RowField


def filtered(node: LogicalNode, predicate: Expression) -> LogicalNode:
    """The rows of a node for which the predicate is TRUE."""
    if not isinstance(node, Join):
        return bounded_filter(node, predicate)
    parts = conjuncts(predicate)
    node = _with_kind(node, parts)
    width = len(node.left.fields)
    stays: list[Expression] = []
    inner: list[Expression] = []
    left, right = node.left, node.right
    for part in parts:
        side = None if volatile(part) else on_side(part, range(width))
        if side is True and not node.kind.keeps_right:
            left = filtered(left, part)
        elif side is False and not node.kind.keeps_left and node.kind.pairs:
            right = filtered(right, _on_right(part, width))
        elif side is None and node.kind is JoinKind.INNER and not volatile(part):
            inner.append(part)
        else:
            stays.append(part)
    condition = conjunction([*conjuncts(node.condition), *inner])
    result: LogicalNode = _finished(replace(node, left=left, right=right, condition=condition))
    rest = conjunction(stays)
    return result if rest is None else Filter(result, rest, result.fields)


def join_node(node: Join) -> Join:
    """The join with its fields; what its condition says of one side only is moved below."""
    width = len(node.left.fields)
    stays: list[Expression] = []
    left, right = node.left, node.right
    for part in conjuncts(node.condition):
        side = None if volatile(part) else on_side(part, range(width))
        if side is True and node.kind in (JoinKind.INNER, JoinKind.RIGHT, JoinKind.SEMI):
            left = filtered(left, part)
        elif side is False and not node.kind.keeps_right:
            right = filtered(right, _on_right(part, width))
        else:
            stays.append(part)
    return _finished(replace(node, left=left, right=right, condition=conjunction(stays)))


def _on_right(part: Expression, width: int) -> Expression:
    return map_inputs(part, lambda index: index - width)


def _with_kind(node: Join, parts: list[Expression]) -> Join:
    """An outer join without the padding that the conditions above it throw away."""
    width, count = len(node.left.fields), len(node.fields)
    keeps_left, keeps_right = node.kind.keeps_left, node.kind.keeps_right
    if not keeps_left and not keeps_right:
        return node
    if any(fails_on_null(part, range(width, count)) for part in parts):
        keeps_left = False
    if any(fails_on_null(part, range(width)) for part in parts):
        keeps_right = False
    kinds = {
        (True, True): JoinKind.FULL,
        (True, False): JoinKind.LEFT,
        (False, True): JoinKind.RIGHT,
        (False, False): JoinKind.INNER,
    }
    kind = kinds[keeps_left, keeps_right]
    return node if kind is node.kind else join_node(replace(node, kind=kind))


def _finished(node: Join) -> Join:
    """With its output fields: padded sides can be NULL, and time stays only where it is bound."""
    timed = interval_bounds(node) is not None or window_ends(node) is not None
    left = _side(node.left.fields, node.kind.keeps_right, timed)
    right = _side(node.right.fields, node.kind.keeps_left, timed)
    return replace(node, fields=(*left, *right) if node.kind.pairs else left)


def _side(fields: Fields, padded: bool, timed: bool) -> Fields:
    """A regular join's rows come out at any time: none of their columns is a time attribute."""
    return tuple(
        RowField(
            f.name,
            f.type.with_nullable(True) if padded else f.type,
            f.time_attribute if timed else None,
        )
        for f in fields
    )
