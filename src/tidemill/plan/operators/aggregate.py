"""GROUP BY: in windows and over bounded input (WindowAggregate), or over a stream (Group...)."""

from __future__ import annotations

from tidemill.plan import refusals
from tidemill.plan.fuse import Chain
from tidemill.plan.operators.group_aggregate import plan_group
from tidemill.plan.operators.session import plan_sessions
from tidemill.plan.operators.window_aggregate import plan_window
from tidemill.plan.parts import columns_of, paths_of, union, whole
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning
from tidemill.sql.logical import Aggregate, WindowKind


def _plan(node: Aggregate, planning: Planning, _used: Columns) -> OperatorStage:
    if is_group(node, planning):
        return plan_group(node, planning, _parts)
    if node.window is not None and node.window.kind is WindowKind.SESSION:
        return plan_sessions(node, planning, _parts)
    return plan_window(node, planning, _parts)


def is_group(node: Aggregate, planning: Planning) -> bool:
    """Whether a GROUP BY gives a changelog: neither in windows nor over bounded input."""
    return node.window is None and not planning.bounded(node.input)


def _parts(node: Aggregate, planning: Planning) -> tuple[list[tuple[Chain, str]], bool]:
    """The inputs of an aggregate, and whether they can take rows back."""
    read = [*node.keys]
    for call in node.aggregates:
        read += [*call.arguments, *([] if call.filter is None else [call.filter])]
    paths = union(map(paths_of, read))
    paths |= whole(() if node.window is None else (node.window.time_column,))
    parts = planning.parts(node.input, columns_of(paths), paths=paths)
    changelogs = [planning.changelogs[name] for _, name in parts]
    retracts = any(changelog.updates for changelog in changelogs)
    if retracts:
        refusals.retractable(node, planning.where)
    if node.window is not None:
        refusals.windowed_upserts([planning.given(c, name) for c, name in parts], planning.where)
    return parts, retracts


PLANNER = OperatorPlanner(_plan)
