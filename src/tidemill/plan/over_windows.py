"""The window of functions with OVER: partition, order and frame, in DuckDB's terms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.plan.fuse import column
from tidemill.plan.ranks import SEQUENCE, TIME
from tidemill.records import dataclass
from tidemill.sql.logical import OverAggregate

_AGGREGATES = frozenset(("sum", "count", "min", "max", "arg_min", "arg_max", "list"))


@dataclass(frozen=True, slots=True)
class OverWindows:
    """Puts functions over the window of a node, with these partition columns."""

    node: OverAggregate
    timed: bool
    """Whether the one sort key is the time `t`."""
    partition: Sequence[str]

    def sort_columns(self) -> list[str]:
        """The columns of the sort keys."""
        return [TIME] if self.timed else [f"o{i}" for i in range(len(self.node.order))]

    def order(self, *, arrival: bool) -> exp.Order | None:
        """ORDER BY the sort keys, and with `arrival` rows of equal keys as they came."""
        ordered = [
            exp.Ordered(
                this=column(name),
                desc=key.descending and not self.timed,
                nulls_first=key.nulls_first,
            )
            for name, key in zip(self.sort_columns(), self.node.order, strict=True)
        ]
        if arrival:
            ordered.append(exp.Ordered(this=column(SEQUENCE)))
        return exp.Order(expressions=ordered) if ordered else None

    def _spec(self) -> exp.WindowSpec:
        frame = self.node.frame
        ends = {}
        for side, offset in (("start", frame.start), ("end", frame.end)):
            if offset is None:
                ends[side], ends[f"{side}_side"] = (
                    "UNBOUNDED",
                    ("PRECEDING" if side == "start" else "FOLLOWING"),
                )
            elif offset == 0:
                ends[side] = "CURRENT ROW"
            else:
                ends[side] = exp.Literal.number(abs(offset))  # type: ignore[assignment]
                ends[f"{side}_side"] = "PRECEDING" if offset < 0 else "FOLLOWING"
        return exp.WindowSpec(kind="ROWS" if frame.rows else "RANGE", **ends)

    def over(
        self,
        function: exp.Expression,
        *,
        arrival: bool | None = None,
        spec: exp.WindowSpec | None = None,
    ) -> exp.Expression:
        """A function over the partition in its order; `arrival` as in `order`."""
        by_arrival = self.node.frame.rows if arrival is None else arrival
        window = exp.Window(this=function, partition_by=[column(name) for name in self.partition])
        order = self.order(arrival=by_arrival)
        if order is not None:
            window.set("order", order)
        if spec is not None:
            window.set("spec", spec)
        return window

    def framed(self, partial: exp.Expression) -> exp.Expression:
        """The expression with each aggregate in it over the frame."""

        def window(node: exp.Expression) -> exp.Expression:
            aggregate = isinstance(node, (exp.AggFunc, exp.Filter)) or (
                isinstance(node, exp.Anonymous) and str(node.this).lower() in _AGGREGATES
            )
            return self.over(node, spec=self._spec()) if aggregate else node

        made: exp.Expression = partial.copy().transform(window)
        return made
