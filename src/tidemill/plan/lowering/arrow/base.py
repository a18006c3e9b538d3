"""What an Arrow function is, and the usual way to make one of a plain function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pyarrow as pa

from tidemill.records import dataclass

Compute: TypeAlias = Callable[..., pa.Array]


class BadValueError(Exception):
    """A row that cannot be computed; the message carries a declared code in brackets."""

    def __init__(self, message: str) -> None:
        super().__init__(f"[engine.invalid-argument] {message}")


@dataclass(frozen=True, slots=True)
class ArrowFunction:
    """A function over Arrow columns: DuckDB types of its parameters and result, and how.

    `compute` takes one array per parameter, all of one length, and gives an array of that length;
    it raises BadValueError for a row that must fail.
    """

    parameters: tuple[str, ...]
    result: str
    compute: Compute


ArrowTable: TypeAlias = Mapping[str, ArrowFunction]


def per_value(value: Callable[..., Any], type_: pa.DataType, *, nulls: bool = False) -> Compute:
    """Each distinct row of arguments is computed once; NULL where any is NULL, unless `nulls`."""

    def compute(*columns: pa.Array) -> pa.Array:
        known: dict[tuple[Any, ...], Any] = {}
        found = []
        for row in zip(*(_hashable(column) for column in columns), strict=True):
            if row not in known:
                known[row] = None if not nulls and None in row else value(*row)
            found.append(known[row])
        return pa.array(found, type_)

    return compute


def _hashable(column: pa.Array) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if pa.types.is_list(column.type):
        return [None if value is None else tuple(value) for value in values]
    return values
