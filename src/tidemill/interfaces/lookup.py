"""What a connector implements to be joined by key, `FOR SYSTEM_TIME AS OF proc_time`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa


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

        The result has the key columns and then the asked columns; a missing key has no row.
        """
        ...

    def close(self) -> None:
        """Give everything back. Must not raise."""
        ...
