"""How much of the state stays in memory; what has no room lies in files and is mapped.

State is kept in Arrow tables that never change, so a table that moves into a file is read there
as before: the operating system brings in the pages that are used and drops others. A file is
removed as soon as it is mapped; it lives as long as the table and ends with the process, so that a
crash leaves nothing behind.

Guarantees: after `settle` the tables in memory are within the budget, but for tables under
`SPILL_BYTES_MIN` each. Non-guarantees: the indexes of keyed state (about 45 bytes a key) and of
bags of rows (29 to 53 bytes a row), the piles of open windows, the rows that wait for an ORDER BY,
and what DuckDB needs for the batch at hand, come on top. Compute thread only.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

import psutil
import pyarrow as pa

from tidemill.errors import EngineError

SPILL_BYTES_MIN = 64 << 10
_SHARE = 4
_BUDGET_BYTES_MIN = 256 << 20


class Holder(Protocol):
    """Something that keeps tables."""

    def largest_bytes(self) -> int:
        """Size of its largest table in memory; 0 where there is none."""
        ...

    def spill_largest(self, memory: StateMemory) -> int:
        """Put that table into a file (`memory.to_file`); the bytes that are free now."""
        ...


class StateMemory:
    """The budget of all state of one session."""

    def __init__(self, budget_bytes: int | None = None, folder: Path | None = None) -> None:
        """`folder` takes the files; None: the system's folder for temporary files."""
        self.budget_bytes = default_budget_bytes() if budget_bytes is None else budget_bytes
        self.spilled_bytes = 0
        """Written to files so far."""
        self._folder = folder
        self._held: WeakKeyDictionary[Holder, int] = WeakKeyDictionary()

    @property
    def resident_bytes(self) -> int:
        """What all tables in memory take."""
        return sum(self._held.values())

    def settle(self, holder: Holder, resident_bytes: int) -> None:
        """A holder has so much in memory now; the largest tables of all go until it fits."""
        self._held[holder] = resident_bytes
        total = self.resident_bytes
        while total > self.budget_bytes:
            largest = max(self._held, key=lambda held: held.largest_bytes())
            if largest.largest_bytes() < SPILL_BYTES_MIN:
                return
            freed = largest.spill_largest(self)
            self._held[largest] -= freed
            total -= freed

    def to_file(self, table: pa.Table) -> pa.Table:
        """The same table, mapped from a file that nobody else sees; raises EngineError."""
        try:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, path = tempfile.mkstemp(prefix="spill-", dir=self._folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    with pa.ipc.new_file(file, table.schema) as writer:
                        writer.write_table(table)
                    self.spilled_bytes += file.tell()
                with pa.memory_map(path) as mapped:
                    return pa.ipc.open_file(mapped).read_all()
            finally:
                Path(path).unlink()
        except OSError as error:
            raise EngineError(
                f"state that has no room in memory could not be written to a file: {error}",
                code="engine.spill-failed",
                detail=f"Tables of state take {self.resident_bytes:,} bytes of the "
                f"{self.budget_bytes:,} bytes that `tidemill.state.memory` allows.",
                hint="Free space on the disk of the project's .tidemill folder, or "
                "SET 'tidemill.state.memory' to more.",
            ) from error


def default_budget_bytes() -> int:
    """A quarter of the machine's memory, and at least 256 MiB."""
    return max(_BUDGET_BYTES_MIN, psutil.virtual_memory().total // _SHARE)
