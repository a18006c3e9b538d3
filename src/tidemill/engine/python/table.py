"""Table functions: what one call gives becomes a list of rows.

As in PyFlink: a tuple or a Row is one row; a list, a range or a generator are many, each of them a
tuple, a Row (by position), or the bare value of a single column; None is no row; any other value
is the one row of a single column.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from tidemill.engine.python.values import Coerce, row_coercion
from tidemill.functions import Row
from tidemill.model import DataType, TypeRoot


def rows_of(call: Callable[..., Any]) -> Callable[..., list[Any]]:
    """A call that gives its rows as a list; what a generator raises is raised by the call."""

    def called(*arguments: Any) -> list[Any]:
        result = call(*arguments)
        if result is None:
            return []
        if isinstance(result, list | range | Generator):
            return [_row(item) for item in result]
        return [_row(result)]

    return called


def _row(value: Any) -> Any:
    if isinstance(value, Row):  # by position, whatever its fields are named
        return tuple(value)
    return value if isinstance(value, tuple) else (value,)


def table_coercion(row: DataType) -> tuple[DataType, Coerce]:
    """The ARRAY of rows that calls give, and how a list of rows becomes it."""
    coerce = row_coercion(row)

    def convert(rows: list[Any]) -> list[Any]:
        return [coerce(item) for item in rows]

    return DataType(TypeRoot.ARRAY, nullable=False, element=row), convert
