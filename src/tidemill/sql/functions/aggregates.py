"""Aggregate functions and the types they return.

A result is nullable if an argument is. The binder makes it nullable as well where a group can be
empty: without GROUP BY keys, or with FILTER.
"""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BIGINT, decimal
from tidemill.sql.functions.coerce import division_decimal
from tidemill.sql.functions.registry import (
    AggregateFunction,
    AggregateTable,
    BoundCall,
    FunctionArgumentError,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    Bind,
    any_nullable,
    as_any,
    as_number,
    as_text,
    count,
    literal_text,
)

_NOT_NULL_BIGINT = BIGINT.with_nullable(False)
_UNORDERED = (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.MULTISET, TypeRoot.ROW)


def _bind_count(arguments: Arguments) -> BoundCall:
    return BoundCall(tuple(as_any(a) for a in arguments), _NOT_NULL_BIGINT)


def _bind_sum(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = as_number(arguments[0])
    result = value.type
    if result.root is TypeRoot.DECIMAL:
        result = decimal(38, result.scale or 0, result.nullable)
    return BoundCall((value,), result)


def average_type(type_: DataType) -> DataType:
    """The type of AVG, and of the variances, over a type."""
    if type_.root is not TypeRoot.DECIMAL:
        return type_
    quotient = division_decimal(decimal(38, type_.scale or 0), decimal(20, 0))
    return quotient.with_nullable(type_.nullable)


def _bind_avg(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = as_number(arguments[0])
    return BoundCall((value,), average_type(value.type))


def _bind_extreme(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = as_any(arguments[0])
    if value.type.root in _UNORDERED:
        raise FunctionArgumentError(f"cannot order values of {value.type.sql()}")
    return BoundCall((value,), value.type)


def _bind_value(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = as_any(arguments[0])
    return BoundCall((value,), value.type)


def _bind_listagg(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 2)
    bound = tuple(as_text(a) for a in arguments)
    if len(bound) == 2:
        literal_text(bound[1], "the separator")
    return BoundCall(bound, bound[0].type.with_nullable(any_nullable(arguments)))


def _collection(root: TypeRoot) -> Bind:
    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 1)
        value = as_any(arguments[0])
        nullable = root is TypeRoot.ARRAY and value.type.nullable
        return BoundCall((value,), DataType(root, nullable, element=value.type))

    return bind


def _bind_approximate_count(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    return BoundCall((as_any(arguments[0]),), _NOT_NULL_BIGINT)


_ALL = (
    AggregateFunction("COUNT", _bind_count, "COUNT(*), COUNT([DISTINCT] value, ...)"),
    AggregateFunction("SUM", _bind_sum, "SUM([DISTINCT] numeric)"),
    AggregateFunction("AVG", _bind_avg, "AVG([DISTINCT] numeric)"),
    AggregateFunction("MIN", _bind_extreme, "MIN(value)"),
    AggregateFunction("MAX", _bind_extreme, "MAX(value)"),
    AggregateFunction("STDDEV_POP", _bind_avg, "STDDEV_POP(numeric)"),
    AggregateFunction("STDDEV_SAMP", _bind_avg, "STDDEV_SAMP(numeric)"),
    AggregateFunction("VAR_POP", _bind_avg, "VAR_POP(numeric)"),
    AggregateFunction("VAR_SAMP", _bind_avg, "VAR_SAMP(numeric)"),
    AggregateFunction("FIRST_VALUE", _bind_value, "FIRST_VALUE(value)"),
    AggregateFunction("LAST_VALUE", _bind_value, "LAST_VALUE(value)"),
    AggregateFunction("LISTAGG", _bind_listagg, "LISTAGG([DISTINCT] string [, separator])"),
    AggregateFunction("COLLECT", _collection(TypeRoot.MULTISET), "COLLECT([DISTINCT] value)"),
    AggregateFunction("ARRAY_AGG", _collection(TypeRoot.ARRAY), "ARRAY_AGG([DISTINCT] value)"),
    AggregateFunction(
        "APPROX_COUNT_DISTINCT",
        _bind_approximate_count,
        "APPROX_COUNT_DISTINCT(value)",
        retractable=False,
    ),
)

AGGREGATES: AggregateTable = {function.name: function for function in _ALL}
