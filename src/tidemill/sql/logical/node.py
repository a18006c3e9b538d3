"""Any node, and what feeds it."""

from __future__ import annotations

from typing import TypeAlias

from tidemill.sql.logical.calls import PythonCalc
from tidemill.sql.logical.correlates import Correlate
from tidemill.sql.logical.joins import Join, LookupJoin, TemporalJoin
from tidemill.sql.logical.ordering import OverAggregate, Rank, Sort
from tidemill.sql.logical.patterns import MatchRecognize
from tidemill.sql.logical.rows import (
    CurrentWatermark,
    Filter,
    Project,
    Scan,
    SetOperation,
    Union,
    Values,
    Watermark,
)
from tidemill.sql.logical.windows import Aggregate, WindowTableFunction

LogicalNode: TypeAlias = (
    "Scan | Watermark | Project | Filter | WindowTableFunction | Aggregate | Union | Values | Sort"
    " | CurrentWatermark | Rank | Correlate | Join | PythonCalc | SetOperation"
    " | TemporalJoin | LookupJoin"
    " | OverAggregate | MatchRecognize"
)


def inputs(node: LogicalNode) -> tuple[LogicalNode, ...]:
    """The direct inputs of a node."""
    if isinstance(node, (Union, SetOperation)):
        return node.inputs
    if isinstance(node, (Join, TemporalJoin)):
        return (node.left, node.right)
    if isinstance(node, (Scan, Values)):
        return ()
    return (node.input,)
