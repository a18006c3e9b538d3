"""Calls of Python functions in the graph: rows go through, with the results behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.isolate import BadRow
from tidemill.engine.node import Host, LateRows, Stateless
from tidemill.engine.pairs import standing_alone
from tidemill.engine.python.aggregate import folder_of
from tidemill.engine.python.failures import Failure
from tidemill.engine.python.lifecycle import opened
from tidemill.engine.python.scalar import evaluate
from tidemill.engine.python.values import from_python
from tidemill.plan.operators.python_calc import PythonCalcStage, PythonCallStage
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
        host.counters.passed(stage.id, len(kept), rows.num_rows)
        if not rows.num_rows:
            return ()
        origins = rows.column(ROW).to_numpy()
        made, failures = self._called(rows)
        if failures:
            made, origins = self._without(edge, kept, made, origins, failures)
        if made.num_rows:
            host.push(stage.id, StageBatch.made_of(made, edge.input, kept, origins))
        return ()

    def _called(self, rows: pa.Table) -> tuple[pa.Table, list[Failure]]:
        stage, schema = self.stage, self.stage.schema
        columns = list(rows.columns[: stage.passed])
        failures: dict[int, Failure] = {}
        for call in stage.calls:
            arguments = [rows.column(place) for place in call.arguments]
            result, failed = self._evaluated(call, arguments, rows.num_rows)
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

    def _evaluated(
        self, call: PythonCallStage, arguments: list[pa.ChunkedArray], rows: int
    ) -> tuple[pa.Array, list[Failure]]:
        if call.function.kind != "aggregate":
            return evaluate(call.function, arguments, call.types, rows)
        values, failures, lost = folder_of(call.function, call.types[0]).fold(arguments[0])
        if lost:
            found = [(one.failure.code, one.failure.message, one.shown()) for one in lost]
            self._host.lose(self.stage, found)
        return from_python(values, call.function.result_type), failures

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
        counters = self._host.counters
        counters.add(f"{self.stage.id}.out", -len(failures))
        counters.add(f"{self.stage.id}.filtered", len(failures) - len(bad))
        alive = np.ones(made.num_rows, np.bool_)
        alive[[one.index for one in failures]] = False
        if KIND in made.column_names:
            made = _kinds_alone(made, alive)
        return made.filter(pa.array(alive)), origins[alive]


def _kinds_alone(made: pa.Table, alive: np.ndarray) -> pa.Table:
    """Where one row of a change is set aside, the other stands for itself."""
    kinds = standing_alone(made.column(KIND).to_numpy(), alive)
    place = made.column_names.index(KIND)
    return made.set_column(place, made.schema.field(place), pa.array(kinds, pa.int8()))
