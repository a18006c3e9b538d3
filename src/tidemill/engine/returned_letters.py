"""Rows that a sink gave back when its epoch was at its end: they go out with the next epoch."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from tidemill.engine.batches import concat
from tidemill.engine.counters import Counters
from tidemill.engine.epochs import refusal
from tidemill.engine.graph import Graph
from tidemill.engine.job import Job
from tidemill.engine.routing import Router
from tidemill.engine.worker import GroupWorker
from tidemill.model import Batch, DeadLetter


class ReturnedLetters:
    """Kept by writer threads, taken by the compute thread; each is durable before (`letters`)."""

    def __init__(
        self,
        job: Job,
        workers: Mapping[str, GroupWorker],
        graph: Graph,
        router: Router,
        counters: Counters,
    ) -> None:
        self._job, self._workers, self._graph = job, workers, graph
        self._router, self._counters = router, counters
        self._waiting: list[tuple[str, int, pa.Table]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def keep(self, group: str, epoch: int, table: pa.Table) -> None:
        """A group has refused rows of an epoch; from any thread."""
        self._waiting.append((group, epoch, table))

    def take(self) -> dict[str, int]:
        """Count what waits and write it to the dead-letter table; the epoch of each group."""
        waiting, self._waiting = self._waiting, []
        taken: dict[str, int] = {}
        for name, epoch, table in waiting:
            taken[name] = epoch
            for refused in table.column("table").to_pylist():
                for key, by in refusal(refused):
                    self._counters.add(key, by)
            target = self._job.dead_letter_table
            spec = self._workers[name].spec
            if target is not None and spec is not None and target not in spec.tables:
                batch = concat([table]).combine_chunks().to_batches()[0]
                self._router.to_table(target, Batch(batch))
        return taken

    def check(self, letters: list[DeadLetter]) -> None:
        """Stop for a row that a sink refused, where a source of the row is in the mode `fail`."""
        for output in self._job.plan.outputs:
            if output.sink is None:
                continue
            refused = [letter for letter in letters if letter.table == output.sink.name]
            if refused:
                for edge in output.edges:
                    for source in self._job.plan.source_of(edge.input):
                        self._graph.intakes[source.id].check(refused)
