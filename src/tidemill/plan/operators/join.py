"""Joins of two relations: those that time bounds, those in windows, and the others."""

from __future__ import annotations

from tidemill.plan.operators.interval_join import plan_interval
from tidemill.plan.operators.regular_join import plan_regular
from tidemill.plan.operators.window_join import plan_window_join
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning
from tidemill.sql.join_times import interval_bounds
from tidemill.sql.join_windows import window_ends
from tidemill.sql.logical import Join


def _plan(node: Join, planning: Planning, used: Columns) -> OperatorStage:
    ends = window_ends(node)
    if ends is not None:
        return plan_window_join(node, ends, planning, used)
    bounds = interval_bounds(node)
    if bounds is not None:
        return plan_interval(node, bounds, planning, used)
    return plan_regular(node, planning, used)


PLANNER = OperatorPlanner(_plan, lambda _node, used: used)
