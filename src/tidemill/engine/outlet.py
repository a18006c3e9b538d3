"""Where rows leave the plan: those that a sink must not get are set aside, the others given out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from tidemill.engine.batches import as_record_batch, kinds_of
from tidemill.engine.checks import stopped, unmet
from tidemill.engine.contract import forbidden_nulls, null_letters, unmet_letters
from tidemill.engine.counters import Counters
from tidemill.engine.intake import Intake, render
from tidemill.engine.kernel import Kernel
from tidemill.engine.pairs import standing_alone
from tidemill.engine.samples import Sampler
from tidemill.errors import Where
from tidemill.model import Batch, DeadLetter
from tidemill.plan.fuse import names
from tidemill.plan.physical import KIND, OutputStage, PhysicalPlan, RowChecks

Write = Callable[[OutputStage, Batch], None]


class Outlet:
    """Gives rows to `write`, and what is set aside to `report`."""

    def __init__(
        self,
        plan: PhysicalPlan,
        kernel: Kernel,
        counters: Counters,
        intakes: Mapping[str, Intake],
        write: Write,
        report: Callable[[list[DeadLetter]], None],
        samples: Sampler,
    ) -> None:
        self._plan, self._kernel, self._counters = plan, kernel, counters
        self._intakes, self._write, self._report = intakes, write, report
        self._samples = samples

    def give(self, stage: OutputStage, rows: pa.Table, node: str) -> None:
        """Rows of a node go out, but for those that the sink's columns or expectations refuse."""
        if rows.num_rows == 0:
            return
        table, kinds = kinds_of(rows)
        mask = forbidden_nulls(stage, table)
        if mask is not None:
            self._refuse(stage, null_letters(stage, table, mask), node)
            keep = pa.array(~mask)
            table = table.filter(keep)
            kinds = None if kinds is None else kinds.filter(keep)
        batch = as_record_batch(table, stage.schema)
        if stage.checks is not None and batch.num_rows:
            batch, kinds = self._checked(stage, stage.checks, batch, kinds, node)
        if batch.num_rows:
            if self._samples.wanted:
                self._samples.see(stage.id, _with_kinds(batch, kinds))
            self._write(stage, Batch(batch, kinds))

    def _checked(
        self,
        stage: OutputStage,
        checks: RowChecks,
        batch: pa.RecordBatch,
        kinds: pa.Int8Array | None,
        node: str,
    ) -> tuple[pa.RecordBatch, pa.Int8Array | None]:
        """The rows that meet the sink's expectations; the others are set aside, or stop the job."""
        table = pa.Table.from_batches([batch]).rename_columns(names(batch.num_columns))
        found = unmet(checks, self._kernel, self._counters, stage.id, table)
        assert stage.sink is not None
        if found.stop is not None:
            index, check = found.stop
            row = render(batch.slice(index, 1).to_pylist()[0]).decode()
            raise stopped(check, row, Where(table=stage.sink.name))
        if found.aside:
            self._refuse(stage, unmet_letters(stage, batch, found), node)
        elif kinds is None or not checks.sets_aside:
            return batch, kinds
        alive = found.alive(batch.num_rows)
        if kinds is not None:
            kinds = pa.array(standing_alone(kinds.to_numpy(), alive)[alive], pa.int8())
        return batch.filter(pa.array(alive)), kinds

    def _refuse(self, stage: OutputStage, letters: list[DeadLetter], node: str) -> None:
        """Set aside rows that a sink's columns do not allow."""
        self._counters.add(f"{stage.id}.out", -len(letters))
        self._counters.add(f"{stage.id}.dead", len(letters))
        for source in self._plan.source_of(node):
            self._intakes[source.id].check(letters)
        self._report(letters)


def _with_kinds(batch: pa.RecordBatch, kinds: pa.Int8Array | None) -> pa.Table:
    rows = pa.Table.from_batches([batch])
    return rows if kinds is None else rows.append_column(KIND, kinds)
