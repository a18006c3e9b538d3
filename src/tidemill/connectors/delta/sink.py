"""The commit group of `delta`: one table, whoever of the job writes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tidemill.connectors.delta.client import made_table, translated
from tidemill.connectors.delta.fence import Fence
from tidemill.connectors.delta.options import parse, wrong
from tidemill.connectors.delta.writer import DeltaWriter
from tidemill.connectors.lake.pauses import busy, rests
from tidemill.errors import ConnectorError, DoubtfulCommitError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position, TableDescriptor

if TYPE_CHECKING:
    from deltalake import DeltaTable


class DeltaGroup:
    """An epoch is one version of the table, which holds the epoch's number.

    Files are written at the commit itself, for they and the log's entry are one call of delta-rs.
    Guarantees: atomic, also where other writers commit at the same time, and idempotent: an epoch
    that is committed is taken for done.
    """

    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor], job: JobContext) -> None:
        parsed = [parse(table) for table in tables]
        self._options = parsed[0]
        if len(parsed) > 1:
            names = ", ".join(f"`{options.table.name}`" for options in parsed)
            raise wrong(
                f"{names} write to the same {self._options.shown}",
                "Write UNION ALL into one table, so that an epoch is one version.",
            )
        self._fence = Fence(self._options, job.job)
        self._writer = DeltaWriter(self._options)
        self._table: DeltaTable | None = None
        self._epoch: int | None = None

    @property
    def name(self) -> str:
        """The table, as in `delta s3://lake/trips`."""
        return self._options.shown

    def open(self) -> int | None:
        """Make the table, shut out older processes; return the committed epoch."""
        self._table = made_table(self._options)
        self._epoch = self._fence.take(self._table)
        self._writer.open(self._table)
        return self._epoch

    def writer(self, table: str) -> DeltaWriter:
        """The writer of the group's table."""
        return self._writer

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Nothing is left to push out: what cannot be written was found row by row."""
        if self._is_held(epoch):
            self.abort()
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Write the epoch's rows as one version, together with the epoch's number."""
        if self._is_held(epoch):
            return
        table = self._require()
        self._fence.check(table, epoch)
        for _ in rests():
            if self._attempt(table, epoch):
                self._epoch = epoch
                self._writer.discard()
                return
            with translated(self._options):
                table.update_incremental()
            self._fence.check(table, epoch)
        raise busy(self.name, self._options.table.name)

    def _attempt(self, table: DeltaTable, epoch: int) -> bool:
        from deltalake.exceptions import CommitFailedError  # noqa: PLC0415 - an extra

        try:
            self._writer.commit(table, self._fence.properties(epoch))
        except CommitFailedError:
            return False
        except Exception as error:
            self._table = None
            self._writer.discard()
            raise DoubtfulCommitError(
                f"writing epoch {epoch} to {self.name} failed: {str(error).splitlines()[0]}",
                code="connector.doubtful-commit",
                where=Where(table=self._options.table.name, file=self._options.uri),
                detail="Whether the log holds it is read at the next start.",
            ) from error
        return True

    def _is_held(self, epoch: int) -> bool:
        return self._epoch is not None and epoch <= self._epoch

    def _require(self) -> DeltaTable:
        if self._table is None:
            raise ConnectorError(
                f"{self.name} is not open", code="connector.not-open", retryable=True
            )
        return self._table

    def abort(self) -> None:
        """Forget the rows of the open epoch."""
        self._writer.discard()

    def close(self) -> None:
        """Give the table back."""
        self._writer.discard()
        self._table = None
