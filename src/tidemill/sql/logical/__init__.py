"""The typed logical plan: a tree (shared nodes make it a DAG) of relational operators.

Every node knows its output row as `fields`. Expressions in a node refer to the fields of its input
by index (`InputRef`). The binder makes these nodes; the plan room turns them into stages. A node is
immutable; two INSERTs over one view share the view's node by identity.
"""

from tidemill.sql.logical.calls import PythonCalc
from tidemill.sql.logical.correlates import Correlate, CorrelateKind, Unnest
from tidemill.sql.logical.fields import Fields, RowField, SortKey, TimeAttribute
from tidemill.sql.logical.joins import (
    Join,
    JoinKind,
    LookupJoin,
    LookupKey,
    LookupRetry,
    TemporalJoin,
)
from tidemill.sql.logical.node import LogicalNode, inputs
from tidemill.sql.logical.ordering import OverAggregate, OverFrame, Rank, Sort
from tidemill.sql.logical.patterns import MatchRecognize
from tidemill.sql.logical.rows import (
    CurrentWatermark,
    Filter,
    Project,
    Scan,
    SetOperation,
    SetOperator,
    Union,
    Values,
    Watermark,
)
from tidemill.sql.logical.script import Insert, Script, Select
from tidemill.sql.logical.windows import (
    Aggregate,
    WindowKind,
    WindowProperty,
    WindowSpec,
    WindowTableFunction,
)

__all__ = [
    "Aggregate",
    "Correlate",
    "CorrelateKind",
    "CurrentWatermark",
    "Fields",
    "Filter",
    "Insert",
    "Join",
    "JoinKind",
    "LogicalNode",
    "LookupJoin",
    "LookupKey",
    "LookupRetry",
    "MatchRecognize",
    "OverAggregate",
    "OverFrame",
    "Project",
    "PythonCalc",
    "Rank",
    "RowField",
    "Scan",
    "Script",
    "Select",
    "SetOperation",
    "SetOperator",
    "Sort",
    "SortKey",
    "TemporalJoin",
    "TimeAttribute",
    "Union",
    "Unnest",
    "Values",
    "Watermark",
    "WindowKind",
    "WindowProperty",
    "WindowSpec",
    "WindowTableFunction",
    "inputs",
]
