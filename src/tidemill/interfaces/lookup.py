"""What a connector implements to be joined by key, `FOR SYSTEM_TIME AS OF proc_time`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class LookupCaching:
    """How long looked-up rows are kept; None: no bound of that kind.

    `missing_keys` says whether it is kept that a key has no row.
    """

    rows_max: int | None = None
    expire_after_write_ms: int | None = None
    expire_after_access_ms: int | None = None
    missing_keys: bool = True

    def shown(self) -> str:
        """The bounds, for `explain`."""
        bounds = [
            f"{self.rows_max} rows" if self.rows_max is not None else None,
            f"{self.expire_after_write_ms} ms after writing"
            if self.expire_after_write_ms is not None
            else None,
            f"{self.expire_after_access_ms} ms after use"
            if self.expire_after_access_ms is not None
            else None,
        ]
        return ", ".join(bound for bound in bounds if bound) or "unbounded"


class Lookup(Protocol):
    """An open point-query reader of one table.

    Called: `open`, `fetch` many times, `close`, all from one thread. Caching is the engine's work,
    not the connector's. Failure: ConnectorError.
    """

    def open(self, key_columns: Sequence[str], columns: Sequence[str]) -> None:
        """Prepare to look up `columns` by equality on `key_columns`."""
        ...

    def fetch(self, keys: pa.RecordBatch) -> pa.Table:
        """All rows that match any of the keys (distinct, no NULLs; columns are `key_columns`).

        The result has the key columns, with the values that were asked for, and then the asked
        columns (which may hold the key columns again); a missing key has no row.
        """
        ...

    def close(self) -> None:
        """Give everything back. Must not raise."""
        ...
