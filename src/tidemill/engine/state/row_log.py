"""Rows that are only ever added at the end, and read by their position: an Arrow log.

New rows are a new chunk; neighbouring chunks of similar size are joined, so that there are only a
few of them and each row is copied a logarithmic number of times. Chunks for which `StateMemory` has
no room lie in files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.engine.state.memory import StateMemory

COPIED_AT_ONCE = 100_000
"""Copies on their way to a new log, or to a checkpoint, take several times the rows' memory."""

Positions = npt.NDArray[np.int64]


class RowLog:
    """Rows of one schema by position."""

    def __init__(self, schema: pa.Schema, memory: StateMemory | None = None) -> None:
        self.schema = schema
        self._chunks: list[pa.Table] = []
        self._in_file: list[bool] = []
        self._rows = 0
        self._memory = memory

    def __len__(self) -> int:
        return self._rows

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return sum(chunk.nbytes for chunk in self._chunks)

    @property
    def resident_bytes(self) -> int:
        """Size of what is in memory, in bytes."""
        return sum(chunk.nbytes for chunk in self._resident())

    def _resident(self) -> list[pa.Table]:
        return [c for c, filed in zip(self._chunks, self._in_file, strict=True) if not filed]

    def largest_bytes(self) -> int:
        """Size of the largest chunk in memory, in bytes; 0 where there is none."""
        return max((chunk.nbytes for chunk in self._resident()), default=0)

    def spill_largest(self, memory: StateMemory) -> int:
        """Put the largest chunk into a file; the bytes that are free now."""
        sizes = [0 if f else c.nbytes for c, f in zip(self._chunks, self._in_file, strict=True)]
        index = int(np.argmax(sizes))
        self._chunks[index] = memory.to_file(self._chunks[index])
        self._in_file[index] = True
        return sizes[index]

    def append(self, rows: pa.Table) -> int:
        """Add rows; returns the position of the first."""
        first = self._rows
        if rows.num_rows:
            self._chunks.append(rows)
            self._in_file.append(False)
            self._rows += rows.num_rows
            self._join()
            if self._memory is not None:
                self._memory.settle(self, self.resident_bytes)
        return first

    def _join(self) -> None:
        chunks, count = self._chunks, 1
        size = chunks[-1].num_rows
        while count < len(chunks) and size * 2 >= chunks[-count - 1].num_rows:
            count += 1
            size += chunks[-count].num_rows
        if count > 1 or chunks[-1].column(0).num_chunks > 1:
            chunks[-count:] = [pa.concat_tables(chunks[-count:]).combine_chunks()]
            self._in_file[-count:] = [False]

    def pieces(self, positions: Positions) -> Iterator[pa.Table]:
        """The rows at positions, in their order, a bounded number at a time; at least one table."""
        for start in range(0, len(positions) or 1, COPIED_AT_ONCE):
            yield self.take(positions[start : start + COPIED_AT_ONCE])

    def take(self, positions: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows at positions, in their order; of them only some columns where named."""
        if not len(positions):
            empty = self.schema.empty_table()
            return empty if columns is None else empty.select(columns)
        chunks = self._chunks
        if columns is not None:
            chunks = [chunk.select(columns) for chunk in chunks]
        if len(chunks) == 1:
            return chunks[0].take(pa.array(positions))
        ends = np.cumsum([chunk.num_rows for chunk in chunks])
        owner = np.searchsorted(ends, positions, side="right")
        order = np.argsort(owner, kind="stable")
        starts = ends - [chunk.num_rows for chunk in chunks]
        bounds = np.searchsorted(owner[order], np.arange(len(chunks) + 1))
        parts = []
        for i, chunk in enumerate(chunks):
            mine = order[bounds[i] : bounds[i + 1]]
            if len(mine):
                parts.append(chunk.take(pa.array(positions[mine] - starts[i])))
        gathered = pa.concat_tables(parts)
        if len(parts) == 1:
            return gathered
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return gathered.combine_chunks().take(pa.array(back))
