"""A lookup join in the graph: rows go through, each beside what was found for its key."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.isolate import BadRow, bisect
from tidemill.engine.node import Host, LateRows, Stateless
from tidemill.engine.operators.lookup_join import LookupJoin
from tidemill.engine.state.hash_index import Ids
from tidemill.model import RowKind
from tidemill.plan.operators.lookup_join import PAIR, LookupJoinStage
from tidemill.plan.physical import KIND, ROW, FusedStage
from tidemill.sql.logical import JoinKind


class LookupJoinNode(Stateless):
    """Each change on the left is a -D or +I of so many rows."""

    def __init__(self, stage: LookupJoinStage, host: Host) -> None:
        self.stage = stage
        self._host = host
        rows = host.partials(stage)
        keys = pa.schema([rows.field(name) for name in stage.keys])
        self.operator = LookupJoin(
            stage, host.kernel, keys, lambda: host.lookup(stage.id), host.clock, host.counters
        )

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Look up a batch's keys and hand on the joined rows."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        if not rows.num_rows:
            return ()
        origins = rows.column(ROW).to_numpy()
        left, right, found = self.operator.pairs(rows.select(list(stage.keys)))
        left, right, bad = self._passing(rows, left, right, found)
        if len(bad):
            host.refuse(edge, stage.id, kept, [BadRow(int(origins[i]), *why) for i, why in bad])
        if stage.kind is JoinKind.LEFT:
            left, right = _with_padding(rows.num_rows, left, right, [i for i, _ in bad])
        if len(left):
            made = self._made(rows, left, right, found)
            host.push(stage.id, StageBatch.made_of(made, edge.input, kept, origins[left]))
        return ()

    def _passing(
        self, rows: pa.Table, left: Ids, right: Ids, found: pa.Table
    ) -> tuple[Ids, Ids, list[tuple[int, tuple[str, str]]]]:
        """The pairs for which the condition is TRUE, and the rows for which it cannot be said."""
        query = self.stage.condition
        if query is None or not len(left):
            return left, right, []
        columns = [rows.column(i) for i in range(self.stage.width)]
        taken = [c.take(pa.array(left)) for c in columns]
        taken += [c.take(pa.array(right)) for c in found.columns]
        taken.append(pa.array(np.arange(len(left), dtype=np.int64)))
        names = [*(f"c{i}" for i in range(len(taken) - 1)), PAIR]
        pairs = pa.table(taken, names=names)

        def run(table: pa.Table) -> pa.Table:
            return self._host.kernel.run(query, f"{self.stage.id}_pairs", table)

        bad: list[int] = []
        try:
            passing = run(pairs)
        except duckdb.Error:
            bad = sorted({int(left[i]) for i in bisect(run, pairs, 0)})
            passing = run(pairs.filter(pa.array(~np.isin(left, bad))))
        chosen = np.sort(passing.column(PAIR).to_numpy())
        why = ("engine.bad-row", "the condition of the lookup join cannot be computed for the row")
        return left[chosen], right[chosen], [(row, why) for row in bad]

    def _made(self, rows: pa.Table, left: Ids, right: Ids, found: pa.Table) -> pa.Table:
        schema = self.stage.schema
        columns = [rows.column(i).take(pa.array(left)) for i in range(self.stage.width)]
        places = pa.array(right, mask=right < 0)
        columns += [column.take(places) for column in found.columns]
        if KIND in schema.names:
            kinds = rows.column(KIND).to_numpy()[left].copy()
            kinds[kinds == RowKind.UPDATE_BEFORE] = RowKind.DELETE
            kinds[kinds == RowKind.UPDATE_AFTER] = RowKind.INSERT
            columns.append(pa.chunked_array([pa.array(kinds, pa.int8())]))
        fitting = [
            c if c.type == field.type else c.cast(field.type)
            for c, field in zip(columns, schema, strict=True)
        ]
        return pa.table(fitting, schema=schema)


def _with_padding(count: int, left: Ids, right: Ids, bad: list[int]) -> tuple[Ids, Ids]:
    """The pairs, and each row without one beside nothing (-1), in the order of the rows."""
    alone = np.setdiff1d(np.arange(count), np.concatenate([left, np.array(bad, np.int64)]))
    both = np.concatenate([left, alone])
    beside = np.concatenate([right, np.full(len(alone), -1)])
    order = np.argsort(both, kind="stable")
    return both[order], beside[order]
