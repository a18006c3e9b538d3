"""Functions that DuckDB has not, or not as Java has them, over Arrow columns.

A lowering calls one by its name (they begin with `flink_`); the engine registers those that a query
names with its connection. They run once per vector of rows and per distinct value in it; where
DuckDB can compute the same itself, a lowering lets it.
"""

from __future__ import annotations

import re
from inspect import Parameter, Signature
from typing import Any

import pyarrow as pa

from tidemill.plan.lowering.arrow import (
    floats,
    hashes,
    json,
    printf,
    regex,
    simple_dates,
    texts,
    urls,
)
from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError

ARROW_FUNCTIONS: ArrowTable = {
    **floats.FUNCTIONS,
    **hashes.FUNCTIONS,
    **regex.FUNCTIONS,
    **json.FUNCTIONS,
    **texts.FUNCTIONS,
    **simple_dates.FUNCTIONS,
    **printf.FUNCTIONS,
    **urls.FUNCTIONS,
}
_NAME = re.compile(r"\bflink_[a-z0-9_]+", re.IGNORECASE)


def register(connection: Any, query: str) -> None:
    """Make the functions that `query` names known to a DuckDB connection.

    Args:
        connection: a `duckdb.DuckDBPyConnection`; it must be closed in the end.
        query: text in DuckDB's dialect.
    """
    names = set(map(str.lower, _NAME.findall(query))) & ARROW_FUNCTIONS.keys()
    if not names:
        return
    known = connection.sql(
        "SELECT function_name FROM duckdb_functions() WHERE function_name LIKE 'flink_%'"
    ).fetchall()
    for name in sorted(names - {row[0] for row in known}):
        function = ARROW_FUNCTIONS[name]
        connection.create_function(
            name,
            _with_arity(function),
            list(function.parameters),
            function.result,
            type="arrow",
            null_handling="special",
        )


def _with_arity(function: ArrowFunction) -> Any:
    """The function with as many parameters as DuckDB shall see."""

    def compute(*columns: pa.Array) -> pa.Array:
        return function.compute(*columns)

    names = (f"a{i}" for i in range(len(function.parameters)))
    compute.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    )
    return compute


__all__ = ["ARROW_FUNCTIONS", "ArrowFunction", "BadValueError", "register"]
