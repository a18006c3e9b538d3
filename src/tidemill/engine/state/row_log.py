"""Rows that are only ever added at the end, and read by their position: an Arrow log.

New rows are a new chunk; neighbouring chunks of similar size are joined, so that there are only a
few of them and each row is copied a logarithmic number of times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Positions = npt.NDArray[np.int64]


class RowLog:
    """Rows of one schema by position."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._chunks: list[pa.Table] = []
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return sum(chunk.nbytes for chunk in self._chunks)

    def append(self, rows: pa.Table) -> int:
        """Add rows; returns the position of the first."""
        first = self._rows
        if rows.num_rows:
            self._chunks.append(rows)
            self._rows += rows.num_rows
            self._join()
        return first

    def _join(self) -> None:
        chunks, count = self._chunks, 1
        size = chunks[-1].num_rows
        while count < len(chunks) and size * 2 >= chunks[-count - 1].num_rows:
            count += 1
            size += chunks[-count].num_rows
        if count > 1 or chunks[-1].column(0).num_chunks > 1:
            chunks[-count:] = [pa.concat_tables(chunks[-count:]).combine_chunks()]

    def take(self, positions: Positions) -> pa.Table:
        """The rows at positions, in their order."""
        if not len(positions):
            return self.schema.empty_table()
        if len(self._chunks) == 1:
            return self._chunks[0].take(pa.array(positions))
        ends = np.cumsum([chunk.num_rows for chunk in self._chunks])
        owner = np.searchsorted(ends, positions, side="right")
        order = np.argsort(owner, kind="stable")
        starts = ends - [chunk.num_rows for chunk in self._chunks]
        bounds = np.searchsorted(owner[order], np.arange(len(self._chunks) + 1))
        parts = []
        for i, chunk in enumerate(self._chunks):
            mine = order[bounds[i] : bounds[i + 1]]
            if len(mine):
                parts.append(chunk.take(pa.array(positions[mine] - starts[i])))
        gathered = pa.concat_tables(parts)
        if len(parts) == 1:
            return gathered
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return gathered.combine_chunks().take(pa.array(back))
