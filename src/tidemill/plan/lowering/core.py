"""From one typed expression to one DuckDB expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sqlglot import exp

from tidemill.model import DataType
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, Literal

UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Lowered:
    """A call whose arguments are lowered: what a lowering function gets.

    `time_zone` is `table.local-time-zone`.
    """

    call: Call
    args: tuple[exp.Expression, ...]
    time_zone: str = UTC

    @property
    def type(self) -> DataType:
        """The type of the result."""
        return self.call.type

    def type_of(self, index: int) -> DataType:
        """The type of an argument."""
        return self.call.arguments[index].type

    def constant(self, index: int) -> object:
        """The value of an argument that is a literal."""
        argument = self.call.arguments[index]
        return argument.value if isinstance(argument, Literal) else None


Lowering: TypeAlias = Callable[[Lowered], exp.Expression]
CastLowering: TypeAlias = Callable[[exp.Expression, DataType, DataType, bool, str], exp.Expression]
LiteralLowering: TypeAlias = Callable[[Literal], exp.Expression]


@dataclass(frozen=True, slots=True)
class Lowerer:
    """Walks an expression with the tables of lowerings at hand."""

    functions: Mapping[str, Lowering]
    cast: CastLowering
    literal: LiteralLowering

    def lower(
        self, expression: Expression, columns: Sequence[str], time_zone: str
    ) -> exp.Expression:
        """The DuckDB expression; column i of the input is `columns[i]`."""
        if isinstance(expression, InputRef):
            return exp.column(exp.to_identifier(columns[expression.index], quoted=True))
        if isinstance(expression, Literal):
            return self.literal(expression)
        if isinstance(expression, Cast):
            argument = self.lower(expression.argument, columns, time_zone)
            source = expression.argument.type
            return self.cast(argument, source, expression.type, expression.safe, time_zone)
        args = tuple(self.lower(a, columns, time_zone) for a in expression.arguments)
        return self.functions[expression.function](Lowered(expression, args, time_zone))
