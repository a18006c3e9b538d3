"""A partitioned log, and the source that reads it: positions, bad records, errors that pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import pyarrow as pa

from tidemill.errors import ConnectorError
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter
from tidemill.records import dataclass
from tidemill.testing.simulation.world import World


@dataclass(frozen=True)
class Log:
    """The records of one partition, one row each; those in `poison` cannot be decoded.

    Those in `skipped` are tombstones: read, counted, and no row.
    """

    rows: pa.RecordBatch
    kinds: pa.Int8Array | None = None
    poison: frozenset[int] = field(default_factory=frozenset)
    skipped: frozenset[int] = field(default_factory=frozenset)
    cuts: tuple[int, ...] = ()
    """Where reads end, so that the seeds of one input have the same batches to shuffle."""

    def next_cut(self, position: int) -> int:
        """The end of a read that begins at a position."""
        return min((cut for cut in self.cuts if cut > position), default=self.rows.num_rows)

    def read(self, table: str, partition: str, start: int, stop: int) -> PartitionBatch:
        """The records from `start` to before `stop`."""
        rows = self.rows.slice(start, stop - start)
        kinds = None if self.kinds is None else self.kinds.slice(start, stop - start)
        gone = sorted(i for i in self.poison | self.skipped if start <= i < stop)
        if not gone:
            return PartitionBatch(partition, rows, kinds, stop, stop - start)
        mask = pa.array([i not in gone for i in range(start, stop)])
        letters = tuple(
            DeadLetter(
                table, "parse", "format.bad-value", "poison", partition=partition, position=str(i)
            )
            for i in gone
            if i in self.poison
        )
        return PartitionBatch(
            partition, rows.filter(mask), None if kinds is None else kinds.filter(mask), stop,
            stop - start, skipped=len(gone) - len(letters), dead_letters=letters,
        )  # fmt: skip


Logs = Mapping[str, Mapping[str, Log]]
"""The partitions of each table."""


class SimulatedSource:
    """Reads a table's log; the world says how much each read gives, and when one fails."""

    def __init__(self, world: World, table: str, partitions: Mapping[str, Log]) -> None:
        self._world = world
        self._table = table
        self._logs = partitions
        self._at: dict[str, int] = {}
        self._script: list[tuple[str, int, int]] | None = None

    def follow(self, script: Sequence[tuple[str, int, int]]) -> None:
        """Read exactly this, in this order, instead of what chance says."""
        self._script = list(reversed(script))

    def open(self, start: Mapping[str, Any]) -> None:
        """Start at the stored positions."""
        self._fail("open-source")
        self._at = {name: start.get(name, 0) for name in self._logs}
        reads = self._world.reads
        kept = [r for r in reads[self._table] if r[2] <= self._at.get(r[0], 0)]
        reads[self._table] = kept

    def partitions(self) -> Sequence[str]:
        """All partitions of the log."""
        return tuple(self._logs)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next records of one partition, or of two."""
        self._fail("read")
        if self._script is not None:
            return (self._take(*self._script.pop()),) if self._script else ()
        rng = self._world.rng
        left = [name for name, log in self._logs.items() if self._at[name] < log.rows.num_rows]
        rng.shuffle(left)
        taken = []
        for name in left[: rng.choice((1, 1, 1, 2))]:
            at = self._at[name]
            taken.append(self._take(name, at, self._logs[name].next_cut(at)))
        return taken

    def _take(self, partition: str, start: int, stop: int) -> PartitionBatch:
        self._at[partition] = stop
        self._world.reads[self._table].append((partition, start, stop))
        return self._logs[partition].read(self._table, partition, start, stop)

    def _fail(self, occasion: str) -> None:
        if self._world.happen(occasion):
            raise ConnectorError(
                f"the log of `{self._table}` does not answer", code="connector.unreachable",
                retryable=True,
            )  # fmt: skip

    def finished(self) -> bool:
        """Whether every record was read."""
        return all(self._at[name] >= log.rows.num_rows for name, log in self._logs.items())

    def caught_up(self) -> bool:
        """As `finished`."""
        return self.finished()

    def close(self) -> None:
        """Nothing to give back."""
