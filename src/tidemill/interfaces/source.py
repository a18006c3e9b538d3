"""What a connector implements to be read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import pyarrow as pa

from tidemill.model import DeadLetter, Position
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """The input behind one row, as a dead letter names it: where it stands, and its raw bytes."""

    partition: str
    position: str
    topic: str | None = None
    timestamp_ms: int | None = None
    key: bytes | None = None
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class PartitionBatch:
    """What one read took from one partition, in the partition's order.

    `rows` has exactly the columns of the table descriptor's schema (physical and metadata, in that
    order). `kinds` as in `Batch`. `position` is where reading goes on after this slice. Of the
    `records` inputs consumed, each became row(s), one of `dead_letters`, or was `skipped`
    (tombstones and the like): nothing else may happen to it. `ingested_at_ms` is the newest
    broker or file time seen, for lag; None where there is none. `lag` counts records that are
    known to be waiting behind `position`. `duplicates` says how many of `skipped` were repeats of
    changes already delivered. `origin_of` finds the input behind a row by its index in `rows`, or
    None where that is not known any more; it is asked for rows that cannot be processed only, from
    any thread, and may be slow. `trace` is the newest input's W3C trace context, in a traced job.
    `runs` says of which partitions the rows are in event time, run after run, where that is not
    `partition`: its name and how many; a partition named with 0 rows holds the watermark back from
    here on. A partition that has `ended` gives no further row and holds it back no longer.
    """

    partition: str
    rows: pa.RecordBatch
    kinds: pa.Int8Array | None
    position: Position
    records: int
    skipped: int = 0
    dead_letters: tuple[DeadLetter, ...] = ()
    ingested_at_ms: int | None = None
    lag: int | None = None
    duplicates: int = 0
    origin_of: Callable[[int], RowOrigin | None] | None = None
    trace: bytes | None = None
    runs: tuple[tuple[str, int], ...] = ()
    ended: bool = False


class Source(Protocol):
    """An open reader of one table.

    Called: `open` once, then `read` again and again, then `close` once (also after a failure); all
    from one thread, the source's own reader thread, so a source needs no locks.
    Guarantees: reading on from a position that was returned gives every later row, once, in the
    same order within its partition. A fresh source opened at a position behaves as the old one.
    Non-guarantees: order between partitions; that `read` returns as many rows as asked for.
    Failure: raises ConnectorError (retryable or not). A position beyond what the store still has is
    an error, never a silent reset. After an error only `close` is called.
    """

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect, and start each partition at its position; those not named, at the startup mode.

        A partition that appears later starts at its earliest row.
        """
        ...

    def partitions(self) -> Sequence[str]:
        """The partitions known now, also those without a row so far."""
        ...

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """Return what is there, at most about `rows_max` rows; wait at most `timeout_ms` for some.

        An empty sequence means that nothing came in time.
        """
        ...

    def finished(self) -> bool:
        """Whether a bounded source has delivered its last row; an unbounded one never has."""
        ...

    def caught_up(self) -> bool:
        """Whether all that stood in the store when asked has been delivered by `read`.

        For `run --until-caught-up`; asked only after a `read` that returned nothing.
        """
        ...

    def close(self) -> None:
        """Give everything back. Must not raise, and must work when `open` failed half-way."""
        ...


@runtime_checkable
class ConfirmingSource(Protocol):
    """A source whose store keeps what it gives until it is told that it is done with."""

    def committed(self, positions: Mapping[str, Position]) -> None:
        """An epoch that holds these positions is committed in every sink.

        Called between reads and before `close`, on the reader's thread; the newest of several
        epochs may be told alone. An epoch that is not told is committed all the same.
        """
        ...
