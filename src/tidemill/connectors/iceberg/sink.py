"""The commit group of `iceberg`: one table of the catalog, whoever of the job writes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tidemill.connectors.iceberg.catalog import OpenCatalog, translated
from tidemill.connectors.iceberg.fence import Fence
from tidemill.connectors.iceberg.options import parse, wrong
from tidemill.connectors.iceberg.target import made_table
from tidemill.connectors.iceberg.upsert import Upsert
from tidemill.connectors.iceberg.writer import IcebergWriter
from tidemill.connectors.lake.pauses import busy, rests
from tidemill.errors import ConnectorError, DoubtfulCommitError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position, TableDescriptor

if TYPE_CHECKING:
    from pyiceberg.table import Table, Transaction


class IcebergGroup:
    """An epoch is one snapshot, made by the catalog's compare-and-swap together with its number.

    Guarantees: atomic, also where other writers commit at the same time (then it tries again on
    what they left), and idempotent: an epoch that is committed is taken for done.
    """

    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor], job: JobContext) -> None:
        parsed = [parse(table) for table in tables]
        self._options = parsed[0]
        if len(parsed) > 1 and any(options.table.primary_key for options in parsed):
            names = ", ".join(f"`{options.table.name}`" for options in parsed)
            raise wrong(
                f"{names} write to the same {self._options.shown}, and one has a PRIMARY KEY",
                "Write UNION ALL into one table, so that the order of a key's changes is one.",
            )
        self._job = job.job
        self._opened = OpenCatalog(self._options)
        self._fence = Fence(self._options, job.job)
        self._writers = {options.table.name: IcebergWriter(options) for options in parsed}
        self._upsert: Upsert | None = None
        self._table: Table | None = None
        self._epoch: int | None = None

    @property
    def name(self) -> str:
        """The table, as in `iceberg lake.db.trips`."""
        return self._options.shown

    def open(self) -> int | None:
        """Connect, make the table, shut out older processes; return the committed epoch."""
        self._opened.open()
        for writer in self._writers.values():
            self._opened.options = writer.options
            self._table = made_table(self._opened)
        assert self._table is not None
        self._epoch = self._fence.take(self._table)
        for writer in self._writers.values():
            writer.open(self._table)
        return self._epoch

    def writer(self, table: str) -> IcebergWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Write all rows of the epoch as data files."""
        if self._is_held(epoch):
            self.abort()
            return []
        with translated(self._options):
            for writer in self._writers.values():
                if not self._options.table.primary_key:
                    writer.flush()
                    continue
                changes = writer.changes()
                if changes is not None:
                    self._upsert = Upsert(writer, *changes)
                    self._upsert.prepare()
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Make the epoch's files a snapshot, together with the epoch's number."""
        if self._is_held(epoch):
            return
        table = self._require()
        for _ in rests():
            if self._attempt(table, epoch):
                break
        else:
            raise busy(self.name, self._options.table.name)
        self._epoch = epoch
        for writer in self._writers.values():
            writer.forget()
        if self._upsert is not None:
            self._upsert.committed()
            self._upsert = None

    def _attempt(self, table: Table, epoch: int) -> bool:
        try:
            return self._fence.advance(
                table, epoch, lambda transaction: self._stage(transaction, epoch)
            )
        except BaseException as error:
            if isinstance(error, Exception) and not _is_doubtful(error):
                with translated(self._options):
                    raise
            self._let_go()
            if not isinstance(error, Exception):
                raise
            raise DoubtfulCommitError(
                f"the catalog of {self.name} broke while epoch {epoch} was committed",
                code="connector.doubtful-commit",
                where=Where(server=self.name),
                detail="Whether it holds is read from the table's properties at the next start.",
            ) from error

    def _let_go(self) -> None:
        """Nobody knows whether the epoch's files are in the table, so they must stay."""
        for writer in self._writers.values():
            writer.forget()
        self._upsert = None
        self._table = None
        self._opened.close()

    def _stage(self, transaction: Transaction, epoch: int) -> None:
        """Stage the epoch's snapshot on top of the table as it is now."""
        summary = {"tidemill.job": self._job, "tidemill.epoch": str(epoch)}
        if self._upsert is not None:
            self._upsert.stage(transaction, summary)
            return
        files = [file for writer in self._writers.values() for file in writer.files]
        if files:
            with transaction.update_snapshot(summary).merge_append() as append:
                for file in files:
                    append.append_data_file(file)

    def _is_held(self, epoch: int) -> bool:
        return self._epoch is not None and epoch <= self._epoch

    def _require(self) -> Table:
        if self._table is None:
            raise ConnectorError(
                f"{self.name} is not open", code="connector.not-open", retryable=True
            )
        return self._table

    def abort(self) -> None:
        """Remove the files of the open epoch."""
        for writer in self._writers.values():
            writer.discard()
        if self._upsert is not None:
            self._upsert.discard()
            self._upsert = None

    def close(self) -> None:
        """Give the catalog back; what is not committed is removed."""
        if self._table is not None:
            self.abort()
        self._table = None
        self._opened.close()


def _is_doubtful(error: Exception) -> bool:
    """Whether the catalog's database broke, so that nobody knows what it holds."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - an extra

    return isinstance(error, SQLAlchemyError)
