"""What a connector implements to be written to, and how it commits epochs.

Sinks that can commit together form one `CommitGroup`: all Kafka tables of a pipeline on one cluster
share a producer and its transaction; all tables of one Postgres database share a connection.

An epoch, as a group sees it::

    committed = group.open()             # fences any older engine of this job; says what it holds
    writer = group.writer("my_table")
    writer.write(batch) ...              # many times, for any of the group's tables
    group.prepare(7)                     # all of it is safe up to the commit
    group.commit(7, positions)           # visible, and the group remembers 7
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from tidemill.model import Batch, DeadLetter, Position


class SinkWriter(Protocol):
    """Writes one table into the open epoch of its group."""

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch, in order.

        The columns are those of the table's descriptor, in order. Rows that cannot be serialised,
        or that the store refuses one by one, come back as dead letters (stage `serialise` or
        `sink`) and the others are taken. Blocks while the store is slower than the engine: that
        is the back-pressure.
        """
        ...


class CommitGroup(Protocol):
    """The sinks of one pipeline that share one commit.

    Called: `open` once, then any number of epochs (writes, `prepare`, `commit`), then `close`; all
    from one thread. Epoch numbers rise by one or more; an epoch without a write is not committed.
    Guarantees, where `atomic`: a commit makes all writes of the epoch visible together with the
    epoch's number, or none; what is not committed is never visible (to `read_committed` readers).
    `open` fences a zombie: whatever an older process of the same job does later fails.
    Guarantees, where `idempotent`: writing and committing the same epoch with the same rows again
    changes nothing.
    Non-guarantees: a group that is neither (print) may repeat rows after a crash.
    Where `at_once`, rows are visible as soon as they are written, and an epoch is prepared before
    its checkpoint is made; after a crash the rows since that checkpoint come again, and may differ
    where the order of reading did: at least once. Between `prepare(n)` and `commit(n)` rows of the
    next epoch may be written; `commit` only notes the number.
    Failure: ConnectorError before the commit means that nothing is visible and `abort` follows.
    `commit` raises DoubtfulCommitError when the outcome is unknown; the group is then closed, and a
    new group's `open` says which epoch holds.
    """

    @property
    def name(self) -> str:
        """A name for logs and errors, such as `kafka localhost:9092`."""
        ...

    @property
    def atomic(self) -> bool:
        """Whether the commit itself is atomic and carries the epoch's number."""
        ...

    @property
    def idempotent(self) -> bool:
        """Whether re-applying a committed epoch changes nothing."""
        ...

    @property
    def at_once(self) -> bool:
        """Whether rows are to be written while their epoch is open; never where `atomic`."""
        ...

    def open(self) -> int | None:
        """Connect, fence older processes of this job, and return the last epoch committed here.

        None where this job never committed here (or the group cannot know).
        """
        ...

    def writer(self, table: str) -> SinkWriter:
        """The writer of one of the group's tables."""
        ...

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Push out all writes of the epoch, so that only the commit itself is left.

        Rows that the store refused one by one, known only now, come back as dead letters.
        """
        ...

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Make the epoch visible.

        `positions` (by source table, then partition) are for display, such as a consumer group's
        offsets; the engine never reads them back.
        """
        ...

    def abort(self) -> None:
        """Throw away what is written and not committed."""
        ...

    def close(self) -> None:
        """Give everything back; an open epoch is aborted. Must not raise."""
        ...


@runtime_checkable
class NumberedGroup(CommitGroup, Protocol):
    """A commit group that sends an epoch's number along with the rows, so before `prepare`."""

    def expect(self, epoch: int) -> None:
        """The next rows are of this epoch, or of a later one: those between had none for it."""
        ...
