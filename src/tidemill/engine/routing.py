"""Where outputs, dead letters and late rows go: straight to the decider, or staged for the others.

Compute thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa

from tidemill.engine.batches import joined
from tidemill.engine.counters import Counters
from tidemill.engine.worker import GroupWorker
from tidemill.errors import EngineError
from tidemill.model import Batch, DeadLetter
from tidemill.model.dead_letter import dead_letter_batch
from tidemill.plan.physical import OutputStage

Collect = Callable[[int, Batch], None]
ROWS_TOGETHER = 100_000
BYTES_TOGETHER = 1 << 20
"""So much waits at most before the decider has it; what is less goes with the end of the epoch."""


class Router:
    """Collects one epoch's output."""

    def __init__(
        self,
        job: str,
        workers: Mapping[str, GroupWorker],
        decider: GroupWorker,
        dead_letter_table: str | None,
        late_tables: Mapping[str, str],
        collect: Collect | None,
        counters: Counters,
    ) -> None:
        self._job = job
        self._decider = decider
        self._owner = {t: w for w in workers.values() if w.spec for t in w.spec.tables}
        self._dead_letter_table = dead_letter_table
        self._late_tables = late_tables
        self._collect = collect
        self._counters = counters
        self.staged: dict[str, list[tuple[str, Batch]]] = {}
        self.staged_bytes = 0
        self._waiting: list[tuple[str, Batch]] = []
        self._waiting_bytes = 0
        self.decider_writes = False
        self.last_letter: DeadLetter | None = None

    @property
    def wrote(self) -> bool:
        """Whether this epoch has output."""
        return self.decider_writes or bool(self.staged)

    def write(self, stage: OutputStage, batch: Batch) -> None:
        """Rows of an output."""
        if stage.sink is None:
            assert stage.select is not None
            if self._collect is not None:
                self._collect(stage.select, batch)
            return
        name = stage.sink.name
        self._counters.add(f"sink.{name}.out", len(batch))
        if batch.kinds is not None:
            kinds = batch.kinds.to_numpy()
            self._counters.add(f"sink.{name}.retractions", int(((kinds == 1) | (kinds == 3)).sum()))
        self.to_table(name, batch)

    def report(self, letters: list[DeadLetter]) -> None:
        """Dead letters of sources and functions."""
        if letters:
            self.last_letter = letters[-1]
            self._counters.add("letters.reported", len(letters))
        if self._dead_letter_table is not None and letters:
            self.to_table(self._dead_letter_table, Batch(dead_letter_batch(self._job, letters)))

    def write_late(self, source: str, rows: pa.RecordBatch) -> None:
        """Late rows of a source in the mode `table`."""
        table = self._late_tables.get(source)
        if table is None:
            raise EngineError(
                f"table `{source}` keeps late rows, but no sink was given for them",
                code="engine.unknown-sink",
            )
        self.to_table(table, Batch(rows))

    def to_table(self, table: str, batch: Batch) -> None:
        """Rows for a sink table by name."""
        worker = self._owner.get(table)
        if worker is None:
            raise EngineError(f"no sink takes table `{table}`", code="engine.unknown-sink")
        if worker is self._decider:
            self.decider_writes = True
            self._waiting.append((table, batch))
            self._waiting_bytes += batch.bytes
            if self._waiting_bytes >= BYTES_TOGETHER:
                self._hand_over()
            return
        self.staged.setdefault(worker.name, []).append((table, batch))
        self.staged_bytes += batch.bytes

    def cut(self) -> tuple[dict[str, list[tuple[str, Batch]]], bool]:
        """End the epoch: what is staged, and whether the decider has writes."""
        self._hand_over()
        staged = {name: together(writes) for name, writes in self.staged.items()}
        result = staged, self.decider_writes
        self.staged, self.staged_bytes, self.decider_writes = {}, 0, False
        return result

    def _hand_over(self) -> None:
        """Give the decider what waits for it."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for table, batch in together(waiting):
            self._decider.submit(partial(self._decider.write, table, batch), batch.bytes)


def together(writes: Sequence[tuple[str, Batch]]) -> list[tuple[str, Batch]]:
    """The same rows in fewer batches: small ones of a table become one, in their order.

    A source that trickles makes hundreds of small batches an epoch. Each would be a table of the
    checkpoint and a call of the sink, on a thread that gets its turn from the compute thread, so
    that a commit took ten times as long (docs/decisions/0007-short-epochs.md).
    """
    tables: dict[str, list[Batch]] = {}
    for table, batch in writes:
        tables.setdefault(table, []).append(batch)
    return [(table, joined(run)) for table, batches in tables.items() for run in _runs(batches)]


def _alike(one: Batch, other: Batch) -> bool:
    both = (one.kinds is None) == (other.kinds is None)
    return both and one.rows.schema.equals(other.rows.schema)


def _runs(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Neighbours that are to be one batch: of one form, up to `ROWS_TOGETHER` rows."""
    run: list[Batch] = []
    rows = 0
    for batch in batches:
        if run and (not _alike(run[0], batch) or rows + len(batch) > ROWS_TOGETHER):
            yield run
            run, rows = [], 0
        run.append(batch)
        rows += len(batch)
    if run:
        yield run
