"""The SQL of functions with OVER.

Edges give the input's columns, the partition keys `p0`..., the sort keys (`o0`..., or for a stream
in order of time the time as `t`), and the calls' arguments `x<call>_<argument>`. Three ways:

- `frame`: the rows of the frame are kept; one query computes it for the rows that are new.
- `accumulate`: the frame is all rows so far. `running` makes partials over the new rows alone, the
  engine lays the partials of the rows before them beside, and `merged` makes one of both.
- `whole`: all rows of a partition are there.

A frame of RANGE takes the rows of equal time in. As in Flink, LAG then looks back from the last of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

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
from tidemill.plan.lowering import lower
from tidemill.plan.over_calls import PLACE, OverCalls, OverMode, Piece
from tidemill.plan.over_windows import OverWindows
from tidemill.plan.physical import KIND, ROW, FusedStage, wide
from tidemill.plan.ranks import (
    GROUP,
    HEAD,
    SEQUENCE,
    TIME,
    WEIGHT,
    rows_left,
    told_apart,
    weight,
)
from tidemill.plan.windows import micros
from tidemill.records import dataclass
from tidemill.sql.logical import OverAggregate

NEW = "new"
"""Hidden column: whether the row is one to give out, not one that is kept for the frame."""
ROW_NUMBER = "i"
"""Hidden column: the number of the new row, while partials are merged."""
PARTITION = GROUP
"""In `whole` over a stream, partitions are numbered."""
_CONSTANTS = {"LAG": (1,), "LEAD": (1,), "NTILE": (0,)}


@dataclass(frozen=True, slots=True)
class OverSql:
    """Builds the queries of one node; `name` is the prefix of its relations."""

    node: OverAggregate
    mode: OverMode
    name: str
    zone: str
    retracts: bool = False
    timed: bool = False
    """Whether the one sort key is the time `t`."""

    # -- columns

    def keys(self) -> list[str]:
        """The partition keys."""
        return [f"p{i}" for i in range(len(self.node.keys))]

    def arguments(self) -> list[str]:
        """The calls' arguments."""
        return [
            f"x{i}_{j}"
            for i, call in enumerate(self.node.calls)
            for j in range(len(call.arguments))
            if j not in _CONSTANTS.get(call.function, ())
        ]

    def results(self) -> list[str]:
        """The calls' results."""
        return [f"r{i}" for i in range(len(self.node.calls))]

    def partials(self) -> list[str]:
        """The columns of partials."""
        return [part.name for piece in self._pieces() for part in piece.parts]

    def edge(self, chain: Chain, source: str, has_kind: bool, rowtime: bool) -> FusedStage:
        """The rows of one input with keys and arguments."""
        inputs = names(len(self.node.input.fields))

        def lowered(expression: object) -> exp.Expression:
            return lower(expression, inputs, self.zone)  # type: ignore[arg-type]

        made = {name: lowered(key) for name, key in zip(self.keys(), self.node.keys, strict=True)}
        if not self.timed:
            made |= {f"o{i}": self._sort_key(lowered, i) for i in range(len(self.node.order))}
        elif rowtime:
            made[TIME] = micros(lowered(self.node.order[0].expression))
        for name in self.arguments():
            i, j = map(int, name[1:].split("_"))
            made[name] = lowered(self.node.calls[i].arguments[j])
        outputs = [*map(column, inputs), *(alias(value, n) for n, value in made.items())]
        if self.retracts:
            outputs.append(alias(weight(has_kind), WEIGHT))
        rows = over(rows_query(chain, source, [KIND] if has_kind else []), outputs)
        evaluated = [value.copy() for value in made.values()]
        return FusedStage(
            input=source,
            query=text(rows),
            probe=text(probe_query(chain, wide(source), evaluated)),
            passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
            filters=chain.filters,
        )

    def _sort_key(self, lowered: Callable[[object], exp.Expression], i: int) -> exp.Expression:
        """A sort key; where a frame measures a distance in time, in microseconds."""
        key = self.node.order[i].expression
        value = lowered(key)
        return micros(value) if self._distance() and key.type.is_timestamp else value

    def _distance(self) -> bool:
        frame = self.node.frame
        return not frame.rows and any(end not in (None, 0) for end in (frame.start, frame.end))

    # -- queries

    def batch(self) -> str:
        """A batch's rows, partition by partition (`h`), in order."""
        head = exp.Window(
            this=exp.Min(this=column(SEQUENCE)), partition_by=[column(k) for k in self.keys()]
        )
        query = exp.Select(expressions=[exp.Star(), alias(head, HEAD)])
        query = query.from_(relation(f"{self.name}_batch"))
        return text(query.order_by(column(HEAD), column(TIME), column(SEQUENCE)))

    def running(self) -> str:
        """`accumulate`: partials of the new rows, in the order of the batch."""
        query = self._windows(self._placed(f"{self.name}_rows"), [HEAD])
        outputs = [column(name) for name in self.partials()]
        ordered = over(query, [*outputs, column(HEAD), column(TIME), column(SEQUENCE)])
        ordered = ordered.order_by(column(HEAD), column(TIME), column(SEQUENCE))
        return text(over(ordered, [c.copy() for c in outputs]))

    def merged(self) -> str:
        """`accumulate`: results and partials of each new row, with all before it put in."""
        merges = [
            alias(part.merge.copy(), part.name) for piece in self._pieces() for part in piece.parts
        ]
        inner = exp.Select(expressions=[column(ROW_NUMBER), *merges])
        inner = inner.from_(relation(f"{self.name}_merge")).group_by(exp.Literal.number(1))
        outputs = [*self._finals(), *(column(name) for name in self.partials())]
        return text(over(inner, outputs).order_by(column(ROW_NUMBER)))

    def framed(self) -> str:
        """`frame`: the new rows with their results, in order of time."""
        query = self._windows(self._placed(f"{self.name}_rows"), [HEAD])
        outputs = [*map(column, names(len(self.node.input.fields))), *self._finals()]
        return text(
            over(query, outputs).where(column(NEW)).order_by(column(TIME), column(SEQUENCE))
        )

    def whole(self, partition: Sequence[str]) -> str:
        """`whole`: all rows with their results, in order of arrival (`q`)."""
        query = self._windows(self._placed(f"{self.name}_rows"), partition)
        return text(over(query, [exp.Star(), *self._finals()]).order_by(column(SEQUENCE)))

    def heads(self) -> str:
        """`whole`: the first row (by `q`) of each row's partition."""
        keys = [column(key) for key in self.keys()]
        head = exp.Window(this=exp.Min(this=column(SEQUENCE)), partition_by=keys)
        query = exp.Select(expressions=[alias(head, HEAD), column(SEQUENCE)])
        return text(query.from_(relation(f"{self.name}_batch")).order_by(column(SEQUENCE)))

    def left(self) -> str:
        """`whole`: rows without those withdrawn, in order of arrival."""
        rows = exp.Select(expressions=[exp.Star()]).from_(relation(f"{self.name}_all"))
        equal = [GROUP, *told_apart(self.node.input.fields)]
        return text(rows_left(rows, equal, SEQUENCE).order_by(column(SEQUENCE)))

    def differ(self) -> str:
        """`whole`: whether any result differs between the sides `a` and `b`."""
        pairs = [
            exp.NullSafeNEQ(this=column(f"a{i}"), expression=column(f"b{i}"))
            for i in range(len(self.node.calls))
        ]
        query = exp.Select(expressions=[alias(exp.paren(exp.or_(*pairs)), "differ")])
        return text(query.from_(relation(f"{self.name}_pairs")))

    def at_end(self, limit: int | None = None) -> str:
        """`whole`, over rows without numbers: the output columns alone."""
        arrival = exp.Window(this=exp.RowNumber())
        start = exp.Select(expressions=[exp.Star(), alias(arrival, SEQUENCE)])
        query = self._windows(
            self._with_places(start.from_(relation(f"{self.name}_rows"))), self.keys()
        )
        first = len(self.node.input.fields)
        results = [alias(piece.final, f"c{first + i}") for i, piece in enumerate(self._pieces())]
        ordered = over(query, [exp.Star(), *results])
        if limit is not None:
            ordered = over(ordered, [exp.Star()])
            ordered = ordered.where(column(f"c{first}") <= exp.Literal.number(limit))
        ordered = ordered.order_by(column(SEQUENCE))
        return text(over(ordered, list(map(column, names(first + len(results))))))

    def _placed(self, name: str) -> exp.Select:
        return self._with_places(exp.Select(expressions=[exp.Star()]).from_(relation(name)))

    def _with_places(self, rows: exp.Select) -> exp.Select:
        """Rows numbered in the order of all keys and arrival, where a call asks for the first."""
        if not any(call.function in ("FIRST_VALUE", "LAST_VALUE") for call in self.node.calls):
            return rows
        place = exp.Window(this=exp.RowNumber(), order=self._over_windows(()).order(arrival=True))
        return over(rows, [exp.Star(), alias(place, PLACE)])

    def _windows(self, rows: exp.Select, partition: Sequence[str]) -> exp.Select:
        parts = [part for piece in self._pieces(partition) for part in piece.parts]
        query = over(rows, [exp.Star(), *(alias(p.window, p.name) for p in parts)])
        moved = [part for part in parts if part.of_last_peer]
        if not moved:
            return query
        frame = exp.WindowSpec(
            kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="UNBOUNDED",
            end_side="FOLLOWING",
        )  # fmt: skip
        peers = [
            column(name) for name in (*partition, *self._over_windows(partition).sort_columns())
        ]
        replaced = [
            alias(
                exp.Window(
                    this=exp.LastValue(this=column(part.name)),
                    partition_by=[c.copy() for c in peers],
                    order=exp.Order(expressions=[exp.Ordered(this=column(SEQUENCE))]),
                    spec=frame.copy(),
                ),
                part.name,
            )
            for part in moved
        ]
        star = exp.Star(except_=[exp.to_identifier(part.name) for part in moved])
        return over(query, [star, *replaced])

    def _finals(self) -> list[exp.Expression]:
        return [
            alias(piece.final, name)
            for piece, name in zip(self._pieces(), self.results(), strict=True)
        ]

    def _over_windows(self, partition: Sequence[str]) -> OverWindows:
        return OverWindows(self.node, self.timed, partition)

    def _pieces(self, partition: Sequence[str] = (HEAD,)) -> list[Piece]:
        windows = self._over_windows(partition)
        return OverCalls(windows, self.arguments(), self.mode, self.zone).pieces()
