"""Each call with OVER as columns over a window, and the result made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sqlglot import exp

from tidemill.plan.fuse import column
from tidemill.plan.lowering import aggregate_plan
from tidemill.plan.lowering.build import cast, duckdb_type, fn, number, template
from tidemill.plan.over_windows import OverWindows
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, InputRef
from tidemill.sql.expressions import Literal as Constant

OverMode = Literal["frame", "accumulate", "whole"]

SIDE = "s"
"""Hidden column: 1 for partials of new rows, 0 for those before them."""
PLACE = "z"
"""Hidden column: the row's number in the order of all keys and arrival."""
_NUMBERS = ("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE")


@dataclass(frozen=True, slots=True)
class Part:
    """A column over a window, how the one before it joins in, and what is seen of the last peer."""

    name: str
    window: exp.Expression
    merge: exp.Expression
    of_last_peer: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One call: its columns, and the result over them."""

    parts: tuple[Part, ...]
    final: exp.Expression


@dataclass(frozen=True, slots=True)
class OverCalls:
    """The calls of one node."""

    windows: OverWindows
    arguments: Sequence[str]
    """The columns of the calls' arguments, `x<call>_<argument>`."""
    mode: OverMode
    zone: str

    def pieces(self) -> list[Piece]:
        """One of each call, in their order."""
        return [self._piece(i, call) for i, call in enumerate(self.windows.node.calls)]

    def _piece(self, i: int, call: AggregateCall) -> Piece:
        if call.function in ("FIRST_VALUE", "LAST_VALUE"):
            return self._end_value(i, call)
        if call.function in ("LAG", "LEAD"):
            return self._neighbour(i, call)
        if call.function in _NUMBERS:
            return self._number(i, call)
        columns = self.arguments
        arguments = tuple(
            InputRef(columns.index(f"x{i}_{j}"), f"x{i}_{j}", argument.type)
            for j, argument in enumerate(call.arguments)
        )
        moved = replace(call, arguments=arguments)
        if call.function == "AVG" and arguments[0].type.is_integer:
            return self._integer_mean(i, moved)
        return self._aggregate(i, moved)

    def _aggregate(self, i: int, call: AggregateCall) -> Piece:
        plan = aggregate_plan(call, i, self.arguments, None, self.zone)
        parts = tuple(Part(p.name, self.windows.framed(p.partial), p.merge) for p in plan.partials)
        return Piece(parts, plan.final.copy())

    def _integer_mean(self, i: int, call: AggregateCall) -> Piece:
        """With OVER, Flink divides the sum as SUM gives it: of the argument's type, wrapped."""
        total = self._aggregate(i, replace(call, function="SUM"))
        count = self._aggregate(i, replace(call, function="COUNT"))
        final = template("CASE WHEN :n <> 0 THEN :s // :n END", n=count.final, s=total.final)
        parts = {part.name: part for part in (*total.parts, *count.parts)}
        return Piece(tuple(parts.values()), cast(final, duckdb_type(call.type)))

    def _end_value(self, i: int, call: AggregateCall) -> Piece:
        """The first or last value that is not NULL."""
        name = f"a{i}_value"
        function = "arg_min" if call.function == "FIRST_VALUE" else "arg_max"
        value = self.windows.framed(fn(function, column(f"x{i}_0"), column(PLACE)))
        return Piece((Part(name, value, fn(function, column(name), column(SIDE))),), column(name))

    def _number(self, i: int, call: AggregateCall) -> Piece:
        name = f"a{i}_number"
        merge = cast(fn("sum", column(name)), "BIGINT")
        if self.mode == "whole":
            arguments = []
            if call.function == "NTILE" and isinstance(call.arguments[0], Constant):
                arguments = [exp.Literal.number(str(call.arguments[0].value))]
            value = self.windows.over(
                fn(call.function.lower(), *arguments),
                arrival=call.function in ("ROW_NUMBER", "NTILE"),
            )
            return Piece((Part(name, value, merge),), column(name))
        rows = self.windows.framed(exp.Count(this=exp.Star()))
        return Piece((Part(name, rows, merge),), column(name))

    def _neighbour(self, i: int, call: AggregateCall) -> Piece:
        """LAG keeps the last values in a list; where all rows are there, DuckDB looks itself."""
        value, away = column(f"x{i}_0"), _constant(call.arguments[1])
        default = column(f"x{i}_2")
        of_last_peer = self.windows.timed and not self.windows.node.frame.rows
        name, other = f"a{i}_values", f"a{i}_default"
        if self.mode == "whole":
            looked = fn(call.function.lower(), value, number(away), default)
            found = self.windows.over(looked, arrival=True)
            return Piece((Part(name, found, fn("any_value", column(name))),), column(name))
        spec = exp.WindowSpec(
            kind="ROWS", start=exp.Literal.number(away), start_side="PRECEDING", end="CURRENT ROW"
        )
        last = self.windows.over(fn("list", value), arrival=True, spec=spec)
        joined = template(
            "list_slice(flatten(list(:l ORDER BY :s)), :first, -1)",
            l=column(name),
            s=column(SIDE),
            first=number(-away - 1),
        )
        current = template("any_value(CASE WHEN :s = 1 THEN :d END)", s=column(SIDE),
                           d=column(other))  # fmt: skip
        parts = (
            Part(name, last, joined, of_last_peer),
            Part(other, default, current),
        )
        final = template(
            "CASE WHEN len(:l) > :n THEN list_extract(:l, len(:l) - :n) ELSE :d END",
            l=column(name),
            n=number(away),
            d=column(other),
        )
        return Piece(parts, final)


def _constant(expression: object) -> int:
    assert isinstance(expression, Constant)
    assert type(expression.value) is int
    return expression.value
