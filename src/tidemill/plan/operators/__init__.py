"""The stateful operators: one file each, with the stage and how a logical node becomes one.

To add one: a node in `sql/logical/`, a file here, a line in `PLANNERS`; a file in
`engine/operators/` (its state) and in `engine/nodes/` (how batches reach it), a line in `NODES`.
"""

from collections.abc import Mapping

from tidemill.plan.operators import (
    aggregate,
    current_watermark,
    join,
    lookup_join,
    match_recognize,
    over,
    python_calc,
    rank,
    session,
    set_operation,
    sort,
    temporal_join,
)
from tidemill.plan.planning import OperatorPlanner
from tidemill.sql.logical import (
    Aggregate,
    CurrentWatermark,
    Join,
    LookupJoin,
    MatchRecognize,
    OverAggregate,
    PythonCalc,
    Rank,
    SetOperation,
    Sort,
    TemporalJoin,
    WindowTableFunction,
)

PLANNERS: Mapping[type, OperatorPlanner] = {
    Aggregate: aggregate.PLANNER,
    CurrentWatermark: current_watermark.PLANNER,
    Join: join.PLANNER,
    LookupJoin: lookup_join.PLANNER,
    MatchRecognize: match_recognize.PLANNER,
    PythonCalc: python_calc.PLANNER,
    OverAggregate: over.PLANNER,
    Rank: rank.PLANNER,
    SetOperation: set_operation.PLANNER,
    Sort: sort.PLANNER,
    WindowTableFunction: session.ROWS_PLANNER,
    TemporalJoin: temporal_join.PLANNER,
}
