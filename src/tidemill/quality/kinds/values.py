"""Expectations on the values of one column, row by row: not null, between, in a set, a pattern.

A NULL is looked at by `..._not_be_null` only; NaN is a value that lies between nothing.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from sqlglot import exp

from tidemill.plan.checks import RowConditions, all_of
from tidemill.quality.kinds.base import (
    COLUMN,
    MAX,
    MIN,
    MOSTLY,
    STRICT,
    Argument,
    Columns,
    Kind,
    Kwargs,
    UnfitError,
    bounds_needed,
    is_not_null,
    is_null,
    never_null,
)
from tidemill.quality.literals import bound, is_comparable, is_text, literal


def _not_null(kwargs: Kwargs, columns: Columns) -> RowConditions:
    return RowConditions(exp.true(), is_null(columns.at(kwargs["column"])))


def between(kwargs: Kwargs, type_: pa.DataType, value: exp.Expression) -> exp.Expression:
    """Whether a value lies between `min_value` and `max_value`; raises UnfitError."""
    if pa.types.is_boolean(type_) or not is_comparable(type_):
        raise UnfitError(f"a column of the type {type_} has no range")
    found: list[exp.Expression] = []
    if kwargs.get("min_value") is not None:
        strict = bool(kwargs.get("strict_min"))
        low = bound(kwargs["min_value"], type_, lower=True, strict=strict)
        found.append((exp.GT if low.strict else exp.GTE)(this=value.copy(), expression=low.value))
    if kwargs.get("max_value") is not None:
        strict = bool(kwargs.get("strict_max"))
        high = bound(kwargs["max_value"], type_, lower=False, strict=strict)
        found.append((exp.LT if high.strict else exp.LTE)(this=value.copy(), expression=high.value))
    if pa.types.is_floating(type_):
        found.append(exp.Not(this=exp.IsNan(this=value.copy())))
    return all_of(found)


def _between(kwargs: Kwargs, columns: Columns) -> RowConditions:
    name = kwargs["column"]
    inside = between(kwargs, columns.type(name), columns.at(name))
    return _where_not_null(columns, name, exp.Not(this=never_null(inside)))


def _in_set(kwargs: Kwargs, columns: Columns) -> RowConditions:
    return _where_not_null(
        columns, kwargs["column"], exp.Not(this=never_null(_among(kwargs, columns)))
    )


def _not_in_set(kwargs: Kwargs, columns: Columns) -> RowConditions:
    return _where_not_null(columns, kwargs["column"], never_null(_among(kwargs, columns)))


def _among(kwargs: Kwargs, columns: Columns) -> exp.Expression:
    name = kwargs["column"]
    type_ = columns.type(name)
    if not is_comparable(type_):
        raise UnfitError(f"a column of the type {type_} cannot be compared with a set")
    values = [literal(value, type_) for value in kwargs["value_set"] if value is not None]
    if not values:
        return exp.false()
    return exp.In(this=columns.at(name), expressions=values)


def _regex(kwargs: Kwargs, columns: Columns) -> RowConditions:
    name = kwargs["column"]
    if not is_text(columns.type(name)):
        raise UnfitError(f"the column `{name}` is {columns.type(name)}, and a pattern needs text")
    pattern = exp.Literal.string(kwargs["regex"])
    found = exp.Anonymous(this="regexp_matches", expressions=[columns.at(name), pattern])
    return _where_not_null(columns, name, exp.Not(this=never_null(found)))


def _where_not_null(columns: Columns, name: str, unexpected: exp.Expression) -> RowConditions:
    return RowConditions(is_not_null(columns.at(name)), unexpected)


def _pattern(kwargs: Kwargs) -> str | None:
    try:
        duckdb.connect(":memory:").execute("SELECT regexp_matches('', $1)", [kwargs["regex"]])
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].partition(": ")[2]
        return f"`regex` is not a pattern of RE2: {reason}"
    return None


_SET = Argument("value_set", "values", required=True)

NOT_NULL = Kind("expect_column_values_to_not_be_null", (COLUMN, MOSTLY), _not_null)
BETWEEN = Kind(
    "expect_column_values_to_be_between",
    (COLUMN, MIN, MAX, *STRICT, MOSTLY),
    _between,
    refuse=bounds_needed,
)
IN_SET = Kind("expect_column_values_to_be_in_set", (COLUMN, _SET, MOSTLY), _in_set)
NOT_IN_SET = Kind("expect_column_values_to_not_be_in_set", (COLUMN, _SET, MOSTLY), _not_in_set)
REGEX = Kind(
    "expect_column_values_to_match_regex",
    (COLUMN, Argument("regex", "text", required=True), MOSTLY),
    _regex,
    refuse=_pattern,
)
