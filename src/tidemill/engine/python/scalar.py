"""Scalar functions and models over a batch's columns.

Guarantees: a row-wise function is called once for each row, in order. A vectorised one is called
once per batch; where it raises, halves of the batch are tried until the rows that break it are
found. A row whose call fails, or whose result does not fit, is named; the others have a value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from tidemill.engine.python.failures import Failure, call_rows, failure
from tidemill.engine.python.table import rows_of, table_coercion
from tidemill.engine.python.values import (
    Coerce,
    ResultError,
    coercion,
    fits,
    from_python,
    to_python,
)
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType

Columns = Sequence[pa.Array | pa.ChunkedArray]


def evaluate(
    function: PythonFunction, columns: Columns, types: Sequence[DataType], rows: int
) -> tuple[pa.Array, list[Failure]]:
    """The results for `rows` rows (NULL where a call failed), and the failures by index."""
    if function.loaded.arrow or function.kind == "model":
        return _vectorised(
            function, [_one(c, t) for c, t in zip(columns, types, strict=True)], rows
        )
    values = [to_python(column, type_) for column, type_ in zip(columns, types, strict=True)]
    call = callable_of(function)
    if function.kind == "table":
        results, failures = call_rows(function, rows_of(call), values, rows)
        return coerced(function, results, failures, table_coercion(function.result_type))
    results, failures = call_rows(function, call, values, rows)
    return coerced(function, results, failures)


def callable_of(function: PythonFunction) -> Callable[..., Any]:
    """What is called for a row: `eval` of an object, else the function itself."""
    call: Callable[..., Any] = getattr(function.loaded.function, "eval", function.loaded.function)
    return call


def coerced(
    function: PythonFunction,
    results: list[Any],
    failures: list[Failure],
    rows: tuple[DataType, Coerce] | None = None,
) -> tuple[pa.Array, list[Failure]]:
    """Results as a column of the function's type; those that do not fit are more failures.

    `rows` is the type, and how a result becomes it, of a table function.
    """
    type_ = function.result_type if rows is None else rows[0]
    if rows is None and not failures and fits(results, type_):
        try:
            return from_python(results, type_), failures
        except (pa.ArrowException, OverflowError, UnicodeError):
            pass  # some value is out of range: find out which
    coerce = coercion(type_) if rows is None else rows[1]
    failed = {f.index for f in failures}
    found = list(failures)
    values: list[Any] = []
    for index, result in enumerate(results):
        if index in failed:
            values.append(None)
            continue
        try:
            values.append(coerce(result))
        except ResultError as error:
            found.append(failure(function, index, error))
            values.append(None)
    return from_python(values, type_), sorted(found, key=lambda f: f.index)


def _one(column: pa.Array | pa.ChunkedArray, type_: DataType) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
    return column if column.type == type_.arrow() else column.cast(type_.arrow())


def _vectorised(
    function: PythonFunction, columns: Sequence[pa.Array], rows: int
) -> tuple[pa.Array, list[Failure]]:
    if rows == 0:
        return pa.array([], function.result_type.arrow()), []
    try:
        return _whole(function, columns, rows), []
    except (Exception, SystemExit) as error:
        if rows == 1:
            return pa.nulls(1, function.result_type.arrow()), [failure(function, 0, error)]
    half = rows // 2
    left, lost = _vectorised(function, [c.slice(0, half) for c in columns], half)
    right, more = _vectorised(function, [c.slice(half) for c in columns], rows - half)
    moved = [Failure(f.index + half, f.code, f.message) for f in more]
    return pa.concat_arrays([left, right]), [*lost, *moved]


def _whole(function: PythonFunction, columns: Sequence[pa.Array], rows: int) -> pa.Array:
    """One call; raises what the function raises, and ResultError."""
    type_ = function.result_type
    if function.kind == "model":
        parts = function.loaded.function.predict(columns)
        names = [field.name for field in type_.fields]
        fields = [_fitting(p, f.type, rows) for p, f in zip(parts, type_.fields, strict=True)]
        return pa.StructArray.from_arrays(fields, fields=list(type_.arrow())) if names else parts
    return _fitting(callable_of(function)(*columns), type_, rows)


def _fitting(result: Any, type_: DataType, rows: int) -> pa.Array:
    if not isinstance(result, pa.Array | pa.ChunkedArray):
        raise ResultError(f"it returned {type(result).__name__}, not an Arrow array")
    if len(result) != rows:
        raise ResultError(f"it returned {len(result)} values for {rows} rows")
    try:
        column = _one(result, type_)
    except (pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultError(
            f"it returned {result.type} for the type {type_.sql()}: {reason}"
        ) from None
    if column.null_count and not type_.nullable:
        raise ResultError(f"it returned NULL for the type {type_.sql()} NOT NULL")
    return column
