"""ROW_NUMBER with a bound, planned as Flink does: deduplication where it can be, else Top-N.

Deduplication is `rn = 1` ordered by a time attribute alone, over inserts: ascending keeps the first
row (append-only; by event time it comes out when the watermark has reached it), descending keeps
the last. All else is Top-N, a changelog; rows of the same rank stay in the order of their arrival,
except that the last row by time is the one that arrived last.

Within the windows of a window aggregate (the partition has window_start and window_end) Top-N keeps
no state and is append-only: a window's rows come all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlglot import exp

from tidemill.plan.fuse import (
    Chain,
    alias,
    base_column,
    column,
    names,
    over,
    probe_query,
    relation,
    rows_query,
    text,
)
from tidemill.plan.lowering import lower
from tidemill.plan.physical import KIND, ROW, FusedStage, wide
from tidemill.plan.windows import micros
from tidemill.records import dataclass
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import (
    Aggregate,
    Fields,
    Rank,
    TimeAttribute,
    WindowProperty,
    WindowTableFunction,
)

RankKind = Literal[
    "top", "last", "last-by-arrival", "first-by-arrival", "first-by-rowtime", "window"
]

SEQUENCE = "q"
"""Hidden column: the number of the row in the order of arrival."""
GROUP = "s"
"""Hidden column: the number of the partition in the batch."""
HEAD = "h"
"""Hidden column: the same for all rows of a partition."""
NUMBER = "n"
"""Hidden column: ROW_NUMBER."""
WEIGHT = "w"
"""Hidden column: 1, or -1 for a row that is withdrawn."""
TIME = "t"
"""Hidden column: event time, epoch microseconds."""


def rank_kind(node: Rank, parts: Sequence[Chain], retracts: bool) -> RankKind:
    """Deduplication or Top-N."""
    if len(parts) == 1 and not retracts and _by_window(node, parts[0]):
        return "window"
    (first, *more) = node.order
    key = first.expression
    if node.limit != 1 or more or retracts or not isinstance(key, InputRef):
        return "top"
    attribute = node.input.fields[key.index].time_attribute
    if attribute is TimeAttribute.ROWTIME:
        return "last" if first.descending else "first-by-rowtime"
    if attribute is TimeAttribute.PROCTIME:
        return "last-by-arrival" if first.descending else "first-by-arrival"
    return "top"


def _by_window(node: Rank, chain: Chain) -> bool:
    """Whether the partition is within a window of the aggregate, or a session, below.

    A window's rows come out all at once and never again, so there is nothing to keep.
    """
    base = chain.base
    if isinstance(base, WindowTableFunction):
        edges = {len(base.input.fields), len(base.input.fields) + 1}
        return edges <= {base_column(chain, k.index) for k in node.keys if isinstance(k, InputRef)}
    if not isinstance(base, Aggregate) or base.window is None:
        return False
    columns = [base_column(chain, k.index) for k in node.keys if isinstance(k, InputRef)]
    first = len(base.keys)
    found = {base.window_properties[c - first] for c in columns if c is not None and
             first <= c < first + len(base.window_properties)}  # fmt: skip
    return {WindowProperty.START, WindowProperty.END} <= found


@dataclass(frozen=True, slots=True)
class RankSql:
    """Builds the queries of one rank."""

    node: Rank
    kind: RankKind
    retracts: bool
    name: str
    zone: str

    @property
    def _inputs(self) -> list[str]:
        return names(len(self.node.input.fields))

    def keys(self) -> list[str]:
        """The columns of the partition keys."""
        return [f"p{i}" for i in range(len(self.node.keys))]

    def _orders(self) -> list[str]:
        if self.kind.endswith("by-arrival") or self.kind == "first-by-rowtime":
            return []
        return [f"o{i}" for i in range(len(self.node.order))]

    def edge(self, chain: Chain, source: str, source_has_kind: bool) -> FusedStage:
        """The rows of one input with their partition keys and sort keys."""
        keys = [lower(key, self._inputs, self.zone) for key in self.node.keys]
        orders = [lower(k.expression, self._inputs, self.zone) for k in self.node.order]
        made = [alias(key, name) for key, name in zip(keys, self.keys(), strict=True)]
        made += [alias(key, name) for key, name in zip(orders, self._orders(), strict=False)]
        if self.kind == "first-by-rowtime":
            made.append(alias(micros(orders[0]), TIME))
        if self.retracts:
            made.append(alias(weight(source_has_kind), WEIGHT))
        carried = [KIND] if source_has_kind else []
        rows = over(rows_query(chain, source, carried), [*map(column, self._inputs), *made])
        evaluated = [e.copy() for e in [*keys, *orders]]
        return FusedStage(
            input=source,
            query=text(rows),
            probe=text(probe_query(chain, wide(source), evaluated)),
            passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
            filters=chain.filters,
        )

    def batch(self) -> str:
        """A batch's rows, partition by partition; only those that can be among the first.

        Over a changelog with all columns, else as `r`, of the columns `sorted_by` alone.
        """
        keys = [column(key) for key in self.keys()]
        start = relation(f"{self.name}_batch")
        if self.retracts:
            head = exp.Window(this=exp.Min(this=column(SEQUENCE)), partition_by=keys)
            query = exp.Select(expressions=[exp.Star(), alias(head, HEAD)]).from_(start)
            return text(query.order_by(column(HEAD), column(SEQUENCE)))
        if self.node.limit == 1:
            one = self._one(start, keys)
            outputs = [column(ROW), alias(column(ROW), HEAD), _one_number()]
            return text(over(one, outputs).order_by(column(ROW)))
        first = exp.FirstValue(this=column(SEQUENCE))
        head_ = exp.Window(this=first, partition_by=keys, order=self._order())
        outputs = [column(ROW), alias(head_, HEAD), alias(self._number(keys), NUMBER)]
        ranked = exp.Select(expressions=outputs).from_(start)
        return text(self._first(ranked).order_by(column(HEAD), column(NUMBER)))

    def top(self) -> str:
        """The rows of each partition in order: the first ones as `r`, or all where rows can go."""
        source = exp.Select(expressions=[exp.Star()]).from_(relation(f"{self.name}_rows"))
        if not self.retracts and self.node.limit == 1:
            one = self._one(relation(f"{self.name}_rows"), [column(GROUP)])
            outputs = [column(ROW), column(GROUP), _one_number()]
            return text(over(one, outputs).order_by(column(GROUP)))
        number = alias(self._number([column(GROUP)]), NUMBER)
        if self.retracts:
            ranked = over(self._left(source), [exp.Star(), number])
            return text(ranked.order_by(column(GROUP), column(NUMBER)))
        kept = self._first(over(source, [column(ROW), column(GROUP), number]))
        return text(kept.order_by(column(GROUP), column(NUMBER)))

    def sorted_by(self) -> list[str]:
        """The columns by which rows are put in order, partition keys aside."""
        time = [TIME] if self.kind == "first-by-rowtime" else []
        return [*self._orders(), *time, SEQUENCE]

    def _left(self, rows: exp.Select) -> exp.Select:
        """Rows without those withdrawn: each takes the earliest of its equals with it."""
        return rows_left(rows, [GROUP, *told_apart(self.node.input.fields)], SEQUENCE)

    def _number(self, keys: Sequence[exp.Expression]) -> exp.Expression:
        own = [key.copy() for key in keys]
        return exp.Window(this=exp.RowNumber(), partition_by=own, order=self._order())

    def _order(self) -> exp.Order:
        ordered = [
            exp.Ordered(this=column(name), desc=key.descending, nulls_first=key.nulls_first)
            for name, key in zip(self._orders(), self.node.order, strict=False)
        ]
        if self.kind == "first-by-rowtime":
            ordered.append(exp.Ordered(this=column(TIME)))
        latest = self.kind.startswith("last")
        return exp.Order(expressions=[*ordered, exp.Ordered(this=column(SEQUENCE), desc=latest)])

    def _first(self, ranked: exp.Select) -> exp.Select:
        limit = exp.Literal.number(self.node.limit or 0)
        return over(ranked, [exp.Star()]).where(column(NUMBER) <= limit)

    def _one(self, source: exp.Table, keys: Sequence[exp.Expression]) -> exp.Select:
        """The first row of each partition: DuckDB takes half as long for it as for a window."""
        ordered = exp.Order(this=column(ROW), expressions=self._order().expressions)
        first = alias(exp.First(this=ordered), ROW)
        query = exp.Select(expressions=[first, *(key.copy() for key in keys)]).from_(source)
        return query.group_by(*(key.copy() for key in keys)) if keys else query


def _one_number() -> exp.Expression:
    return alias(exp.cast(exp.Literal.number(1), "BIGINT"), NUMBER)


def told_apart(fields: Fields) -> list[str]:
    """The columns by which a withdrawn row is known.

    Its processing time is another one when it goes.
    """
    return [
        name
        for name, field in zip(names(len(fields)), fields, strict=True)
        if field.time_attribute is not TimeAttribute.PROCTIME
    ]


def rows_left(rows: exp.Select, same: Sequence[str], order: str | None) -> exp.Select:
    """Rows (with `w`) without those withdrawn; of equal ones the first in `order` go."""
    equal = [column(name) for name in same]
    which = exp.Window(this=exp.RowNumber(), partition_by=[*equal, column(WEIGHT)])
    if order is not None:
        which.set("order", exp.Order(expressions=[exp.Ordered(this=column(order))]))
    gone = exp.case().when(column(WEIGHT) < 0, exp.Literal.number(1)).else_("0")
    gone_ = exp.Window(this=exp.Sum(this=gone), partition_by=[c.copy() for c in equal])
    counted = over(rows, [exp.Star(), alias(which, "wi"), alias(gone_, "wm")])
    there = exp.and_(column(WEIGHT) > 0, column("wi") > column("wm"))
    return over(counted, [exp.Star()]).where(there)


def weight(has_kind: bool) -> exp.Expression:
    """1, or -1 for a row that is withdrawn (-U, -D)."""
    if not has_kind:
        return exp.cast(exp.Literal.number(1), "INTEGER")
    withdrawn = column(KIND).isin(1, 3)
    return exp.cast(exp.case().when(withdrawn, "-1").else_("1"), "INTEGER")
