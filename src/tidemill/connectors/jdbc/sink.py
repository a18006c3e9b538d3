"""The commit group of `jdbc`: all tables of a job in one database under one user."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import psycopg

from tidemill.connectors.jdbc.connection import (
    Connection,
    Login,
    connect,
    is_connection_lost,
    translate,
    translated,
)
from tidemill.connectors.jdbc.fence import Fence, application_name
from tidemill.connectors.jdbc.options import JdbcOptions, parse
from tidemill.connectors.jdbc.target import (
    TargetTable,
    check_types,
    check_writable,
    create_statement,
    find_table,
    missing_table,
)
from tidemill.connectors.jdbc.writer import JdbcWriter
from tidemill.errors import ConnectorError, DoubtfulCommitError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position, TableDescriptor


def group_key(table: TableDescriptor, job: JobContext) -> str:
    """Equal for tables of one database and user."""
    options = parse(table)
    target = options.target
    return f"jdbc {options.user or ''}@{target.identity} {target.current_schema or ''}"


class JdbcGroup:
    """One connection, and one transaction per epoch, for all its tables.

    Guarantees: atomic and idempotent (an epoch that is committed already is taken for done). Tables
    are filled in the order of their first write in the epoch. Non-guarantees: rows of different
    tables may not refer to each other in the other order; positions are not kept here.
    """

    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor], job: JobContext) -> None:
        parsed = [(table, parse(table)) for table in tables]
        for table, _ in parsed:
            check_types(table)
        self._login = Login.of(parsed[0][1])
        key = f"{job.job}/{parsed[0][1].user or ''}"
        if self._login.current_schema:
            key += f"/{self._login.current_schema}"
        self._application = application_name(key)
        self._fence = Fence(key, self._application)
        self._writers = {
            table.name: JdbcWriter(table, options, number, self._begin, self._note_write)
            for number, (table, options) in enumerate(parsed)
        }
        self._written: list[JdbcWriter] = []
        self._connection: Connection | None = None
        self._in_transaction = False
        self._epoch: int | None = None

    @property
    def name(self) -> str:
        """The database, as in `postgres localhost:5432/shop`."""
        return self._login.shown

    def open(self) -> int | None:
        """Connect, shut out older processes, check the tables; return the committed epoch."""
        with translated(self.name):
            connection = connect(self._login, self._application)
            self._connection = connection
            self._epoch = self._fence.take(connection)
            for writer in self._writers.values():
                self._prepare_table(connection, writer)
        return self._epoch

    def _prepare_table(self, connection: Connection, writer: JdbcWriter) -> None:
        target = find_table(connection, writer.options)
        if target is None:
            target = self._create_table(connection, writer.table, writer.options)
        check_writable(writer.table, target, writer.options)
        writer.ready(target).create(connection)

    def _create_table(
        self, connection: Connection, table: TableDescriptor, options: JdbcOptions
    ) -> TargetTable:
        if options.values["sink.create-table"]:
            connection.execute(create_statement(table, options))
            target = find_table(connection, options)
            if target is not None:
                return target
        raise missing_table(connection, table, options, writing=True)

    def writer(self, table: str) -> JdbcWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def _note_write(self, writer: JdbcWriter) -> None:
        if writer not in self._written:
            self._written.append(writer)

    def _begin(self) -> Connection:
        """The connection, inside the epoch's transaction."""
        connection = self._connection
        if connection is None or (connection.closed and self._in_transaction):
            raise ConnectorError(
                f"{self.name} is not connected", code="connector.not-open", retryable=True
            )
        if connection.closed:
            connection = self._reconnect()
        if not self._in_transaction:
            # constraints speak at once, so that the row at fault can be found
            connection.execute(
                "BEGIN; SET CONSTRAINTS ALL IMMEDIATE; "
                "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
            )
            self._in_transaction = True
        return connection

    def _reconnect(self) -> Connection:
        """After an abort only. The fence stays: a commit fails if somebody took over since."""
        connection = connect(self._login, self._application)
        self._connection = connection
        for writer in self._writers.values():
            self._prepare_table(connection, writer)
        return connection

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Put all waiting rows into the transaction; return those that Postgres refuses."""
        if self._epoch is not None and epoch <= self._epoch:
            self.abort()
            return []
        letters: list[DeadLetter] = []
        with translated(self.name):
            for writer in self._written:
                letters.extend(writer.flush())
        return letters

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Commit the rows together with the epoch's number."""
        if self._epoch is not None and epoch <= self._epoch:
            return
        with translated(self.name):
            connection = self._begin()
            self._fence.advance(connection, epoch, self.name)
        self._commit(connection, epoch)
        self._epoch = epoch
        self._transaction_ended()

    def _commit(self, connection: Connection, epoch: int) -> None:
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            if not is_connection_lost(error):
                raise translate(error, self.name) from error
            self.close()
            raise DoubtfulCommitError(
                f"the connection to {self.name} broke while epoch {epoch} was committed",
                code="connector.doubtful-commit",
                where=Where(server=self.name),
                detail="Whether it holds is read from `tidemill_epochs` at the next start.",
            ) from error

    def _transaction_ended(self) -> None:
        self._in_transaction = False
        self._written.clear()
        for writer in self._writers.values():
            if writer.staging is not None:
                writer.staging.transaction_ended()

    def abort(self) -> None:
        """Roll back, and forget the rows that wait."""
        for writer in self._writers.values():
            writer.discard()
        if self._connection is not None and self._in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except psycopg.Error:
                self._connection.close()
        self._transaction_ended()

    def close(self) -> None:
        """Give the connection back; an open epoch is rolled back by Postgres."""
        for writer in self._writers.values():
            writer.discard()
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
        self._transaction_ended()
