"""The SQL of SESSION windows: rows with their keys and times, then partials per session.

The edges' queries give rows, as which session takes a row cannot be said in SQL: the operator puts
the session's number beside each row as `p`. From there an aggregate makes partials of a batch,
merges them with the stored ones of the same session, and finishes sessions, of which the operator
knows start (`b`) and end (`e`). Without an aggregate the rows themselves are kept until their
session ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.plan.aggregates import AggregateSql
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
from tidemill.plan.lowering import lower
from tidemill.plan.physical import FIRST_END, KIND, ROW, FusedStage, wide
from tidemill.plan.windows import MILLI_US, minus, timestamp_of
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, Expression, InputRef
from tidemill.sql.logical import WindowSpec, WindowTableFunction

SESSION = "p"
"""Hidden column: the number of the session."""
START = "b"
"""Hidden column: start of the session, epoch microseconds."""
END = "e"
"""Hidden column: end of the session, epoch microseconds."""
TIME = "t"
"""Hidden column: the time of the row, epoch microseconds."""
SEQUENCE = "q"
"""Hidden column: the number of the row in the order of arrival."""
HEAD = "h"
"""Hidden column: the first row of the same key in a batch."""


def rows_edge(
    chain: Chain,
    source: str,
    window: WindowSpec,
    keys: list[Expression],
    evaluated: list[Expression],
    kind: bool | None,
    zone: str,
) -> FusedStage:
    """Rows with their keys `g0`... and time; with `r` and `f` for rows that may be late.

    `kind`: None where no kinds are wanted, else whether the source gives them. What is `evaluated`
    later is tried here, so that a bad row leaves before any state changes.
    """
    inputs = names(len(chain.fields))
    given = [KIND] if kind else []
    made = [alias(lower(key, inputs, zone), f"g{i}") for i, key in enumerate(keys)]
    tried = [e for e in evaluated if not isinstance(e, InputRef)]
    made += [alias(lower(e, inputs, zone), f"x{i}") for i, e in enumerate(tried)]
    time = _time(window, inputs, window_zone(chain.fields[window.time_column].type, zone))
    made.append(alias(time, TIME))
    kinds = [] if kind is None else [column(KIND) if kind else alias(_insert(), KIND)]

    def rows(name: str, hidden: list[str]) -> exp.Select:
        outputs = [*map(column, inputs), *kinds, *map(column, hidden), *made]
        inner = rows_query(chain, name, [*given, *hidden])
        return over(inner, [output.copy() for output in outputs])

    everything = [lower(e, inputs, zone) for e in [*keys, *evaluated]]
    return FusedStage(
        input=source,
        query=text(rows(source, [])),
        probe=text(probe_query(chain, wide(source), everything)),
        passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
        filters=chain.filters,
        first_end_query=text(rows(wide(source), [ROW, FIRST_END])),
    )


def _time(window: WindowSpec, inputs: list[str], zone: str | None) -> exp.Expression:
    if window.on_clock:
        return exp.cast(exp.Literal.number(0), "BIGINT")
    return clock_micros(column(inputs[window.time_column]), zone)


def _insert() -> exp.Expression:
    return exp.cast(exp.Literal.number(0), "TINYINT")


@dataclass(frozen=True, slots=True)
class SessionSql(AggregateSql):
    """Builds the queries of an aggregate in sessions; `state` is the prefix of its relations."""

    def rows(self, chain: Chain, source: str, source_has_kind: bool) -> FusedStage:
        """The rows of one input."""
        window = self.node.window
        assert window is not None
        per_row: list[Expression] = []
        for call in self.node.aggregates:
            per_row.extend(call.arguments)
            if call.filter is not None:
                per_row.append(call.filter)
        kind = source_has_kind if self.retracts else None
        keys = list(self.node.keys)
        return rows_edge(chain, source, window, keys, per_row, kind, self.zone)

    def partial(self) -> str:
        """Partials of the relation `<state>_batch`, whose rows know their session."""
        rows = exp.Select(expressions=[exp.Star()]).from_(relation(f"{self.state}_batch"))
        return text(self._partial(rows, [KIND] if self.retracts else [], SESSION))

    def _pane_columns(self, first_end: str | None) -> list[exp.Expression]:
        return [column(SESSION)]

    def _key_columns(self) -> list[exp.Expression]:
        return [column(f"g{i}") for i in range(len(self.node.keys))]

    def _panes(self) -> list[str]:
        return [SESSION]

    def _window_columns(self) -> list[str]:
        return [END, START, SESSION]

    def _by_window(self) -> exp.Select:
        outputs = [*self._kept(), *map(column, self._window_columns())]
        return exp.Select(expressions=outputs).from_(relation(f"{self.state}_ended"))

    def _start(self) -> exp.Expression:
        return column(START)

    def partial_names(self) -> list[str]:
        """The columns of state behind `p` and the keys."""
        merged = [p.name for plan in self._additive() for p in plan.partials]
        identity = self._identity()[len(self.node.keys) :]
        weights = [v.weight for v in self._valued()]
        return [*identity, *merged, *(["wt"] if self.retracts else []), *weights]


@dataclass(frozen=True, slots=True)
class SessionRowsSql:
    """Builds the queries of the table function SESSION alone."""

    node: WindowTableFunction
    name: str
    zone: str

    def edge(self, chain: Chain, source: str) -> FusedStage:
        """The rows of one input."""
        keys: list[Expression] = [
            InputRef(i, self.node.input.fields[i].name, self.node.input.fields[i].type)
            for i in self.node.window.partition_columns
        ]
        return rows_edge(chain, source, self.node.window, keys, [], None, self.zone)

    def emit(self) -> str:
        """The rows of ended sessions, session by session, in the order of arrival."""
        width = len(self.node.input.fields)
        rowtime = self.node.fields[-1].type
        zone = window_zone(rowtime, self.zone)
        window = (
            timestamp_of(column(START), False),
            timestamp_of(column(END), False),
            lower(Call("PROCTIME", (), rowtime), [], self.zone)
            if self.node.window.on_clock
            else rowtime_of(minus(column(END), MILLI_US), rowtime, zone),
        )
        outputs = [column(name) for name in names(width)]
        outputs += [alias(value, f"c{width + i}") for i, value in enumerate(window)]
        query = exp.Select(expressions=outputs).from_(relation(f"{self.name}_ended"))
        return text(query.order_by(*map(column, (END, SESSION, SEQUENCE))))


def heads_query(name: str, keys: Sequence[str]) -> str:
    """For each row `r` of a relation the first one with the same keys."""
    first = exp.Window(this=exp.Min(this=column(ROW)), partition_by=[*map(column, keys)])
    return text(exp.Select(expressions=[column(ROW), alias(first, HEAD)]).from_(relation(name)))
