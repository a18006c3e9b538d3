"""How a user writes Python functions for `CREATE FUNCTION ... LANGUAGE PYTHON`.

One module serves two engines. On the embedded engine the decorators note down a function and its
types. Inside PyFlink, where `pyflink` can be imported, they return PyFlink's own objects, so the
same file runs on Flink. This package imports nothing else of Tidemill and nothing beyond the
standard library: it travels to Flink alone.

    from tidemill.functions import udf

    @udf
    def shout(text: str) -> str:
        return None if text is None else text.upper() + "!"

Types are Flink's, as text (`"DECIMAL(10, 2)"`, `"ARRAY<STRING>"`), or come from annotations:
`str` STRING, `int` BIGINT, `float` DOUBLE, `bool` BOOLEAN, `bytes` BYTES, `decimal.Decimal`
DECIMAL(38, 18), `datetime.date` DATE, `datetime.time` TIME, `datetime.datetime` TIMESTAMP(6),
`list[T]` ARRAY, `dict[K, V]` MAP; `T | None` is T. Without argument types a function takes
arguments of any type. A NULL is None, going in and coming out.
"""

from tidemill.functions.declare import UserFunction, udaf, udf, udtf
from tidemill.functions.kinds import (
    AggregateFunction,
    FunctionContext,
    Row,
    ScalarFunction,
    TableFunction,
)

__all__ = [
    "AggregateFunction",
    "FunctionContext",
    "Row",
    "ScalarFunction",
    "TableFunction",
    "UserFunction",
    "udaf",
    "udf",
    "udtf",
]
