"""One side of a join: its rows, and a batch of changes as what comes and what goes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.engine.state.multi_index import Int64s
from tidemill.engine.state.row_bag import Codes, RowBag
from tidemill.plan.joins import KEY_CODE, ROW_CODE, SEQUENCE, WEIGHT
from tidemill.plan.operators.join_stage import JoinSide
from tidemill.plan.physical import ROW
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch does to a side: rows that come, and the positions of rows that go."""

    rows: pa.Table
    codes: Codes
    gone: Int64s
    gone_codes: Codes


class Side:
    """The rows of one side; compute thread only."""

    def __init__(
        self,
        side: JoinSide,
        name: str,
        schema: pa.Schema,
        kernel: Kernel,
        deltas_max: int,
        stamped: bool = False,
    ) -> None:
        """`schema` is what the edges' queries give; `name` the prefix of the side's relations.

        `stamped` rows carry a time of their own.
        """
        self.side = side
        self._name = name
        self._kernel = kernel
        columns = pa.schema([schema.field(column) for column in side.sql.columns])
        self.bag = RowBag(columns, self._codes_of, kernel.memory, side.ttl_ms, deltas_max, stamped)

    def changes(self, rows: pa.Table, now_ms: int) -> Changes:
        """Sum up a batch: a row that comes and goes within it was never there."""
        if not self.side.retracts or (rows.column(WEIGHT).to_numpy() > 0).all():
            came, nothing = codes(rows), np.zeros(0, np.int64)
            return Changes(rows.select(self.bag.schema.names), came, nothing, came.take(nothing))
        arrived = pa.array(np.arange(rows.num_rows))
        batch = self._run(self.side.sql.changes, "batch", rows.append_column(SEQUENCE, arrived))
        net = batch.column(WEIGHT).to_numpy()
        came, went = batch.filter(pa.array(net > 0)), batch.filter(pa.array(net < 0))
        if (net > 1).any():
            came = came.take(pa.array(np.repeat(np.arange(came.num_rows), net[net > 0])))
        gone, owners = self._find(went, -net[net < 0], now_ms)
        gone_codes = codes(went).take(owners)
        return Changes(came.select(self.bag.schema.names), codes(came), gone, gone_codes)

    def _find(self, rows: pa.Table, copies: Int64s, now_ms: int) -> tuple[Int64s, Int64s]:
        """The positions of rows that go, so many of each; one that is not there is left out."""
        owners, positions = self.bag.find_equal(rows.column(ROW_CODE).to_numpy(), now_ms)
        order = np.lexsort([positions, owners])
        owners, positions = owners[order], positions[order]
        names = self.side.sql.told_apart
        own = rows.select(names).take(pa.array(owners))
        kept = self.bag.take(positions, names)
        beside = pa.table(
            [*own.columns, *kept.columns, pa.array(np.arange(len(owners)))],
            names=[*(f"a{name}" for name in names), *(f"b{name}" for name in names), ROW],
        )
        same = np.sort(self._run(self.side.sql.equal, "equal", beside).column(0).to_numpy())
        owners, positions = owners[same], positions[same]
        starts = np.searchsorted(owners, owners, "left")
        first = np.arange(len(owners)) - starts < copies[owners]
        return positions[first], owners[first]

    def _codes_of(self, rows: pa.Table) -> Codes:
        return codes(self._run(self.side.sql.codes, "rows", rows))

    def live_codes(self, rows: pa.Table) -> Codes:
        """The codes of rows as they are kept."""
        return self._codes_of(rows)

    def _run(self, query: str, relation: str, table: pa.Table) -> pa.Table:
        return self._kernel.run(query, f"{self._name}_{relation}", table)


def codes(rows: pa.Table) -> Codes:
    """The codes that come with rows."""
    column = rows.column(KEY_CODE)
    keyed = np.ones(rows.num_rows, np.bool_)
    if column.null_count:
        keyed = column.is_valid().to_numpy()
        column = column.fill_null(0)
    by_row = rows.column(ROW_CODE).to_numpy() if ROW_CODE in rows.column_names else None
    return Codes(column.to_numpy(), keyed, by_row)
