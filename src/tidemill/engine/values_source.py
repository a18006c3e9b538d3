"""VALUES as a source: constant rows, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Position

_PARTITION = "0"


class ValuesSource:
    """Delivers a table, from the row its position names."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._position = 0

    def open(self, start: Mapping[str, Position]) -> None:
        """Start at the stored row."""
        position = start.get(_PARTITION, 0)
        assert isinstance(position, int)
        self._position = position

    def partitions(self) -> Sequence[str]:
        """One partition."""
        return (_PARTITION,)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows."""
        rows = self._table.slice(self._position, rows_max).combine_chunks()
        if rows.num_rows == 0:
            return ()
        self._position += rows.num_rows
        batch = rows.to_batches()[0]
        return (PartitionBatch(_PARTITION, batch, None, self._position, batch.num_rows),)

    def finished(self) -> bool:
        """Whether all rows were delivered."""
        return bool(self._position >= self._table.num_rows)

    def caught_up(self) -> bool:
        """As `finished`."""
        return self.finished()

    def close(self) -> None:
        """Nothing to give back."""
