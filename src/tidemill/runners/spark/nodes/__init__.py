"""How the rows of each kind of node are made, a file for each family."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tidemill.runners.spark.nodes.joins import join_of, lookup
from tidemill.runners.spark.nodes.ordered import rank, sort
from tidemill.runners.spark.nodes.rows import filtered, project, values
from tidemill.runners.spark.nodes.scan import scan, watermark
from tidemill.runners.spark.nodes.sets import set_operation, union
from tidemill.runners.spark.nodes.window import window_rows
from tidemill.runners.spark.relations import Relation
from tidemill.sql.logical import (
    Filter,
    Join,
    LookupJoin,
    Project,
    Rank,
    Scan,
    SetOperation,
    Sort,
    Union,
    Values,
    Watermark,
    WindowTableFunction,
)

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries

NODES: dict[type, Callable[[Queries, object], Relation]] = {
    Scan: scan,  # type: ignore[dict-item]
    Watermark: watermark,  # type: ignore[dict-item]
    Project: project,  # type: ignore[dict-item]
    Filter: filtered,  # type: ignore[dict-item]
    WindowTableFunction: window_rows,  # type: ignore[dict-item]
    Union: union,  # type: ignore[dict-item]
    SetOperation: set_operation,  # type: ignore[dict-item]
    Values: values,  # type: ignore[dict-item]
    Sort: sort,  # type: ignore[dict-item]
    Rank: rank,  # type: ignore[dict-item]
    Join: join_of,  # type: ignore[dict-item]
    LookupJoin: lookup,  # type: ignore[dict-item]
}
"""Aggregations are made by `Queries` itself; what stands in neither, Spark does not do here."""
