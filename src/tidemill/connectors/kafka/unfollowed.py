"""Changes of a captured table that nobody can follow, as errors that say what to do.

They are looked for where repeated changes are dropped, as that is where it is known what came.
"""

from __future__ import annotations

from typing import Protocol

from tidemill.connectors.kafka.repeats import Repeats
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.format import Change

_TRUNCATE = "t"
_AGAIN = (
    "Take the rows anew: stop the pipeline, run `tidemill cdc resnapshot PIPELINE`, empty its "
    "sinks, and start it."
)


class _Message(Protocol):
    """Where a change was read."""

    def topic(self) -> str | None:
        """Its topic."""
        ...

    def partition(self) -> int | None:
        """Its partition."""
        ...

    def offset(self) -> int | None:
        """Its offset."""
        ...


def check_snapshot(change: Change, repeats: Repeats, table: str, message: _Message) -> None:
    """Raise where a row of a snapshot comes after changes of the same table.

    The rows were there before: a count or a sum would take them a second time.
    """
    if not change.snapshot or not repeats.has_streamed(change.history):
        return
    raise ConnectorError(
        "a snapshot begins behind changes that were read already: the connector has taken all "
        "rows anew",
        code="connector.snapshot-again",
        where=_where(table, message),
        detail="Its offsets or its slot were lost, or it was told to. Counts and sums would take "
        "each row a second time, and rows that were deleted meanwhile would stay.",
        hint=f"{_AGAIN} Where all sinks only copy rows by key, a table with 'deduplicate' = "
        "'false' of its format takes snapshots as they come.",
    )


def check_truncate(change: Change, table: str, message: _Message) -> None:
    """Raise where the table was emptied without a word of its rows."""
    if change.operation != _TRUNCATE:
        return
    raise ConnectorError(
        "the captured table was emptied by TRUNCATE, and the log does not say which rows it held",
        code="connector.truncated",
        where=_where(table, message),
        hint=f"Use DELETE where changes are captured. {_AGAIN}",
    )


def _where(table: str, message: _Message) -> Where:
    offset = message.offset()
    return Where(
        table=table, topic=message.topic(), partition=message.partition(),
        offset=None if offset is None else str(offset),
    )  # fmt: skip
