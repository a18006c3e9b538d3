"""CROSS JOIN UNNEST and table functions: rows made of each row."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tidemill.records import dataclass
from tidemill.sql.expressions import Expression
from tidemill.sql.logical.fields import Fields

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


@dataclass(frozen=True, slots=True)
class Unnest:
    """The elements of a collection of the left row, each as a row.

    An ARRAY gives its elements in order (those of type ROW field by field), a MAP its keys and
    values, a MULTISET each element as often as it is there. With `ordinality` the place from 1
    stands last, as an INT.
    """

    collection: Expression
    ordinality: bool = False


class CorrelateKind(Enum):
    """What becomes of a left row for which the right side gives none."""

    INNER = "INNER"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True, eq=False)
class Correlate:
    """CROSS JOIN UNNEST(...) and LATERAL TABLE(f(...)): each left row beside what it gives.

    A table function in Python is unnested too: its call gives an ARRAY of rows. Fields: the
    input's, then those of the function. LEFT keeps a row without results, with NULLs.
    """

    input: LogicalNode
    function: Unnest
    kind: CorrelateKind
    fields: Fields
