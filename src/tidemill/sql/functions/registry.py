"""How a function is declared: its name, what it takes, and the type it returns.

A declaration says nothing about how an engine computes it; the lowering of each function to DuckDB
stands in `tidemill.plan.lowering`. A function that is not declared here does not exist: it is
refused by name, with its place in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tidemill.model import DataType
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression


class FunctionArgumentError(Exception):
    """The arguments do not fit; `message` completes "FUNCTION ...", `hint` says what would."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class BoundCall:
    """Arguments with all coercions made explicit (as Cast), and the type of the result."""

    arguments: tuple[Expression, ...]
    type: DataType


@dataclass(frozen=True, slots=True)
class ScalarFunction:
    """One scalar function or operator under its canonical Flink name.

    `bind` takes the bound arguments and returns them coerced with the result type, or raises
    FunctionArgumentError. `volatile` functions (UUID, RAND, CURRENT_TIMESTAMP) are computed once
    per row or query and never folded.
    """

    name: str
    bind: Callable[[Sequence[Expression]], BoundCall]
    signature: str
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """One aggregate function; `bind` as above, `retractable` says if -U and -D can be undone."""

    name: str
    bind: Callable[[Sequence[Expression]], BoundCall]
    signature: str
    retractable: bool = True


FunctionTable = Mapping[str, ScalarFunction]
AggregateTable = Mapping[str, AggregateFunction]
