"""Where outputs, dead letters and late rows go, by the commit group of their table.

To the decider, soon; to a group that is written at once, at once; staged for all others until the
epoch is decided. Compute thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pyarrow as pa

from tidemill.engine.counters import Counters
from tidemill.engine.together import together
from tidemill.engine.worker import GroupWorker
from tidemill.errors import EngineError
from tidemill.model import Batch, DeadLetter
from tidemill.model.dead_letter import dead_letter_batch
from tidemill.plan.physical import OutputStage

Collect = Callable[[int, Batch], None]
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
        self.at_once: set[str] = set()
        """The groups written at once that have rows of this epoch."""
        self.last_letter: DeadLetter | None = None

    @property
    def wrote(self) -> bool:
        """Whether this epoch has output."""
        return self.shows_at_commit or bool(self.at_once)

    @property
    def shows_at_commit(self) -> bool:
        """Whether readers see some of this epoch's output only when it is committed."""
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
        if worker.group is not None and worker.group.at_once:
            self.at_once.add(worker.name)
            worker.write_soon(table, batch)
            return
        self.staged.setdefault(worker.name, []).append((table, batch))
        self.staged_bytes += batch.bytes

    def cut(self) -> tuple[dict[str, list[tuple[str, Batch]]], bool, tuple[str, ...]]:
        """End the epoch: what is staged, whether the decider has writes, who was written to."""
        self._hand_over()
        staged = {name: together(writes) for name, writes in self.staged.items()}
        result = staged, self.decider_writes, tuple(sorted(self.at_once))
        self.staged, self.staged_bytes, self.decider_writes, self.at_once = {}, 0, False, set()
        return result

    def _hand_over(self) -> None:
        """Give the decider what waits for it."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for table, batch in together(waiting):
            self._decider.submit(partial(self._decider.write, table, batch), batch.bytes)
