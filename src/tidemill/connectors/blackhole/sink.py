"""The sink of `blackhole`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.model import Batch, DeadLetter, Position, TableDescriptor


class BlackholeWriter:
    """Counts the rows of one table as they come; after a crash some come again."""

    def __init__(self) -> None:
        self.rows_total = 0

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows; never refuses one."""
        self.rows_total += len(batch)
        return []


class BlackholeGroup:
    """All blackhole tables of a pipeline.

    Rows that nobody will see need not wait for their epoch, nor be kept in its checkpoint.
    """

    name = "blackhole"
    atomic = False
    idempotent = False
    at_once = True

    def __init__(self, tables: Sequence[TableDescriptor]) -> None:
        self._writers = {table.name: BlackholeWriter() for table in tables}

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
        """Nothing to note."""

    def abort(self) -> None:
        """Nothing to take back."""

    def close(self) -> None:
        """Nothing to give back."""
