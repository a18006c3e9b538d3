"""What nodes give: named columns, and by which they are sorted."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from tidemill.model import DataType
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression


class TimeAttribute(Enum):
    """Whether a field is a time attribute."""

    ROWTIME = "rowtime"
    PROCTIME = "proctime"


@dataclass(frozen=True, slots=True)
class RowField:
    """One output column of a node."""

    name: str
    type: DataType
    time_attribute: TimeAttribute | None = None


Fields: TypeAlias = tuple[RowField, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an ORDER BY. Flink's default: NULLs are smallest."""

    expression: Expression
    descending: bool = False
    nulls_first: bool = True
