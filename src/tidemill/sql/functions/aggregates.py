"""Aggregate functions and the types they return.

A result is nullable if an argument is. The binder makes it nullable as well where a group can be
empty: without GROUP BY keys, or with FILTER.
"""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BIGINT, DOUBLE, decimal
from tidemill.sql.expressions import Call, Cast, Literal
from tidemill.sql.functions.coerce import division_decimal
from tidemill.sql.functions.json import json_item
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


def _bind_percentile(arguments: Arguments) -> BoundCall:
    """(value, percentage or array of them), the percentages as literals from 0 to 1."""
    count(arguments, 2)
    value, shares = as_number(arguments[0]), arguments[1]
    is_list = isinstance(shares, Call) and shares.function == "ARRAY"
    for share in shares.arguments if isinstance(shares, Call) and is_list else (shares,):
        literal = share.argument if isinstance(share, Cast) else share
        if not isinstance(literal, Literal) or not literal.type.is_numeric:
            raise FunctionArgumentError("takes the percentages as literals")
        if not 0 <= float(str(literal.value)) <= 1:
            raise FunctionArgumentError(f"takes percentages from 0 to 1, not {literal.value!r}")
    result = DataType(TypeRoot.ARRAY, element=DOUBLE) if is_list else DOUBLE
    return BoundCall((value, shares), result.with_nullable(True))


_JSON = DataType(TypeRoot.VARCHAR, False, length=2000)


def _bind_json_object(arguments: Arguments) -> BoundCall:
    """(what becomes of NULLs, key, value), the first put last."""
    count(arguments, 3)
    on_null, key, value = arguments
    return BoundCall((as_text(key), json_item(value), on_null), _JSON)


def _bind_json_array(arguments: Arguments) -> BoundCall:
    """(what becomes of NULLs, item), the first put last."""
    count(arguments, 2)
    return BoundCall((json_item(arguments[1]), arguments[0]), _JSON)


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
    AggregateFunction("PERCENTILE", _bind_percentile, "PERCENTILE(numeric, percentage)"),
    AggregateFunction(
        "JSON_OBJECTAGG",
        _bind_json_object,
        "JSON_OBJECTAGG([KEY] key VALUE value [ABSENT ON NULL])",
    ),
    AggregateFunction("JSON_ARRAYAGG", _bind_json_array, "JSON_ARRAYAGG(value [NULL ON NULL])"),
)

AGGREGATES: AggregateTable = {function.name: function for function in _ALL}
