"""A batch of rows, with their kinds where the stream is a changelog."""

from __future__ import annotations

import pyarrow as pa

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in their order, as one Arrow record batch.

    `kinds` is an int8 array of `RowKind` values as long as `rows`, or None where every row is +I.
    """

    rows: pa.RecordBatch
    kinds: pa.Int8Array | None = None

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def bytes(self) -> int:
        """Memory of the rows' buffers, in bytes."""
        return int(self.rows.nbytes)
