"""Calls of Python functions in the graph: rows go through, with the results behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.isolate import BadRow
from tidemill.engine.node import Host, LateRows, Stateless
from tidemill.engine.python.failures import Failure
from tidemill.engine.python.lifecycle import opened
from tidemill.engine.python.scalar import evaluate
from tidemill.model import RowKind
from tidemill.plan.operators.python_calc import PythonCalcStage
from tidemill.plan.physical import KIND, ROW, FusedStage


class PythonCalcNode(Stateless):
    """A row for which a call fails goes to the dead letters; the others go on."""

    def __init__(self, stage: PythonCalcStage, host: Host) -> None:
        self.stage = stage
        self._host = host
        opened(call.function for call in stage.calls)

    def take(self, edge: FusedStage, batch: StageBatch) -> LateRows:
        """Call the functions for a batch's rows and hand them on."""
        host, stage = self._host, self.stage
        rows, kept = host.isolated(edge, stage.id, batch)
        host.counters.add(f"{stage.id}.filtered", len(kept) - _distinct(rows))
        if not rows.num_rows:
            return ()
        origins = rows.column(ROW).to_numpy()
        made, failures = self._called(rows)
        if failures:
            made, origins = self._without(edge, kept, made, origins, failures)
        host.counters.add(f"{stage.id}.out", made.num_rows)
        if made.num_rows:
            host.push(stage.id, StageBatch.made_of(made, edge.input, kept, origins))
        return ()

    def _called(self, rows: pa.Table) -> tuple[pa.Table, list[Failure]]:
        stage, schema = self.stage, self.stage.schema
        columns = list(rows.columns[: stage.passed])
        failures: dict[int, Failure] = {}
        for call in stage.calls:
            arguments = [rows.column(place) for place in call.arguments]
            result, failed = evaluate(call.function, arguments, call.types, rows.num_rows)
            columns.append(result)
            for one in failed:
                failures.setdefault(one.index, one)
        if KIND in schema.names:
            columns.append(rows.column(KIND))
        fitting = [
            c if c.type == field.type else c.cast(field.type)
            for c, field in zip(columns, schema, strict=True)
        ]
        return pa.table(fitting, schema=schema), [failures[i] for i in sorted(failures)]

    def _without(
        self,
        edge: FusedStage,
        kept: StageBatch,
        made: pa.Table,
        origins: np.ndarray,
        failures: Sequence[Failure],
    ) -> tuple[pa.Table, np.ndarray]:
        """The rows without those for which a call failed, which are set aside."""
        bad: dict[int, BadRow] = {}
        for one in failures:  # a row in several windows fails once
            index = int(origins[one.index])
            bad.setdefault(index, one.bad_row(index))
        self._host.refuse(edge, self.stage.id, kept, list(bad.values()))
        alive = np.ones(made.num_rows, np.bool_)
        alive[[one.index for one in failures]] = False
        if KIND in made.column_names:
            made = _kinds_alone(made, alive)
        return made.filter(pa.array(alive)), origins[alive]


def _distinct(rows: pa.Table) -> int:
    return len(np.unique(rows.column(ROW).to_numpy()))


def _kinds_alone(made: pa.Table, alive: np.ndarray) -> pa.Table:
    """Where one row of a change is set aside, the other stands for itself."""
    kinds = made.column(KIND).to_numpy().copy()
    opens = np.zeros(len(kinds), np.bool_)
    opens[:-1] = (kinds[:-1] == RowKind.UPDATE_BEFORE) & (kinds[1:] == RowKind.UPDATE_AFTER)
    first = np.flatnonzero(opens)
    kinds[first[~alive[first + 1]]] = RowKind.DELETE
    kinds[first[~alive[first]] + 1] = RowKind.INSERT
    place = made.column_names.index(KIND)
    return made.set_column(place, made.schema.field(place), pa.array(kinds, pa.int8()))
