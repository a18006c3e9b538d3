"""Nodes for which the order of rows counts: ORDER BY, Top-N and OVER."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.errors import TextWhere
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, Expression
from tidemill.sql.logical.fields import Fields, SortKey

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


@dataclass(frozen=True, slots=True, eq=False)
class Sort:
    """ORDER BY, OFFSET and LIMIT; over a stream with a limit it is a Top-N of all rows."""

    input: LogicalNode
    keys: tuple[SortKey, ...]
    fields: Fields
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rank:
    """ROW_NUMBER() OVER (PARTITION BY keys ORDER BY order): Top-N and deduplication.

    Fields: the input's, then the number from 1. With `limit` only rows up to that number; without,
    the text bounds the number nowhere.
    """

    input: LogicalNode
    keys: tuple[Expression, ...]
    order: tuple[SortKey, ...]
    fields: Fields
    limit: int | None = None
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class OverFrame:
    """The rows that a call with OVER sees, from `start` to `end`; None is unbounded.

    Offsets from the current row, negative before it: in rows, or (RANGE) in units of the one sort
    key, for a time in microseconds. RANGE takes the rows with an equal key in.
    """

    rows: bool
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True, eq=False)
class OverAggregate:
    """Functions over each row's frame within its partition; all calls have one window.

    Fields: the input's, then the result of each call. Besides aggregates, calls are ROW_NUMBER,
    RANK, DENSE_RANK, NTILE, PERCENT_RANK, CUME_DIST, LAG and LEAD, which see no frame.
    """

    input: LogicalNode
    keys: tuple[Expression, ...]
    order: tuple[SortKey, ...]
    frame: OverFrame
    calls: tuple[AggregateCall, ...]
    fields: Fields
    where: TextWhere | None = None
