"""Joins: regular and interval, temporal, lookup."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tidemill.errors import TextWhere
from tidemill.model import TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression
from tidemill.sql.logical.fields import Fields

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


class JoinKind(Enum):
    """Which rows a join gives besides the pairs; SEMI and ANTI give left rows only."""

    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"
    SEMI = "SEMI"
    ANTI = "ANTI"

    @property
    def keeps_left(self) -> bool:
        """Whether left rows without a partner come out, with NULLs on the right."""
        return self in (JoinKind.LEFT, JoinKind.FULL)

    @property
    def keeps_right(self) -> bool:
        """Whether right rows without a partner come out, with NULLs on the left."""
        return self in (JoinKind.RIGHT, JoinKind.FULL)

    @property
    def pairs(self) -> bool:
        """Whether the fields of both sides come out."""
        return self not in (JoinKind.SEMI, JoinKind.ANTI)


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """Pairs of rows for which the condition is TRUE, and by its kind rows without a partner.

    The condition is over the left fields, then the right ones; None where every pair is one.
    Fields are those of both sides in this order, of SEMI and ANTI the left ones. Which kind of
    join it is (regular, interval, window) follows from the condition: `sql/join_times.py` and
    `sql/join_windows.py`. `ttl_ms` is how long a hint lets the rows of each side be kept.
    """

    left: LogicalNode
    right: LogicalNode
    kind: JoinKind
    condition: Expression | None
    fields: Fields
    where: TextWhere | None = None
    ttl_ms: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True, eq=False)
class TemporalJoin:
    """JOIN ... FOR SYSTEM_TIME AS OF event time: each left row beside the version of its key then.

    A version is a row of the right side's changelog; it holds from its event time until that of
    the next one of its key, and a deletion ends it. At most one row per left row; `keys` pair
    expressions over each side. LEFT keeps a row without a version, with NULLs. With `newer_only` a
    right row that comes behind a newer one of its key is no version. Fields are those of both
    sides; the left time attributes stay.
    """

    left: LogicalNode
    right: LogicalNode
    kind: JoinKind
    keys: tuple[tuple[Expression, Expression], ...]
    left_time: int
    right_time: int
    newer_only: bool
    fields: Fields
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class LookupKey:
    """A column of the looked-up table that equals an expression over the left row."""

    column: int
    value: Expression


@dataclass(frozen=True, slots=True)
class LookupRetry:
    """The LOOKUP hint's retry: a key without rows is asked for again, this often at most."""

    attempts: int
    delay_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class LookupJoin:
    """JOIN ... FOR SYSTEM_TIME AS OF processing time: each left row beside the rows of a table.

    The table is asked by its keys when the row comes. `condition` is over the left fields, then
    the table's columns; a LEFT join keeps a row for which it is TRUE nowhere, with NULLs. Fields
    are those of the left side, then the table's columns.
    """

    input: LogicalNode
    table: TableDescriptor
    kind: JoinKind
    keys: tuple[LookupKey, ...]
    condition: Expression | None
    fields: Fields
    retry: LookupRetry | None = None
    where: TextWhere | None = None
