"""The SQL of an aggregate: partials per batch, merging of partials, and finishing of groups.

DISTINCT aggregates, and MIN and MAX over a changelog, need the values themselves: for the i-th set
of values, from 1, the state also has rows with `d` = i, one per group and value (`v<i>_0`...).
Aggregates of the same columns share a set, in which each has a weight of its own (`vw<n>` of the
n-th such aggregate), as their filters may differ. When a group is finished, values whose weight is
not positive are left out, and the aggregate is computed over what is left, each value once. Rows
with `d` = 0 carry the partials that add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from tidemill.plan.aggregate_values import Valued, shared_values, valued_calls
from tidemill.plan.fuse import (
    Chain,
    alias,
    column,
    names,
    over,
    probe_query,
    relation,
    rows_query,
    text,
)
from tidemill.plan.local_time import clock_micros, rowtime_of, window_zone
from tidemill.plan.lowering import AggregatePlan, aggregate_plan, lower
from tidemill.plan.lowering.build import cast, fn
from tidemill.plan.lowering.row_aggregates import IN_PANES, ROW_AGGREGATES
from tidemill.plan.physical import FIRST_END, KIND, ROW, FusedStage, wide
from tidemill.plan.windows import MILLI_US, WindowGrid, minus, number, plus, timestamp_of
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, InputRef
from tidemill.sql.logical import Aggregate, WindowProperty

_WEIGHT = "wgt"
_ROWS = "rows"


@dataclass(frozen=True, slots=True)
class AggregateSql:
    """Builds all queries of one aggregate; `state` names the relation of its partials."""

    node: Aggregate
    grid: WindowGrid | None
    retracts: bool
    state: str
    zone: str = "UTC"

    # -- how the calls are split

    def _plan(self, index: int) -> AggregatePlan:
        columns = names(len(self.node.input.fields))
        weight = _WEIGHT if self.retracts else None
        return aggregate_plan(self.node.aggregates[index], index, columns, weight, self.zone)

    def python_indexes(self) -> list[int]:
        """Which of the aggregates are Python functions."""
        return [i for i, call in enumerate(self.node.aggregates) if call.user is not None]

    def row_list_indexes(self) -> list[int]:
        """Which of the aggregates keep lists of rows."""
        return [
            i
            for i, call in enumerate(self.node.aggregates)
            if call.user is not None or call.function in ROW_AGGREGATES
        ]

    def _additive(self) -> list[AggregatePlan]:
        plans = [self._plan(i) for i in range(len(self.node.aggregates))]
        return [plan for plan in plans if not plan.needs_values]

    def _valued(self) -> list[Valued]:
        calls = enumerate(self.node.aggregates)
        return valued_calls([(i, call) for i, call in calls if self._plan(i).needs_values])

    def _sets(self) -> list[list[Valued]]:
        return shared_values(self._valued())

    def _over_values(self, valued: Valued) -> AggregatePlan:
        """The plan of the aggregate over its value columns."""
        columns = valued.own()
        arguments = tuple(
            InputRef(j, columns[j], argument.type)
            for j, argument in enumerate(valued.call.arguments)
        )
        call = replace(valued.call, arguments=arguments, filter=None)
        return aggregate_plan(call, valued.index, columns, None, self.zone)

    # -- partials of a batch

    def edge(self, chain: Chain, source: str, source_has_kind: bool) -> FusedStage:
        """The partial aggregation of one input, fused with the chain before it."""
        carried = [KIND] if source_has_kind and self.retracts else []
        numbered = [ROW] if self.row_list_indexes() else []
        window = self.node.window
        hopping = self.grid is not None and self.grid.hops
        hopping = hopping and window is not None and not window.on_clock
        read = rows_query(chain, wide(source) if numbered else source, [*carried, *numbered])
        return FusedStage(
            input=source,
            query=text(self._partial(read, carried, None)),
            numbered=bool(numbered),
            probe=text(probe_query(chain, wide(source), self._evaluated())),
            passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
            filters=chain.filters,
            first_end_query=(
                text(
                    self._partial(
                        rows_query(chain, wide(source), [*carried, *numbered, FIRST_END]),
                        carried,
                        FIRST_END,
                    )
                )
                if hopping
                else None
            ),
        )

    def _partial(
        self, rows: exp.Select, carried: Sequence[str], first_end: str | None
    ) -> exp.Query:
        if self.retracts:
            weight = _weight() if carried else exp.Literal.number(1)
            rows = over(rows, [exp.Star(), alias(weight, _WEIGHT)])
        groups = self._group_columns(first_end)
        sets = self._sets()
        if not sets:
            return self._main_partial(rows, groups)
        # The rows are read once for each set of values: what they are is computed once.
        computed = [g for g in groups if g.alias and not isinstance(g.this, exp.Column)]
        once = over(rows, [exp.Star(), *computed])
        groups = [column(g.alias) if g in computed else g for g in groups]
        read = exp.Select(expressions=[exp.Star()]).from_(relation(_ROWS))
        query: exp.Query = self._main_partial(read.copy(), groups)
        for together in sets:
            branch = self._value_partial(read.copy(), groups, together)
            query = exp.Union(this=query, expression=branch, distinct=False)
        return query.with_(
            exp.to_identifier(_ROWS, quoted=True), as_=once, materialized=True, copy=False
        )

    def _main_partial(self, rows: exp.Select, groups: Sequence[exp.Expression]) -> exp.Select:
        values = [alias(p.partial.copy(), p.name) for a in self._additive() for p in a.partials]
        if self.retracts:
            values.append(alias(_big(exp.Sum(this=column(_WEIGHT))), "wt"))
        if self._valued():
            values.append(alias(exp.cast(exp.Literal.number(0), "INTEGER"), "d"))
            values.extend(_null(name, type_) for name, type_ in self._value_columns())
        values.append(alias(exp.Count(this=exp.Star()), "n"))
        return _grouped(over(rows, [*groups, *values]), len(groups))

    def _value_partial(
        self, rows: exp.Select, groups: Sequence[exp.Expression], together: Sequence[Valued]
    ) -> exp.Select:
        """One row per group and value of one set."""
        inputs = names(len(self.node.input.fields))
        one = together[0]
        made = [lower(a, inputs, self.zone) for a in one.call.arguments]
        own = {name: value for (name, _), value in zip(one.values(), made, strict=True)}
        weights = {v.weight: self._value_weight(v) for v in together}
        outputs = [group.copy() for group in groups]
        outputs += [_null(p.name, p.type) for a in self._additive() for p in a.partials]
        if self.retracts:
            outputs.append(_null("wt", "BIGINT"))
        outputs.append(alias(exp.cast(exp.Literal.number(one.group), "INTEGER"), "d"))
        by = list(range(1, len(groups) + 1))
        for name, type_ in self._value_columns():
            if name in own:
                outputs.append(alias(own[name], name))
                by.append(len(outputs))
            else:
                outputs.append(
                    alias(weights[name], name) if name in weights else _null(name, type_)
                )
        outputs.append(alias(exp.cast(exp.Literal.number(0), "BIGINT"), "n"))
        return over(rows, outputs).group_by(*(exp.Literal.number(i) for i in by))

    def _value_weight(self, valued: Valued) -> exp.Expression:
        """What the rows of a value add to its weight in one aggregate."""
        condition = valued.call.filter
        inputs = names(len(self.node.input.fields))
        kept = None if condition is None else lower(condition, inputs, self.zone)
        if self.retracts:
            weight: exp.Expression = column(_WEIGHT)
            if kept is not None:
                weight = exp.case().when(kept, weight).else_(exp.Literal.number(0))
            return _big(exp.Sum(this=weight))
        counted: exp.Expression = exp.Count(this=exp.Star())
        if kept is not None:
            counted = exp.Filter(this=counted, expression=exp.Where(this=kept))
        return _big(counted)

    def _value_columns(self) -> list[tuple[str, str]]:
        """Names and DuckDB types of all values and weights."""
        found: list[tuple[str, str]] = []
        for together in self._sets():
            found += together[0].values()
            found += [(v.weight, "BIGINT") for v in together]
        return found

    def _group_columns(self, first_end: str | None) -> list[exp.Expression]:
        return [*self._pane_columns(first_end), *self._key_columns()]

    def _panes(self) -> list[str]:
        """The columns of state that say in which part of time its rows are."""
        return [] if self.grid is None else (["p", "f"] if self.grid.hops else ["p"])

    def _window_columns(self) -> list[str]:
        """The columns that identify a window that comes out; its end `e` is the first."""
        return [] if self.grid is None else ["e"]

    def _pane_columns(self, first_end: str | None) -> list[exp.Expression]:
        if self.grid is None or self.node.window is None or self.node.window.on_clock:
            return []  # by the clock all rows of a batch are in one pane, and the engine knows it
        time_us = clock_micros(column(f"c{self.node.window.time_column}"), self._window_zone())
        panes = [alias(self.grid.pane_sql(time_us), "p")]
        if self.grid.hops:
            first = column(first_end) if first_end else self.grid.first_end_sql(time_us)
            panes.append(alias(first, "f"))
        return panes

    def _key_columns(self) -> list[exp.Expression]:
        inputs = names(len(self.node.input.fields))
        return [
            alias(lower(key, inputs, self.zone), f"g{i}") for i, key in enumerate(self.node.keys)
        ]

    def _evaluated(self) -> list[exp.Expression]:
        """Everything that is computed per row here, for the probe."""
        inputs = names(len(self.node.input.fields))
        per_row = list(self.node.keys)
        for call in self.node.aggregates:
            per_row.extend(call.arguments)
            if call.filter is not None:
                per_row.append(call.filter)
        return [lower(expression, inputs, self.zone) for expression in per_row]

    # -- merging

    def _state_groups(self) -> list[str]:
        """The columns that identify a row of state."""
        return [*self._panes(), *self._identity()]

    def _identity(self) -> list[str]:
        keys = [f"g{i}" for i in range(len(self.node.keys))]
        sets = self._sets()
        return [*keys, *(["d"] if sets else []), *(n for s in sets for n, _ in s[0].values())]

    def _merged(self, *, window: bool = False, joined: bool = False) -> list[exp.Expression]:
        """All partials merged; of a `window`, whose panes may be `joined` in order by now."""
        ordered = window and self._ordered_panes
        merged: list[exp.Expression] = []
        for part in (part for plan in self._additive() for part in plan.partials):
            made = part.merge
            if ordered and part.merge_panes is not None:
                made = fn("any_value", column(part.name)) if joined else part.merge_panes
            merged.append(alias(made.copy(), part.name))
        if self.retracts:
            merged.append(alias(_big(exp.Sum(this=column("wt"))), "wt"))
        return merged

    def _merged_values(self) -> list[exp.Expression]:
        return [alias(_big(exp.Sum(this=column(v.weight))), v.weight) for v in self._valued()]

    def merge(self) -> str:
        """Compaction: one row per group (and value)."""
        groups = [column(name) for name in self._state_groups()]
        query = exp.Select(expressions=[*groups, *self._merged(), *self._merged_values()])
        return text(_grouped(query.from_(relation(self.state)), len(groups)))

    # -- finishing

    def emit(self) -> str:
        """The finished groups, in the order of window end and keys."""
        keys = [f"g{i}" for i in range(len(self.node.keys))]
        ends = self._window_columns()
        groups = [column(name) for name in [*ends, *keys]]
        source = exp.Select(expressions=[exp.Star()]).from_(relation(self.state))
        if ends:
            source = self._by_window()
        values: list[exp.Expression] = []
        if self._valued():
            source = self._alive(source, ends)
            for valued in self._valued():
                plan = self._over_values(valued)
                values += [alias(p.partial.copy(), p.name) for p in plan.partials]
        merged = self._merged(window=True, joined=bool(values))
        inner = _grouped(over(source, [*groups, *merged, *values]), len(groups))
        if self.retracts and groups:
            inner = inner.having(exp.Sum(this=column("wt")).neq(exp.Literal.number(0)))
        outputs = [*map(column, keys), *self._properties(), *self._finals()]
        hidden = [alias(column(name), f"o_{name}") for name in [*ends, *keys]]
        shown = [alias(value, f"c{i}") for i, value in enumerate(outputs)]
        if not hidden:
            return text(over(inner, shown))
        finished = over(inner, [*shown, *hidden])
        ordered = over(finished, [column(f"c{i}") for i in range(len(outputs))])
        return text(ordered.order_by(*(column(f"o_{name}") for name in [*ends, *keys])))

    def _finals(self) -> list[exp.Expression]:
        valued = {v.index: v for v in self._valued()}
        plans = [
            self._over_values(valued[i]) if i in valued else self._plan(i)
            for i in range(len(self.node.aggregates))
        ]
        return [plan.final.copy() for plan in plans]

    def _alive(self, source: exp.Select, ends: Sequence[str]) -> exp.Select:
        """State rows merged per value, with values that were all withdrawn set to NULL."""
        groups = [column(name) for name in [*ends, *self._identity()]]
        merged = _grouped(
            over(source, [*groups, *self._merged(window=True), *self._merged_values()]),
            len(groups),
        )
        kept = [*ends, *(f"g{i}" for i in range(len(self.node.keys)))]
        outputs = [column(name) for name in kept]
        outputs += [column(p.name) for plan in self._additive() for p in plan.partials]
        outputs += [column("wt")] if self.retracts else []
        for valued in self._valued():
            present = column(valued.weight) > exp.Literal.number(0)
            outputs += [
                alias(exp.case().when(present.copy(), column(name)).else_(exp.null()), own)
                for (name, _), own in zip(valued.values(), valued.own(), strict=True)
            ]
        return over(merged, outputs)

    def _by_window(self) -> exp.Select:
        """Each row of state once per window that it belongs to and that closes now."""
        assert self.grid is not None
        low, high = exp.Placeholder(), exp.Placeholder()
        kept = self._kept()
        if not self.grid.hops:
            end = alias(plus(column("p"), self.grid.size_us), "e")
            query = exp.Select(expressions=[*kept, end]).from_(relation(self.state))
            inside = exp.Between(this=column("e"), low=low, high=high)
            return over(query, [exp.Star()]).where(inside)
        first = fn("GREATEST", column("f"), exp.cast(low, "BIGINT"))
        last = fn("LEAST", self.grid.last_end_sql(column("p")), exp.cast(high, "BIGINT"))
        stop = plus(last, 1)
        ends = fn("UNNEST", fn("RANGE", first, stop, number(self.grid.slide_us)))
        order = self._pane_order() if self._ordered_panes else []
        return exp.Select(expressions=[*kept, *order, alias(ends, "e")]).from_(relation(self.state))

    @property
    def _ordered_panes(self) -> bool:
        """Whether a value depends on the order in which the panes of a window are joined."""
        hops = self.grid is not None and self.grid.hops
        return hops and any(call.function in IN_PANES for call in self.node.aggregates)

    def _pane_order(self) -> list[exp.Expression]:
        """As Flink joins panes: CUMULATE as they end, late rows as they come.

        HOP begins with the newest; its older form, in GROUP BY, with the oldest.
        """
        assert self.grid is not None and self.node.window is not None
        first, pane = column("f"), column("p")
        if self.grid.cumulates:
            in_time = first.copy().eq(plus(pane, self.grid.pane_us))
            return [alias(first, "o1"), alias(exp.cast(in_time, "BIGINT"), "o2")]
        oldest = self.node.window.in_group_by
        return [alias(pane if oldest else exp.Neg(this=pane), "o1"), alias(first, "o2")]

    def _kept(self) -> list[exp.Expression]:
        """The columns of state without panes."""
        kept = [column(name) for name in self._identity()]
        kept += [column(p.name) for plan in self._additive() for p in plan.partials]
        kept += [column("wt")] if self.retracts else []
        return [*kept, *(column(v.weight) for v in self._valued())]

    def _window_zone(self) -> str | None:
        """The zone on whose clock the window lies."""
        assert self.node.window is not None
        rowtime = self.node.input.fields[self.node.window.time_column].type
        return window_zone(rowtime, self.zone)

    def _start(self) -> exp.Expression:
        """Start of the window that ends at `e`, epoch microseconds."""
        assert self.grid is not None
        return self.grid.start_sql(column("e"))

    def _properties(self) -> list[exp.Expression]:
        if not self._window_columns() or self.node.window is None:
            return []
        rowtime = self.node.input.fields[self.node.window.time_column].type
        zone = self._window_zone()
        made = {
            WindowProperty.START: timestamp_of(self._start(), False),
            WindowProperty.END: timestamp_of(column("e"), False),
            WindowProperty.TIME: (
                lower(Call("PROCTIME", (), rowtime), [], self.zone)
                if self.node.window.on_clock
                else rowtime_of(minus(column("e"), MILLI_US), rowtime, zone)
            ),
        }
        return [made[p].copy() for p in self.node.window_properties]


def _weight() -> exp.Expression:
    """-1 for rows that are withdrawn (-U, -D), else 1."""
    withdrawn = column(KIND).isin(1, 3)
    return exp.case().when(withdrawn, exp.Literal.number(-1)).else_(exp.Literal.number(1))


def _big(value: exp.Expression) -> exp.Expression:
    return exp.cast(value, "BIGINT")


def _null(name: str, type_: str) -> exp.Expression:
    return alias(cast(exp.null(), type_), name)


def _grouped(query: exp.Select, count: int) -> exp.Select:
    """Grouped by the first `count` outputs."""
    return query.group_by(*(exp.Literal.number(i + 1) for i in range(count))) if count else query
