"""What the kinds of join have in common: finding partners, and the rows that come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.join_side import Side
from tidemill.engine.state.multi_index import Int64s
from tidemill.engine.state.row_bag import Codes, Mask
from tidemill.errors import EngineError, Where
from tidemill.model import RowKind
from tidemill.plan.operators.join_stage import JoinStage
from tidemill.plan.physical import KIND, ROW
from tidemill.records import dataclass
from tidemill.sql.logical import JoinKind

PAIRS_MAX = 1_000_000
"""Pairs whose condition is asked for at once."""
ROWS_MAX = 100_000
"""Rows that come out at once."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of one side, by their indexes in a table or their positions in its bag."""

    table: pa.Table | None
    indexes: Int64s


class TwoSides:
    """Both sides of a join, and the stage's condition on pairs; compute thread only."""

    def __init__(
        self,
        stage: JoinStage,
        kernel: Kernel,
        schemas: Sequence[pa.Schema],
        deltas_max: int,
        stamped: bool = False,
    ) -> None:
        """`schemas` are what the edges' queries of the left and of the right side give."""
        self.stage = stage
        self._kernel = kernel
        self.sides = [
            Side(side, f"{stage.id}_{port}", schemas[port], kernel, deltas_max, stamped)
            for port, side in enumerate(stage.sides)
        ]
        kind = stage.kind
        unmatched = (kind.keeps_left or kind is JoinKind.ANTI, kind.keeps_right)
        self.alone = (
            True if unmatched[0] else False if kind is JoinKind.SEMI else None,
            True if unmatched[1] else None,
        )
        """Whether a side's rows come out alone: without a partner (True), with one (False)."""
        self.unmatched = 0
        """Rows that found no partner when they came, since somebody has last set this to 0."""

    def come_alone(self, port: int, numbers: Int64s) -> Int64s:
        """The indexes of rows that come out alone, by the numbers of their partners."""
        alone = self.alone[port]
        if alone is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero((numbers == 0) == alone)

    # -- partners

    def partners(
        self,
        port: int,
        rows: pa.Table,
        codes: Codes,
        now_ms: int = 0,
        near: Callable[[Int64s, Int64s], Mask] | None = None,
    ) -> tuple[Int64s, Int64s]:
        """For each row of one side its partners on the other: index of the row, and position.

        `near` says which of such pairs can be partners at all.
        """
        bag = self.sides[1 - port].bag
        keyed = np.flatnonzero(codes.keyed)
        if not len(bag) or not len(keyed):
            nothing = np.zeros(0, np.int64)
            return nothing, nothing
        keys = codes.keys[keyed]
        owners, found = [], []
        for start, stop in _slices(bag.candidates(keys)):
            owner, position = bag.find(keys[start:stop], now_ms)
            owner = keyed[owner + start]
            if near is not None:
                close = near(owner, position)
                owner, position = owner[close], position[close]
            if self.stage.condition and len(owner):
                true = self._test(port, rows.take(pa.array(owner)), position)
                owner, position = owner[true], position[true]
            owners.append(owner)
            found.append(position)
        return np.concatenate(owners), np.concatenate(found)

    def _test(self, port: int, rows: pa.Table, positions: Int64s) -> Int64s:
        """Which of the candidates are pairs."""
        own, other = self.stage.sides[port], self.stage.sides[1 - port]
        there = self.sides[1 - port].bag.take(positions, _firsts(other.compared))
        columns = [rows.column(name) for name, _ in own.compared]
        columns += [there.column(name) for name, _ in other.compared]
        names = [name for side in (own, other) for _, name in side.compared]
        order = np.argsort(names)  # one schema, whichever side came
        pairs = pa.table(
            [*(columns[i] for i in order), pa.array(np.arange(len(positions)))],
            names=[*(names[i] for i in order), ROW],
        )
        relation = f"{self.stage.id}_pairs"
        try:
            true = self._kernel.run(self.stage.condition, relation, pairs).column(0).to_numpy()
        except duckdb.Error as error:
            raise EngineError(
                f"the condition of a join failed: {str(error).splitlines()[0]}",
                code="engine.join-failed",
                where=Where(operator=self.stage.id),
                detail=f"Condition: {self.stage.residual}.",
                hint="Guard it, such as CASE WHEN b <> 0 THEN a / b > 1 END or TRY_CAST.",
            ) from error
        return np.sort(true)

    # -- what comes out

    def pairs(self, port: int, rows: Chosen, partners: Int64s, kind: RowKind) -> Iterator[pa.Table]:
        """Rows of one side beside their partners on the other."""
        if not self.stage.kind.pairs:
            return
        for start in range(0, len(partners), ROWS_MAX):
            part = slice(start, start + ROWS_MAX)
            sides: dict[int, pa.Table] = {
                port: self._table(port, Chosen(rows.table, rows.indexes[part])),
                1 - port: self._table(1 - port, Chosen(None, partners[part])),
            }
            yield self._shown(sides, kind)

    def single(self, port: int, rows: Chosen, kind: RowKind) -> Iterator[pa.Table]:
        """Rows of one side, the other NULL."""
        for start in range(0, len(rows.indexes), ROWS_MAX):
            part = Chosen(rows.table, rows.indexes[start : start + ROWS_MAX])
            yield self._shown({port: self._table(port, part)}, kind)

    def _table(self, port: int, rows: Chosen) -> pa.Table:
        if rows.table is not None:
            return rows.table.take(pa.array(rows.indexes))
        return self.sides[port].bag.take(rows.indexes)

    def _shown(self, sides: dict[int, pa.Table], kind: RowKind) -> pa.Table:
        """The output columns; those that nobody reads, and those of a missing side, are NULL."""
        stage = self.stage
        count = next(iter(sides.values())).num_rows
        columns: list[pa.Array | pa.ChunkedArray] = []
        for i, field in enumerate(stage.schema):
            if field.name == KIND:
                columns.append(pa.array(np.full(count, int(kind), np.int8)))
                continue
            port, index = (0, i) if i < stage.width else (1, i - stage.width)
            if port in sides and i in stage.used:
                columns.append(sides[port].column(f"c{index}"))
            else:
                columns.append(pa.nulls(count, field.type))
        return pa.table(columns, names=stage.schema.names).cast(stage.schema)


def _firsts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return list(dict.fromkeys(first for first, _ in pairs))


def _slices(sizes: Int64s) -> Iterator[tuple[int, int]]:
    """Runs of rows with about as many candidates as may be asked for at once."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        reached = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, reached + PAIRS_MAX, "right"))
        stop = max(stop, start + 1)
        yield start, stop
        start = stop
