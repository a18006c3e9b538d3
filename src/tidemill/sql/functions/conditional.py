"""Conditional functions: CASE, IF, COALESCE, NULLIF, IFNULL, GREATEST, LEAST."""

from __future__ import annotations

import re

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import STRING
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.coerce import cast_to
from tidemill.sql.functions.operators import compared_type, operand
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    any_nullable,
    as_any,
    as_boolean,
    as_text,
    count,
    fixed,
    is_null_literal,
    shared_type,
    table,
)


def _check_one_kind_of_timestamp(arguments: Arguments) -> None:
    roots = {a.type.root for a in arguments}
    if {TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ} <= roots:
        raise FunctionArgumentError(
            "mixes TIMESTAMP and TIMESTAMP_LTZ", hint="Cast the values to one of the two."
        )


def _bind_case(arguments: Arguments) -> BoundCall:
    count(arguments, 3, None)
    if len(arguments) % 2 == 0:
        raise FunctionArgumentError("takes conditions and values in pairs, then the ELSE value")
    conditions = arguments[:-1:2]
    values = (*arguments[1::2], arguments[-1])
    _check_one_kind_of_timestamp(values)
    shared = shared_type(values, "its values")
    bound: list[Expression] = []
    for condition, value in zip(conditions, values, strict=False):
        bound += [as_boolean(condition), cast_to(value, shared)]
    bound.append(cast_to(values[-1], shared))
    return BoundCall(tuple(bound), shared.with_nullable(any_nullable(values)))


def _bind_if(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    condition, *values = arguments
    _check_one_kind_of_timestamp(values)
    shared = shared_type(values, "its values")
    bound = (as_boolean(condition), *(cast_to(v, shared) for v in values))
    return BoundCall(bound, shared.with_nullable(any_nullable(arguments)))


def _bind_coalesce(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    _check_one_kind_of_timestamp(arguments)
    shared = shared_type(arguments)
    nullable = all(any_nullable((a,)) for a in arguments)
    return BoundCall(tuple(cast_to(a, shared) for a in arguments), shared.with_nullable(nullable))


def _bind_ifnull(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    return _bind_coalesce(arguments)


def _bind_nullif(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    value, other = arguments
    if is_null_literal(value):
        value = as_any(value)
    shared = compared_type(value, other, ordered=False)
    # The value is given back as it was; only the comparison happens in the shared type.
    bound = (value, operand(value, shared), operand(other, shared))
    return BoundCall(bound, value.type.with_nullable(True))


def _bind_extreme(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    _check_one_kind_of_timestamp(arguments)
    shared = shared_type(arguments)
    coerced = tuple(cast_to(a, shared) for a in arguments)
    return BoundCall(coerced, shared.with_nullable(any_nullable(arguments)))


def _summary(type_: DataType, *, whole: bool) -> str:
    """A type as Flink writes it, lengths of strings only where `whole`."""
    text = str(type_)
    if type_.is_interval:
        month = type_.root is TypeRoot.INTERVAL_YEAR_MONTH
        text = "INTERVAL MONTH" if month else "INTERVAL SECOND(3)"
        text += "" if type_.nullable else " NOT NULL"
    if whole:
        text = re.sub(r"\bSTRING\b", "VARCHAR(2147483647)", text)
        text = re.sub(r"\bBYTES\b", "VARBINARY(2147483647)", text)
    return text


def _bind_typeof(arguments: Arguments) -> BoundCall:
    """The text is known now: it becomes the one argument."""
    count(arguments, 1, 2)
    whole = False
    if len(arguments) == 2:
        flag = arguments[1]
        if not isinstance(flag, Literal) or not isinstance(flag.value, bool):
            raise FunctionArgumentError("takes TRUE or FALSE as the second argument")
        whole = flag.value
    written = Literal(_summary(arguments[0].type, whole=whole), STRING.with_nullable(False))
    return BoundCall((written,), STRING)


FUNCTIONS: FunctionTable = table(
    ScalarFunction("CURRENT_DATABASE", fixed(as_text, returns=STRING), "CURRENT_DATABASE()"),
    ScalarFunction("TYPEOF", _bind_typeof, "TYPEOF(value [, whole])"),
    ScalarFunction("CASE", _bind_case, "CASE WHEN condition THEN value ... [ELSE value] END"),
    ScalarFunction("IF", _bind_if, "IF(condition, value, value)"),
    ScalarFunction("COALESCE", _bind_coalesce, "COALESCE(value, ...)"),
    ScalarFunction("IFNULL", _bind_ifnull, "IFNULL(value, value)"),
    ScalarFunction("NULLIF", _bind_nullif, "NULLIF(value, value)"),
    ScalarFunction("GREATEST", _bind_extreme, "GREATEST(value, ...)"),
    ScalarFunction("LEAST", _bind_extreme, "LEAST(value, ...)"),
)
