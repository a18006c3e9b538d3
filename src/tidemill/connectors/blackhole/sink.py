"""The sink of `blackhole`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.model import Batch, DeadLetter, Position, TableDescriptor


class BlackholeWriter:
    """Counts the rows of one table; only committed ones stand in `rows_total`."""

    def __init__(self) -> None:
        self.rows_total = 0
        self.rows_open = 0

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows; never refuses one."""
        self.rows_open += len(batch)
        return []


class BlackholeGroup:
    """All blackhole tables of a pipeline."""

    name = "blackhole"
    atomic = False
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor]) -> None:
        self._writers = {table.name: BlackholeWriter() for table in tables}
        self._epoch: int | None = None

    def open(self) -> int | None:
        """Nothing to open, and nothing is remembered."""
        return None

    def writer(self, table: str) -> BlackholeWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Nothing to push out."""
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Count the epoch's rows as committed, once."""
        if self._epoch is not None and epoch <= self._epoch:
            self.abort()
            return
        self._epoch = epoch
        for writer in self._writers.values():
            writer.rows_total += writer.rows_open
            writer.rows_open = 0

    def abort(self) -> None:
        """Forget the open epoch's rows."""
        for writer in self._writers.values():
            writer.rows_open = 0

    def close(self) -> None:
        """Nothing to give back."""
        self.abort()
