"""Aggregate functions as Spark SQL; those whose result depends on the order of rows are refused."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.runners.spark.lowering import lower
from tidemill.runners.spark.lowering.build import binary, cast, fn
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.types import spark_type
from tidemill.sql.expressions import AggregateCall

_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)


def lower_aggregate(
    call: AggregateCall, columns: Sequence[exp.Expression], time_zone: str, refuse: Refuser
) -> exp.Expression:
    """The aggregate over rows with these columns; raises UserError."""
    if call.user is not None:
        refuse.it(f"the Python function {call.function}", call.span)
    args = [lower(argument, columns, time_zone, refuse) for argument in call.arguments]
    kept = lower(call.filter, columns, time_zone, refuse) if call.filter is not None else None
    made = _made(call, args, kept)
    if made is None:
        types = ", ".join(argument.type.sql() for argument in call.arguments)
        refuse.it(f"{call.function}({types})", call.span)
    return made


def _made(
    call: AggregateCall, args: list[exp.Expression], kept: exp.Expression | None
) -> exp.Expression | None:
    def over(name: str, *given: exp.Expression) -> exp.Expression:
        arguments = list(given)
        if call.distinct:
            arguments = [exp.Distinct(expressions=arguments)]
        made = fn(name, *arguments)
        return (
            made if kept is None else exp.Filter(this=made, expression=exp.Where(this=kept.copy()))
        )

    if call.function == "COUNT":
        if not call.arguments:
            return over("count", exp.Star())
        if len(args) > 1 or (call.arguments[0].type.root in _APPROXIMATE and call.distinct):
            return None
        return over("count", *args)
    kind = call.arguments[0].type if call.arguments else call.type
    to = spark_type(call.type)
    if to is None or len(args) != 1:
        return None
    if call.function in ("MIN", "MAX"):
        return over(call.function.lower(), *args)
    if not kind.is_numeric or (call.distinct and kind.root in _APPROXIMATE):
        return None
    if call.function == "SUM":
        made = over("sum", *args)
        return made if kind.root in (TypeRoot.BIGINT, TypeRoot.DOUBLE) else cast(made, to)
    if call.function == "AVG":
        return _average(call, over("sum", *args), over("count", *args), to)
    return None


def _average(
    call: AggregateCall, total: exp.Expression, count: exp.Expression, to: str
) -> exp.Expression | None:
    """As Flink divides: whole numbers give a whole number, decimals a decimal."""
    if call.type.is_integer:
        return cast(binary(exp.IntDiv, total, count), to)
    if call.type.root is TypeRoot.DECIMAL:
        scale = call.arguments[0].type.scale or 0
        whole = cast(total, f"DECIMAL(38, {scale})")
        return cast(binary(exp.Div, whole, cast(count, "DECIMAL(20, 0)")), to)
    made = binary(exp.Div, total, count)
    return cast(made, to) if call.type.root is TypeRoot.FLOAT else made
