"""Joins of two relations."""

from __future__ import annotations

from tidemill.plan.operators.regular_join import plan_regular
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning
from tidemill.sql.logical import Join


def _plan(node: Join, planning: Planning, used: Columns) -> OperatorStage:
    return plan_regular(node, planning, used)


PLANNER = OperatorPlanner(_plan, lambda _node, used: used)
