"""From one typed expression to one Spark SQL expression, or a refusal by name.

A lowering is in the tables only where Spark's rows were compared with Flink's
(`tests/runners/spark/test_functions.py` runs every one against the golden files of the corpus). It
gives None for argument types that were not; that is refused like a function that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sqlglot import exp

from tidemill.model import DataType
from tidemill.records import dataclass
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.types import spark_type
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, Literal


@dataclass(frozen=True, slots=True)
class Called:
    """A call whose arguments are lowered: what a lowering function gets.

    `time_zone` is `table.local-time-zone`, which is the session's time zone in Spark.
    """

    call: Call
    args: tuple[exp.Expression, ...]
    time_zone: str

    @property
    def type(self) -> DataType:
        """The type of the result."""
        return self.call.type

    def type_of(self, index: int) -> DataType:
        """The type of an argument."""
        return self.call.arguments[index].type

    def constant(self, index: int) -> object:
        """The value of an argument that is a literal; None otherwise, or where it is absent."""
        if index >= len(self.call.arguments):
            return None
        argument = self.call.arguments[index]
        return argument.value if isinstance(argument, Literal) else None


Lowering: TypeAlias = Callable[[Called], exp.Expression | None]
CastLowering: TypeAlias = Callable[[exp.Expression, Cast, str], exp.Expression | None]
LiteralLowering: TypeAlias = Callable[[Literal], exp.Expression | None]


@dataclass(frozen=True, slots=True)
class Lowerer:
    """Walks an expression with the tables of lowerings at hand."""

    functions: Mapping[str, Lowering]
    cast: CastLowering
    literal: LiteralLowering

    def lower(
        self,
        expression: Expression,
        columns: Sequence[exp.Expression],
        time_zone: str,
        refuse: Refuser,
    ) -> exp.Expression:
        """The Spark expression; column i of the input is `columns[i]`; raises UserError."""
        if isinstance(expression, InputRef):
            if spark_type(expression.type) is None:
                refuse.type(expression.type, expression.span)
            return columns[expression.index].copy()
        if isinstance(expression, Literal):
            made = self.literal(expression)
            return made if made is not None else refuse.type(expression.type, expression.span)
        if isinstance(expression, Cast):
            argument = self.lower(expression.argument, columns, time_zone, refuse)
            made = self.cast(argument, expression, time_zone)
            return made if made is not None else refuse.cast(expression)
        if expression.user is not None:
            return refuse.it(f"the Python function {expression.function}", expression.span)
        args = tuple(self.lower(a, columns, time_zone, refuse) for a in expression.arguments)
        lowering = self.functions.get(expression.function)
        made = lowering(Called(expression, args, time_zone)) if lowering is not None else None
        return made if made is not None else refuse.function(expression)
