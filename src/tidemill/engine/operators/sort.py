"""ORDER BY, OFFSET and LIMIT over a whole bounded input; or a bare LIMIT over a stream.

With sort keys all rows are kept until the input ends. Without, the first rows go straight through
and `full` then says that no more are needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tidemill.engine.batches import concat
from tidemill.engine.kernel import Kernel
from tidemill.interfaces.operator import StateDelta
from tidemill.plan.sort import SortStage
from tidemill.plan.windows import MAX_WATERMARK_US

DELTAS_MAX = 64


class Sort:
    """The rows of a sort, or the count of a limit; compute thread only."""

    def __init__(self, stage: SortStage, kernel: Kernel) -> None:
        self.stage = stage
        self._kernel = kernel
        self._rows: list[pa.Table] = []
        self._fresh: list[pa.Table] = []
        self._deltas = 0
        self._seen = 0
        self._saved_seen = 0
        self._finished = False

    @property
    def full(self) -> bool:
        """Whether a limit without sort keys has all its rows."""
        limit = self.stage.limit
        return (
            self.stage.query is None
            and limit is not None
            and self._seen >= (limit + self.stage.offset)
        )

    def add(self, rows: pa.Table) -> list[pa.Table]:
        """Take rows; a limit without sort keys hands on what is within it."""
        if rows.num_rows == 0:
            return []
        if self.stage.query is not None:
            self._rows.append(rows)
            self._fresh.append(rows)
            return []
        start = max(0, self.stage.offset - self._seen)
        stop = rows.num_rows
        if self.stage.limit is not None:
            stop = min(stop, self.stage.offset + self.stage.limit - self._seen)
        self._seen += rows.num_rows
        return [rows.slice(start, stop - start)] if stop > start else []

    def advance(self, watermark_us: int) -> list[pa.Table]:
        """At the end of the input: the sorted rows."""
        if watermark_us < MAX_WATERMARK_US or self.stage.query is None or self._finished:
            return []
        self._finished = True
        if not self._rows:
            return []
        rows = concat(self._rows)
        done = self._kernel.run(self.stage.query, f"{self.stage.id}_rows", rows)
        self._rows, self._fresh = [], []
        return [done] if done.num_rows else []

    @property
    def ended(self) -> bool:
        """Whether the result of the whole input has come out."""
        return self._finished

    def delta(self) -> StateDelta | None:
        """The rows and counts since the last delta."""
        if not self._fresh and self._seen == self._saved_seen and not self._finished:
            return None
        self._deltas += 1
        base = self._deltas > DELTAS_MAX
        parts = self._rows if base else self._fresh
        self._deltas = 0 if base else self._deltas
        tables = {"rows": concat(parts)} if parts else {}
        self._fresh, self._saved_seen = [], self._seen
        meta = {"seen": str(self._seen), "finished": str(int(self._finished))}
        return StateDelta(base, tables, meta)

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild from a base and the deltas after it."""
        self._deltas = len(deltas)
        for delta in deltas:
            self._rows = [] if delta.base else self._rows
            self._rows += [delta.tables["rows"]] if "rows" in delta.tables else []
            self._seen = self._saved_seen = int(delta.meta["seen"])
            self._finished = delta.meta["finished"] == "1"
        self._rows = [] if self._finished else self._rows

    def state_bytes(self) -> int:
        """Size of the rows in bytes."""
        return sum(table.nbytes for table in self._rows)
