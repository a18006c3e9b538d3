"""Mathematical functions."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import DOUBLE, INT, decimal
from tidemill.sql.functions.coerce import round_decimal
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    any_nullable,
    as_double,
    as_int,
    as_number,
    count,
    fixed,
    literal_int,
    table,
)


def _bind_same(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    argument = as_number(arguments[0])
    return BoundCall((argument,), argument.type)


def bind_whole(arguments: Arguments) -> BoundCall:
    """FLOOR and CEIL of a number: a decimal loses its scale, other types stay."""
    count(arguments, 1)
    argument = as_number(arguments[0])
    result = argument.type
    if result.root is TypeRoot.DECIMAL:
        result = decimal(result.precision or 10, 0, result.nullable)
    return BoundCall((argument,), result)


def _bind_round(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 2)
    value = as_number(arguments[0])
    digits: int | None = 0
    if len(arguments) == 2:
        digits = literal_int(arguments[1])
    result: DataType = value.type
    if digits is None:
        raise FunctionArgumentError(
            "takes an integer literal as the number of digits", hint="Write the number itself."
        )
    if result.root is TypeRoot.DECIMAL:
        result = round_decimal(result.precision or 10, result.scale or 0, digits)
    bound = (value, *(as_int(a) for a in arguments[1:]))
    return BoundCall(bound, result.with_nullable(any_nullable(arguments)))


def _bind_log(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 2)
    bound = tuple(as_double(a) for a in arguments)
    return BoundCall(bound, DOUBLE.with_nullable(any_nullable(arguments)))


def _bind_rand(arguments: Arguments) -> BoundCall:
    if arguments:
        raise FunctionArgumentError(
            "takes no seed here", hint="Write RAND(): Flink's seeded sequence is Java's own."
        )
    return BoundCall((), DOUBLE.with_nullable(False))


def _bind_sign(arguments: Arguments) -> BoundCall:
    return _bind_same(arguments)


_OF_DOUBLE = tuple(
    "SQRT EXP LN LOG10 LOG2 SIN COS TAN ASIN ACOS ATAN SINH COSH TANH COT DEGREES RADIANS".split()  # noqa: SIM905
)

FUNCTIONS: FunctionTable = table(
    ScalarFunction("ABS", _bind_same, "ABS(numeric)"),
    ScalarFunction("SIGN", _bind_sign, "SIGN(numeric)"),
    ScalarFunction("ROUND", _bind_round, "ROUND(numeric [, digits])"),
    ScalarFunction("TRUNCATE", _bind_round, "TRUNCATE(numeric [, digits])"),
    ScalarFunction("POWER", fixed(as_double, as_double, returns=DOUBLE), "POWER(base, exponent)"),
    ScalarFunction("ATAN2", fixed(as_double, as_double, returns=DOUBLE), "ATAN2(y, x)"),
    ScalarFunction("LOG", _bind_log, "LOG([base,] numeric)"),
    ScalarFunction("PI", fixed(returns=DOUBLE, nullable=False), "PI()"),
    ScalarFunction("E", fixed(returns=DOUBLE, nullable=False), "E()"),
    ScalarFunction("RAND", _bind_rand, "RAND()", volatile=True),
    ScalarFunction(
        "RAND_INTEGER", fixed(as_int, returns=INT), "RAND_INTEGER(bound)", volatile=True
    ),
    *(
        ScalarFunction(name, fixed(as_double, returns=DOUBLE), f"{name}(numeric)")
        for name in _OF_DOUBLE
    ),
)
