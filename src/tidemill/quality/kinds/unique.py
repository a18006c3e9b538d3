"""Values, or combinations of values, that occur once: every row of a repeated one misses it."""

from __future__ import annotations

from sqlglot import exp

from tidemill.plan.checks import RowConditions, all_of, any_of
from tidemill.quality.kinds.base import (
    COLUMN,
    MOSTLY,
    Argument,
    Columns,
    Kind,
    Kwargs,
    is_not_null,
    is_null,
)


def _repeated(keys: list[exp.Expression]) -> exp.Expression:
    count = exp.Window(this=exp.Count(this=exp.Star()), partition_by=keys)
    return exp.GT(this=count, expression=exp.Literal.number(1))


def _unique(kwargs: Kwargs, columns: Columns) -> RowConditions:
    at = columns.at(kwargs["column"])
    return RowConditions(is_not_null(at), _repeated([at.copy()]))


def _compound(kwargs: Kwargs, columns: Columns) -> RowConditions:
    names = kwargs["column_list"]
    nulls = [is_null(columns.at(name)) for name in names]
    match kwargs.get("ignore_row_if", "all_values_are_missing"):
        case "all_values_are_missing":
            considered: exp.Expression = exp.Not(this=exp.Paren(this=all_of(nulls)))
        case "any_value_is_missing":
            considered = exp.Not(this=exp.Paren(this=any_of(nulls)))
        case _:
            considered = exp.true()
    return RowConditions(considered, _repeated([columns.at(name) for name in names]))


def _two(kwargs: Kwargs) -> str | None:
    return None if len(kwargs["column_list"]) > 1 else "`column_list` needs two columns or more"


UNIQUE = Kind("expect_column_values_to_be_unique", (COLUMN, MOSTLY), _unique, whole=True)
COMPOUND = Kind(
    "expect_compound_columns_to_be_unique",
    (
        Argument("column_list", "columns", required=True),
        Argument(
            "ignore_row_if",
            "choice",
            choices=("all_values_are_missing", "any_value_is_missing", "never"),
        ),
        MOSTLY,
    ),
    _compound,
    whole=True,
    refuse=_two,
)
