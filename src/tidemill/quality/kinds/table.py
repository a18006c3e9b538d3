"""Expectations on a whole table: its columns and their types, its count of rows, its aggregates."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tidemill.quality.kinds.base import (
    COLUMN,
    MAX,
    MIN,
    STRICT,
    Argument,
    Columns,
    Kind,
    Kwargs,
    TableMeasure,
    UnfitError,
    bounds_needed,
)
from tidemill.quality.literals import is_comparable, is_exact, literal
from tidemill.quality.type_names import is_named, type_name


def _exists(kwargs: Kwargs, columns: Columns) -> TableMeasure:
    names = columns.schema.names
    place = kwargs.get("column_index")
    there = kwargs["column"] in names
    right = there and (place is None or names.index(kwargs["column"]) == place)
    return TableMeasure(None, lambda _: right, names.index(kwargs["column"]) if there else None)


def _of_type(kwargs: Kwargs, columns: Columns) -> TableMeasure:
    type_ = columns.type(kwargs["column"])
    return TableMeasure(None, lambda _: is_named(type_, kwargs["type_"]), type_name(type_))


def _count(_: Kwargs, __: Columns) -> exp.Expression:
    return exp.Count(this=exp.Star())


def _rows_between(kwargs: Kwargs, columns: Columns) -> TableMeasure:
    return TableMeasure(_count(kwargs, columns), lambda value: _within(value, kwargs, None))


def _rows_equal(kwargs: Kwargs, columns: Columns) -> TableMeasure:
    return TableMeasure(_count(kwargs, columns), lambda value: bool(value == kwargs["value"]))


def _aggregate(function: Callable[[exp.Expression], exp.Expression], numeric: bool) -> Any:
    def rule(kwargs: Kwargs, columns: Columns) -> TableMeasure:
        name = kwargs["column"]
        type_ = columns.type(name)
        number = is_exact(type_) or pa.types.is_floating(type_)
        if (numeric and not number) or not is_comparable(type_) or pa.types.is_boolean(type_):
            raise UnfitError(f"the column `{name}` is {type_}")
        for key in ("min_value", "max_value"):
            if kwargs.get(key) is not None:
                literal(kwargs[key], pa.float64() if numeric else type_)
        compared = pa.float64() if numeric else type_
        return TableMeasure(
            function(columns.at(name)), lambda value: _within(value, kwargs, compared)
        )

    return rule


def _within(value: Any, kwargs: Kwargs, type_: pa.DataType | None) -> bool:
    """Whether an observed value lies in the range; none is in no range, nor is NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return False
    for key, flag, sign in (("min_value", "strict_min", 1), ("max_value", "strict_max", -1)):
        if kwargs.get(key) is None:
            continue
        edge = _as_type(kwargs[key], value)
        ahead = value > edge if sign > 0 else value < edge
        if not (ahead or (value == edge and not kwargs.get(flag))):
            return False
    return True


def _as_type(edge: Any, value: Any) -> Any:
    """A bound of the suite as Python compares it with an observed value."""
    if isinstance(value, Decimal):
        return Decimal(str(edge))
    if isinstance(value, dt.datetime):
        if isinstance(edge, dt.date) and not isinstance(edge, dt.datetime):
            edge = dt.datetime.combine(edge, dt.time())
        moment = edge if isinstance(edge, dt.datetime) else dt.datetime.fromisoformat(edge)
        if value.tzinfo is not None and moment.tzinfo is None:
            return moment.replace(tzinfo=dt.UTC)
        return moment
    if isinstance(value, dt.date) and isinstance(edge, str):
        return dt.date.fromisoformat(edge)
    if isinstance(value, dt.time) and isinstance(edge, str):
        return dt.time.fromisoformat(edge)
    if isinstance(value, int) and isinstance(edge, str):
        return Decimal(edge)
    return edge


def _mean(column: exp.Expression) -> exp.Expression:
    return exp.Avg(this=column)


_LIMITS = (Argument("min_value", "count"), Argument("max_value", "count"))
_RANGE = (COLUMN, MIN, MAX, *STRICT)

EXISTS = Kind(
    "expect_column_to_exist",
    (COLUMN, Argument("column_index", "count")),
    table=_exists,
    static=True,
)
OF_TYPE = Kind(
    "expect_column_values_to_be_of_type",
    (COLUMN, Argument("type_", "text", required=True)),
    table=_of_type,
    static=True,
)
ROWS_BETWEEN = Kind(
    "expect_table_row_count_to_be_between", _LIMITS, table=_rows_between, refuse=bounds_needed
)
ROWS_EQUAL = Kind(
    "expect_table_row_count_to_equal",
    (Argument("value", "count", required=True),),
    table=_rows_equal,
)
MEAN = Kind(
    "expect_column_mean_to_be_between",
    _RANGE,
    table=_aggregate(_mean, numeric=True),
    refuse=bounds_needed,
)
MINIMUM = Kind(
    "expect_column_min_to_be_between",
    _RANGE,
    table=_aggregate(lambda column: exp.Min(this=column), numeric=False),
    refuse=bounds_needed,
)
MAXIMUM = Kind(
    "expect_column_max_to_be_between",
    _RANGE,
    table=_aggregate(lambda column: exp.Max(this=column), numeric=False),
    refuse=bounds_needed,
)
