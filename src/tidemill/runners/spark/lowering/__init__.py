"""Typed expressions as Spark SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from tidemill.runners.spark.lowering import operators, scalars, temporal
from tidemill.runners.spark.lowering.casts import lower_cast
from tidemill.runners.spark.lowering.core import Called, Lowerer, Lowering
from tidemill.runners.spark.lowering.literals import lower_literal
from tidemill.runners.spark.refusals import Refuser
from tidemill.sql.expressions import Expression


def _either(name: str) -> Lowering:
    """FLOOR and CEIL: of a point in time with a unit, else of a number."""

    def lower(c: Called) -> exp.Expression | None:
        table = temporal.LOWERINGS if len(c.args) == 2 else scalars.LOWERINGS
        return table[name](c)

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    **operators.LOWERINGS,
    **scalars.LOWERINGS,
    **temporal.LOWERINGS,
    "FLOOR": _either("FLOOR"),
    "CEIL": _either("CEIL"),
}
"""Every function that runs on Spark, by Flink's name."""

_LOWERER = Lowerer(LOWERINGS, lower_cast, lower_literal)


def lower(
    expression: Expression, columns: Sequence[exp.Expression], time_zone: str, refuse: Refuser
) -> exp.Expression:
    """The Spark expression of a bound expression; column i of the input is `columns[i]`."""
    return _LOWERER.lower(expression, columns, time_zone, refuse)
