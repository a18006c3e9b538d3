"""Joins."""

from __future__ import annotations

from tidemill.errors import SqlError
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning
from tidemill.sql.logical import Join


def _plan(node: Join, _planning: Planning, _used: Columns) -> OperatorStage:
    raise SqlError(
        f"{node.kind.value} JOIN cannot be run yet",
        code="plan.unsupported-join",
        where=node.where,
    )


PLANNER = OperatorPlanner(_plan)
