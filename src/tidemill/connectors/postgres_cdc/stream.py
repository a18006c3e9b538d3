"""The changes of one table as they come from the slot, by the streaming replication protocol.

Source: PostgreSQL's documentation, "Streaming Replication Protocol" and "Logical Replication
Message Formats" (version 1: a transaction comes after its commit, as a whole, in the order of
commits). The same transaction always comes with the same changes in the same order, so a place is
its commit and a count.
"""

from __future__ import annotations

import select
import struct
import time
from collections import deque
from dataclasses import field, replace

import psycopg
from psycopg import pq, sql

from tidemill.connectors.jdbc.connection import Connection
from tidemill.model.lsn import lsn_text
from tidemill.records import dataclass

_BYTES_MAX = 16 << 20
_STATUS_EVERY_S = 5.0
_GATHER_S, _GATHER_MANY_S = 0.005, 0.025
_MANY = 256
"""The server sends each change on its own. What a batch costs is nearly the same for one change and
for hundreds, so after the first others are waited for, longer where many come."""
_EPOCH_2000_US = 946_684_800_000_000
_DATA, _KEEPALIVE = b"wk"
_BEGIN, _COMMIT, _RELATION, _TRUNCATE = b"BCRT"
_CHANGES = frozenset(b"IUD")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as the log describes it, until the next description: column names and type oids.

    `number` counts the descriptions since the stream began: the server sends one anew after each
    change of the table, also where its columns are the same.
    """

    id: int
    columns: tuple[tuple[str, int], ...]
    modifiers: tuple[int, ...]
    number: int = 0


@dataclass(slots=True)
class Taken:
    """Changes that came, all of one description of the table; `lsn` and `taken` lie behind them."""

    relation: Relation | None = None
    messages: list[bytes] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    truncated: bool = False
    lsn: int = 0
    taken: int = 0


class Stream:
    """Reads a slot from a place on; everything is asked for and confirmed by its caller."""

    def __init__(
        self, connection: Connection, slot: str, publication: str, table: tuple[str, str]
    ) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._slot, self._publication = slot, publication
        self._table = table
        self._relation: Relation | None = None
        self._waiting: deque[bytes] = deque()
        self._in_transaction = False
        self._commit = self._time_us = 0
        self._number = 0
        self._lsn = self._skip = 0
        self._confirmed = 0
        self._status_s = 0.0

    @property
    def lsn(self) -> int:
        """Everything that was committed before is taken."""
        return self._lsn

    def start(self, lsn: int, taken: int) -> None:
        """Begin behind a place; raises psycopg's ObjectInUse while another one reads the slot."""
        names = sql.Literal(sql.Identifier(self._publication).as_string(self._connection))
        command = sql.SQL(
            "START_REPLICATION SLOT {} LOGICAL " + lsn_text(lsn) + " (proto_version '1', "
            "publication_names {})"
        ).format(sql.Identifier(self._slot), names)
        self._pgconn.send_query(command.as_bytes(self._connection))
        result = self._pgconn.get_result()
        if result is None or result.status != pq.ExecStatus.COPY_BOTH:
            while self._pgconn.get_result() is not None:
                pass
            if result is None:
                raise psycopg.OperationalError("the server gave no answer")
            raise psycopg.errors.error_from_result(result)
        self._lsn, self._skip = lsn, taken
        self._status(reply=False)

    def take(self, changes_max: int, timeout_ms: int) -> Taken:
        """Changes, at most so many; waits so long for the first, and a little for others."""
        deadline_s = time.monotonic() + timeout_ms / 1000
        first_s: float | None = None
        found = Taken(self._relation)
        size = 0
        while len(found.messages) < changes_max and size < _BYTES_MAX:
            if found.messages:
                first_s = first_s or time.monotonic()
                many = len(found.messages) >= _MANY
                deadline_s = first_s + (_GATHER_MANY_S if many else _GATHER_S)
            message = self._next(deadline_s)
            if message is None:
                break
            if not self._apply(message, found):
                self._waiting.appendleft(message)
                break
            size += len(message)
            if not found.messages and time.monotonic() > deadline_s:
                break
        if time.monotonic() - self._status_s > _STATUS_EVERY_S:
            self._status(reply=True)
        found.relation = self._relation
        found.lsn = self._commit if self._in_transaction else self._lsn
        found.taken = self._number if self._in_transaction else self._skip
        if self._commit == self._lsn:
            found.taken = max(found.taken, self._skip)
        return found

    def reach(self, lsn: int, timeout_s: float) -> bool:
        """Ask the server to say how far it is; whether nothing was left before a place."""
        self._status(reply=True)
        deadline_s = time.monotonic() + timeout_s
        while self._lsn < lsn or self._in_transaction:
            message = self._next(deadline_s)
            if message is None:
                return False
            if not self._apply(message, None):
                self._waiting.appendleft(message)
                return False
        return True

    def confirm(self, lsn: int) -> None:
        """Tell the server that nothing before this place is needed any more."""
        if lsn > self._confirmed:
            self._confirmed = lsn
            self._status(reply=False)

    # -- messages

    def _apply(self, message: bytes, found: Taken | None) -> bool:
        """Take one message; False where it must come first in the next call."""
        kind = message[0]
        if kind in _CHANGES or kind == _TRUNCATE:
            if not self._is_ours(message):
                return True
            if self._commit == self._lsn and self._number < self._skip:
                self._number += 1
                return True
            if found is None or (kind == _TRUNCATE and found.messages):
                return False
            self._number += 1
            if kind == _TRUNCATE:
                found.truncated = True
                return True
            found.messages.append(message)
            found.commits.append(self._commit)
            found.numbers.append(self._number)
            found.times_us.append(self._time_us)
        elif kind == _BEGIN:
            self._commit, time_us = struct.unpack_from(">Qq", message, 1)
            self._time_us = time_us + _EPOCH_2000_US
            self._number, self._in_transaction = 0, True
        elif kind == _COMMIT:
            self._lsn, self._skip = struct.unpack_from(">Q", message, 10)[0], 0
            self._in_transaction = False
        elif kind == _RELATION:
            return self._describe(message, found)
        return True

    def _is_ours(self, message: bytes) -> bool:
        if self._relation is None:
            return False
        if message[0] != _TRUNCATE:
            return int.from_bytes(message[1:5], "big") == self._relation.id
        (count,) = struct.unpack_from(">i", message, 1)
        return self._relation.id in struct.unpack_from(f">{count}I", message, 6)

    def _describe(self, message: bytes, found: Taken | None) -> bool:
        relation, name = _relation(message)
        if name == self._table:
            if found is not None and found.messages:
                return False
            number = 0 if self._relation is None else self._relation.number + 1
            self._relation = replace(relation, number=number)
        return True

    # -- the connection

    def _next(self, deadline_s: float) -> bytes | None:
        """The next message of the log; None where none came in time."""
        while not self._waiting:
            size, data = self._pgconn.get_copy_data(1)
            if size > 0:
                self._receive(bytes(data))
            elif size < 0:
                self._ended()
            else:
                left_s = max(0.0, deadline_s - time.monotonic())
                if not left_s or not select.select([self._pgconn.socket], [], [], left_s)[0]:
                    return None
                self._pgconn.consume_input()
        return self._waiting.popleft()

    def _receive(self, data: bytes) -> None:
        if data[0] == _DATA:
            self._waiting.append(data[25:])
        elif data[0] == _KEEPALIVE:
            end, _, asked = struct.unpack_from(">QqB", data, 1)
            if not self._in_transaction and end > self._lsn:
                # What commits from here on comes behind this message.
                self._lsn, self._skip = end, 0
            if asked:
                self._status(reply=False)

    def _ended(self) -> None:
        result = self._pgconn.get_result()
        if result is not None and result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
        raise psycopg.OperationalError("the server ended the replication")

    def _status(self, *, reply: bool) -> None:
        """What was received, and what of it may be forgotten (nothing new: nothing)."""
        self._status_s = time.monotonic()
        now_us = int(time.time() * 1_000_000) - _EPOCH_2000_US
        confirmed = self._confirmed
        received = max(self._lsn, confirmed)
        self._pgconn.put_copy_data(
            struct.pack(">cQQQqB", b"r", received, confirmed, confirmed, now_us, reply)
        )
        self._pgconn.flush()


def _relation(message: bytes) -> tuple[Relation, tuple[str, str]]:
    (id_,) = struct.unpack_from(">I", message, 1)
    namespace, rest = message[5:].split(b"\0", 1)
    name, rest = rest.split(b"\0", 1)
    (count,) = struct.unpack_from(">h", rest, 1)
    rest = rest[3:]
    columns, modifiers = [], []
    for _ in range(count):
        column, rest = rest[1:].split(b"\0", 1)
        columns.append((column.decode(), int.from_bytes(rest[:4], "big")))
        modifiers.append(int.from_bytes(rest[4:8], "big", signed=True))
        rest = rest[8:]
    return Relation(id_, tuple(columns), tuple(modifiers)), (namespace.decode(), name.decode())
