"""Two columns of one row compared."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from tidemill.plan.checks import RowConditions, all_of, any_of
from tidemill.quality.kinds.base import (
    MOSTLY,
    Argument,
    Columns,
    Kind,
    Kwargs,
    UnfitError,
    is_null,
    never_null,
)
from tidemill.quality.literals import is_comparable, is_exact


def _greater(kwargs: Kwargs, columns: Columns) -> RowConditions:
    names = (kwargs["column_A"], kwargs["column_B"])
    one, other = (columns.type(name) for name in names)
    same = one == other or _family(one) == _family(other)
    if not (same and is_comparable(one) and is_comparable(other)):
        raise UnfitError(f"{one} and {other} cannot be compared")
    a, b = (columns.at(name) for name in names)
    greater: exp.Expression = (exp.GTE if kwargs.get("or_equal") else exp.GT)(this=a, expression=b)
    if pa.types.is_floating(one) or pa.types.is_floating(other):
        nan = [
            exp.Not(this=exp.IsNan(this=columns.at(name)))
            for name in names
            if pa.types.is_floating(columns.type(name))
        ]
        greater = all_of([greater, *nan])
    nulls = [is_null(columns.at(name)) for name in names]
    match kwargs.get("ignore_row_if", "both_values_are_missing"):
        case "both_values_are_missing":
            considered: exp.Expression = exp.Not(this=exp.Paren(this=all_of(nulls)))
        case "either_value_is_missing":
            considered = exp.Not(this=exp.Paren(this=any_of(nulls)))
        case _:
            considered = exp.true()
    return RowConditions(considered, exp.Not(this=never_null(greater)))


def _family(type_: pa.DataType) -> str:
    """What may be compared with each other."""
    if is_exact(type_) or pa.types.is_floating(type_):
        return "number"
    if pa.types.is_timestamp(type_):
        return "instant" if type_.tz else "timestamp"
    return str(type_)


PAIR = Kind(
    "expect_column_pair_values_a_to_be_greater_than_b",
    (
        Argument("column_A", "column", required=True),
        Argument("column_B", "column", required=True),
        Argument("or_equal", "flag"),
        Argument(
            "ignore_row_if",
            "choice",
            choices=("both_values_are_missing", "either_value_is_missing", "neither"),
        ),
        MOSTLY,
    ),
    _greater,
)
