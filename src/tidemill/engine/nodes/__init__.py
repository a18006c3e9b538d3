"""The operators of a running graph, by their stage."""

from collections.abc import Callable, Mapping
from typing import Any

from tidemill.engine.node import Host, Node
from tidemill.engine.nodes.current_watermark import CurrentWatermarkNode
from tidemill.engine.nodes.group_aggregate import GroupNode
from tidemill.engine.nodes.interval_join import IntervalJoinNode
from tidemill.engine.nodes.lookup_join import LookupJoinNode
from tidemill.engine.nodes.match_recognize import MatchNode
from tidemill.engine.nodes.normalize import NormalizeNode
from tidemill.engine.nodes.over import OverChangesNode, OverNode
from tidemill.engine.nodes.python_calc import PythonCalcNode
from tidemill.engine.nodes.rank import RankNode
from tidemill.engine.nodes.regular_join import RegularJoinNode
from tidemill.engine.nodes.session import SessionNode
from tidemill.engine.nodes.set_operation import SetNode
from tidemill.engine.nodes.sort import SortNode
from tidemill.engine.nodes.sort_by_time import TimeSortNode
from tidemill.engine.nodes.temporal_join import TemporalJoinNode
from tidemill.engine.nodes.window_aggregate import WindowNode
from tidemill.engine.nodes.window_join import WindowJoinNode
from tidemill.engine.nodes.window_rank import WindowRankNode
from tidemill.plan.normalize import NormalizeStage
from tidemill.plan.operators.current_watermark import CurrentWatermarkStage
from tidemill.plan.operators.group_aggregate import GroupStage
from tidemill.plan.operators.interval_join import IntervalJoinStage
from tidemill.plan.operators.lookup_join import LookupJoinStage
from tidemill.plan.operators.match_recognize import MatchStage
from tidemill.plan.operators.over import OverAtEndStage, OverChangesStage, OverStage
from tidemill.plan.operators.python_calc import PythonCalcStage
from tidemill.plan.operators.rank import RankStage
from tidemill.plan.operators.regular_join import RegularJoinStage
from tidemill.plan.operators.session import SessionStage
from tidemill.plan.operators.set_operation import SetStage
from tidemill.plan.operators.sort_by_time import TimeSortStage
from tidemill.plan.operators.temporal_join import TemporalJoinStage
from tidemill.plan.operators.window_aggregate import AggregateStage
from tidemill.plan.operators.window_join import WindowJoinStage
from tidemill.plan.operators.window_rank import WindowRankStage
from tidemill.plan.physical import OperatorStage
from tidemill.plan.sort import SortStage

NODES: Mapping[type[OperatorStage], Callable[[Any, Host], Node]] = {
    AggregateStage: WindowNode,
    CurrentWatermarkStage: CurrentWatermarkNode,
    GroupStage: GroupNode,
    LookupJoinStage: LookupJoinNode,
    IntervalJoinStage: IntervalJoinNode,
    MatchStage: MatchNode,
    PythonCalcStage: PythonCalcNode,
    NormalizeStage: NormalizeNode,
    OverAtEndStage: SortNode,
    OverChangesStage: OverChangesNode,
    OverStage: OverNode,
    RankStage: RankNode,
    SetStage: SetNode,
    RegularJoinStage: RegularJoinNode,
    SessionStage: SessionNode,
    SortStage: SortNode,
    TemporalJoinStage: TemporalJoinNode,
    TimeSortStage: TimeSortNode,
    WindowJoinStage: WindowJoinNode,
    WindowRankStage: WindowRankNode,
}
