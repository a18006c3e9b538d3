"""Lookup joins."""

from __future__ import annotations

from tidemill.errors import SqlError
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning
from tidemill.sql.logical import LookupJoin


def _plan(node: LookupJoin, _planning: Planning, _used: Columns) -> OperatorStage:
    raise SqlError(
        "a lookup join cannot be run yet", code="plan.unsupported-join", where=node.where
    )


PLANNER = OperatorPlanner(_plan)
