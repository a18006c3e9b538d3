"""Python functions over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.records import dataclass
from tidemill.sql.expressions import Call
from tidemill.sql.logical.fields import Fields

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


@dataclass(frozen=True, slots=True, eq=False)
class PythonCalc:
    """Calls Python functions over each row; made by the plan, which splits them off.

    Fields: the input's, then the result of each call.
    """

    input: LogicalNode
    calls: tuple[Call, ...]
    fields: Fields
