"""What a kind of expectation is: its arguments, and its conditions over typed columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
from sqlglot import exp

from tidemill.plan.checks import RowConditions
from tidemill.records import dataclass

Kwargs = Mapping[str, Any]
ArgumentType = Literal[
    "column", "columns", "value", "values", "number", "count", "share", "flag", "text", "choice"
]


class UnfitError(Exception):
    """An expectation does not fit the columns at hand; the message says why."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One keyword argument of an expectation; `choices` belong to the type `choice`."""

    name: str
    type: ArgumentType
    required: bool = False
    choices: tuple[str, ...] = ()


class Columns:
    """The columns of a table or stream: their types, and how a condition names each."""

    def __init__(self, schema: pa.Schema, at: Callable[[str], exp.Expression]) -> None:
        self.schema = schema
        self._at = at

    def type(self, name: str) -> pa.DataType:
        """A column's type; raises UnfitError where there is no such column."""
        if name not in self.schema.names:
            known = ", ".join(self.schema.names)
            raise UnfitError(f"there is no column `{name}` (columns: {known})")
        return self.schema.field(name).type

    def at(self, name: str) -> exp.Expression:
        """A column in a condition."""
        self.type(name)
        return self._at(name)


@dataclass(frozen=True, slots=True)
class TableMeasure:
    """One value of a whole table, and whether it is as expected.

    `value` is an aggregate, or None where `observed` is known from the columns alone.
    """

    value: exp.Expression | None
    holds: Callable[[Any], bool]
    observed: Any = None


RowRule = Callable[[Kwargs, Columns], RowConditions]
TableRule = Callable[[Kwargs, Columns], TableMeasure]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of expectation: `rows` or `table` is set.

    A kind with `whole` looks at rows, but needs all of them to judge one. `static` kinds look at
    the columns alone. `refuse` gives what is wrong with arguments that are each of the right type.
    """

    name: str
    arguments: tuple[Argument, ...]
    rows: RowRule | None = None
    table: TableRule | None = None
    whole: bool = False
    static: bool = False
    refuse: Callable[[Kwargs], str | None] = lambda _: None

    def columns(self, kwargs: Kwargs) -> Sequence[str]:
        """The columns that an expectation of this kind reads."""
        found: list[str] = []
        for argument in self.arguments:
            value = kwargs.get(argument.name)
            if argument.type == "column" and value is not None:
                found.append(value)
            elif argument.type == "columns":
                found.extend(value or ())
        return found


COLUMN = Argument("column", "column", required=True)
MOSTLY = Argument("mostly", "share")
MIN, MAX = Argument("min_value", "value"), Argument("max_value", "value")
STRICT = (Argument("strict_min", "flag"), Argument("strict_max", "flag"))


def bounds_needed(kwargs: Kwargs) -> str | None:
    """At least one bound must be there."""
    if kwargs.get("min_value") is None and kwargs.get("max_value") is None:
        return "`min_value` or `max_value` is needed"
    return None


def is_null(column: exp.Expression) -> exp.Expression:
    """`column IS NULL`."""
    return exp.Is(this=column, expression=exp.Null())


def is_not_null(column: exp.Expression) -> exp.Expression:
    """`NOT column IS NULL`."""
    return exp.Not(this=is_null(column))


def never_null(condition: exp.Expression) -> exp.Expression:
    """The condition, FALSE where it is unknown."""
    return exp.Coalesce(this=exp.Paren(this=condition), expressions=[exp.false()])
