"""The SQL of Top-N and deduplication within the windows of TUMBLE, HOP and CUMULATE.

Rows wait until their window closes; of each partition only the first ones are kept. Rows of the
same rank stay in the order of their arrival, except that the last row by time is the one that
arrived last.
"""

from __future__ import annotations

from sqlglot import exp

from tidemill.plan.fuse import (
    Chain,
    alias,
    chains,
    column,
    names,
    over,
    probe_query,
    relation,
    rows_query,
    text,
)
from tidemill.plan.lowering import lower
from tidemill.plan.physical import FIRST_END, ROW, FusedStage, wide
from tidemill.plan.ranks import NUMBER, SEQUENCE
from tidemill.plan.windows import WindowGrid, micros, minus, plus
from tidemill.records import dataclass
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import Correlate, Project, Rank, TimeAttribute, WindowTableFunction

PANE = "p"
"""Hidden column: one step before the end of the row's window, epoch microseconds."""


def ranked_window(node: Rank, zone: str) -> tuple[Chain, WindowTableFunction, int] | None:
    """The window function under a rank, and which of the keys is window_end.

    None where the partition does not have both edges of one window function's windows.
    """
    below = chains(node.input, zone)
    if len(below) != 1:
        return None
    (chain,) = below
    places = {i: key.index for i, key in enumerate(node.keys) if isinstance(key, InputRef)}
    for step in reversed(chain.steps):
        if isinstance(step, WindowTableFunction):
            width = len(step.input.fields)
            ends = [i for i, index in places.items() if index == width + 1]
            return (chain, step, ends[0]) if ends and width in places.values() else None
        if isinstance(step, Project):
            inner = {i: step.expressions[index] for i, index in places.items()}
            places = {i: e.index for i, e in inner.items() if isinstance(e, InputRef)}
        elif isinstance(step, Correlate):
            width = len(step.input.fields)
            places = {i: index for i, index in places.items() if index < width}
    return None


@dataclass(frozen=True, slots=True)
class WindowRankSql:
    """Builds the queries of one rank."""

    node: Rank
    windows: WindowGrid
    end_key: int
    name: str
    zone: str

    @property
    def grid(self) -> WindowGrid:
        """The steps in which windows end."""
        slide_us = self.windows.slide_us
        return WindowGrid(slide_us, slide_us, self.windows.phase_us)

    @property
    def _inputs(self) -> list[str]:
        return names(len(self.node.input.fields))

    def _keys(self) -> list[str]:
        return [f"g{i}" for i in range(len(self.node.keys))]

    def _orders(self) -> list[str]:
        return [f"o{i}" for i in range(len(self.node.order))]

    def edge(self, chain: Chain, source: str) -> FusedStage:
        """Each row once per window, with its partition and sort keys."""
        keys = [lower(key, self._inputs, self.zone) for key in self.node.keys]
        orders = [lower(key.expression, self._inputs, self.zone) for key in self.node.order]
        made = [alias(key, name) for key, name in zip(keys, self._keys(), strict=True)]
        made += [alias(key, name) for key, name in zip(orders, self._orders(), strict=True)]
        end = micros(keys[self.end_key])
        made.append(alias(minus(end, self.windows.slide_us), PANE))

        def rows(name: str, hidden: list[str]) -> exp.Select:
            outputs = [*map(column, self._inputs), *(part.copy() for part in made)]
            return over(rows_query(chain, name, hidden), outputs)

        open_ = rows(wide(source), [FIRST_END]).where(end >= column(FIRST_END))
        evaluated = [e.copy() for e in [*keys, *orders]]
        return FusedStage(
            input=source,
            query=text(rows(source, [])),
            probe=text(probe_query(chain, wide(source), evaluated)),
            passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
            filters=chain.filters,
            first_end_query=text(open_),
        )

    def merge(self) -> str:
        """Only the first rows of each partition."""
        kept = [PANE, *self._inputs, *self._keys(), *self._orders(), SEQUENCE]
        return text(over(self._numbered(), [*map(column, kept)]).where(self._first()))

    def emit(self) -> str:
        """The first rows of each partition of the windows that close, with their number."""
        outputs = [column(name) for name in self._inputs]
        outputs.append(alias(column(NUMBER), f"c{len(self._inputs)}"))
        end = plus(column(PANE), self.windows.slide_us)
        closes = exp.Between(this=end, low=exp.Placeholder(), high=exp.Placeholder())
        query = over(self._numbered(), outputs).where(exp.and_(self._first(), closes))
        return text(query.order_by(*map(column, (PANE, *self._keys(), NUMBER))))

    def _first(self) -> exp.Expression:
        return column(NUMBER) <= exp.Literal.number(self.node.limit or 0)

    def _numbered(self) -> exp.Select:
        number = exp.Window(
            this=exp.RowNumber(),
            partition_by=[column(key) for key in self._keys()],
            order=self._order(),
        )
        outputs = [exp.Star(), alias(number, NUMBER)]
        return exp.Select(expressions=outputs).from_(relation(f"{self.name}_state"))

    def _order(self) -> exp.Order:
        ordered = [
            exp.Ordered(this=column(name), desc=key.descending, nulls_first=key.nulls_first)
            for name, key in zip(self._orders(), self.node.order, strict=True)
        ]
        latest = exp.Ordered(this=column(SEQUENCE), desc=self._latest())
        return exp.Order(expressions=[*ordered, latest])

    def _latest(self) -> bool:
        """Whether this keeps the last row by time: of equal ones the one that arrived last."""
        (first, *more) = self.node.order
        key = first.expression
        if self.node.limit != 1 or more or not first.descending or not isinstance(key, InputRef):
            return False
        return self.node.input.fields[key.index].time_attribute is TimeAttribute.ROWTIME
