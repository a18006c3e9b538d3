"""The writer of one table of a redis sink: keeps the epoch's rows and makes commands of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.jdbc.changes import last_per_key
from tidemill.connectors.redis.commands import (
    commands,
    commands_for_missing,
    commands_with_fields,
    present,
)
from tidemill.connectors.redis.options import RedisOptions
from tidemill.connectors.redis.texts import texts
from tidemill.model import Batch, DataType, DeadLetter, RowKind, Schema
from tidemill.model.row_json import row_json
from tidemill.records import dataclass

BUFFER_BYTES_MAX = 32 << 20
_WITHDRAWN = pa.array([RowKind.DELETE, RowKind.UPDATE_BEFORE], pa.int8())


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows with the keys they go to; `value` are the texts of the fields, or the whole string."""

    rows: pa.Table
    keys: pa.BinaryArray
    deleted: pa.BooleanArray
    value: tuple[pa.BinaryArray, ...]

    def take(self, indices: pa.Array) -> Keyed:
        """The rows at these indices."""
        return Keyed(
            self.rows.take(indices),
            self.keys.take(indices),
            self.deleted.take(indices),
            tuple(column.take(indices) for column in self.value),
        )

    def filter(self, mask: pa.BooleanArray) -> Keyed:
        """The rows where the mask is true."""
        return self.take(pc.indices_nonzero(mask).cast(pa.int64()))


class RedisWriter:
    """Takes the rows of one table; `flush` hands their commands to the group.

    Rows wait in memory, about `BUFFER_BYTES_MAX` of them, and then in the server's open MULTI.
    """

    def __init__(
        self,
        options: RedisOptions,
        types_of: Callable[[pa.BinaryArray], Sequence[bytes]],
        queue: Callable[[pa.BinaryArray], None],
    ) -> None:
        self.options = options
        self.table = options.table
        self._types_of = types_of
        self._queue = queue
        self._batches: list[Batch] = []
        self._bytes = 0
        self._names = [column.name.encode() for column in options.fields]

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch."""
        if len(batch) == 0:
            return []
        self._batches.append(batch)
        self._bytes += batch.bytes
        return self.flush() if self._bytes >= BUFFER_BYTES_MAX else []

    def discard(self) -> None:
        """Forget the rows that wait."""
        self._batches, self._bytes = [], 0

    def flush(self) -> list[DeadLetter]:
        """Put the waiting rows into the open transaction; return the refused ones."""
        if not self._batches:
            return []
        letters: list[DeadLetter] = []
        keyed = self._keyed(letters)
        self.discard()
        if self.options.mode != "stream":
            keyed = keyed.take(last_per_key(pa.table({"key": keyed.keys}), ["key"]))
        keyed = self._of_right_type(keyed, letters)
        if self.options.mode == "stream":
            self._append(keyed)
        else:
            gone = keyed.filter(keyed.deleted)
            if len(gone.keys):
                self._queue(commands(b"UNLINK", len(gone.keys), gone.keys))
            self._set(keyed.filter(pc.invert(keyed.deleted)))
        return letters

    def _keyed(self, letters: list[DeadLetter]) -> Keyed:
        """The waiting rows without those that have no key, or nothing to keep under it."""
        options = self.options
        rows = pa.Table.from_batches([b.rows for b in self._batches]).combine_chunks()
        kinds = [
            b.kinds if b.kinds is not None else pa.repeat(pa.scalar(0, pa.int8()), len(b))
            for b in self._batches
        ]
        deleted = pc.is_in(pa.concat_arrays(kinds), value_set=_WITHDRAWN)
        columns = {
            column.name: (rows.column(index).combine_chunks(), column.type)
            for index, column in enumerate(self.table.schema.columns)
        }
        of_key = [texts(*columns[name]) for name in options.key.columns]
        bad = _any_null(of_key, rows.num_rows)
        rows_left = self._refuse(rows, bad, "a column of its key is NULL", letters)
        ambiguous = options.key.ambiguous(of_key)
        if ambiguous is not None:
            why = "a value holds the text that stands between two columns of the key"
            rows_left = pc.and_(
                rows_left, self._refuse(rows, pc.and_(ambiguous, rows_left), why, letters)
            )
        value = self._value(rows, columns)
        empty = pc.and_(pc.equal(present(value), 0), pc.and_(rows_left, pc.invert(deleted)))
        why = "all of its columns are NULL, and Redis keeps no empty value"
        kept = pc.and_(rows_left, self._refuse(rows, empty, why, letters))
        keys = options.key.keys([pc.fill_null(text, b"") for text in of_key], rows.num_rows)
        keyed = Keyed(rows, keys, deleted, value)
        return keyed if pc.all(kept).as_py() else keyed.filter(kept)

    def _value(
        self, rows: pa.Table, columns: dict[str, tuple[pa.Array, DataType]]
    ) -> tuple[pa.BinaryArray, ...]:
        options = self.options
        if options.format is None:
            return tuple(texts(*columns[column.name]) for column in options.fields)
        assert options.format.encoder is not None and options.format_options is not None
        encoder = options.format.encoder(Schema(options.fields), options.format_options)
        batch = rows.select([column.name for column in options.fields]).to_batches()[0]
        return (encoder.encode(Batch(batch)),)

    def _refuse(
        self, rows: pa.Table, bad: pa.BooleanArray, why: str, letters: list[DeadLetter]
    ) -> pa.BooleanArray:
        """A letter for each bad row; returns which rows are left."""
        for index in pc.indices_nonzero(bad).to_pylist():
            letters.append(self._letter(rows, index, why))
        return pc.invert(bad)

    def _letter(self, rows: pa.Table, index: int, why: str) -> DeadLetter:
        return DeadLetter(
            table=self.table.name,
            stage="sink",
            code="connector.row-refused",
            message=f"`{self.options.key.text}` cannot take the row: {why}",
            value=row_json(rows.slice(index, 1), 0),
        )

    def _of_right_type(self, keyed: Keyed, letters: list[DeadLetter]) -> Keyed:
        """Without the rows whose key holds something of another type, which others put there."""
        if not len(keyed.keys):
            return keyed
        wanted = self.options.mode.encode()
        found = self._types_of(keyed.keys)
        if set(found) <= {b"none", wanted}:
            return keyed
        bad = [kind not in (b"none", wanted) for kind in found]
        for index in (i for i, is_bad in enumerate(bad) if is_bad):
            why = f"its key holds a {found[index].decode()}, not a {self.options.mode}"
            letters.append(self._letter(keyed.rows, index, why))
        return keyed.filter(pc.invert(pa.array(bad)))

    def _set(self, keyed: Keyed) -> None:
        count, ttl = len(keyed.keys), self.options.values["ttl"]
        if count == 0:
            return
        if self.options.mode == "string":
            expiry = [] if ttl is None else [b"PX", b"%d" % ttl]
            self._queue(commands(b"SET", count, keyed.keys, keyed.value[0], *expiry))
            return
        self._queue(commands_with_fields(b"HSET", count, [keyed.keys], self._names, keyed.value))
        missing = commands_for_missing(b"HDEL", keyed.keys, self._names, keyed.value)
        if len(missing):
            self._queue(missing)
        self._expire(keyed.keys)

    def _append(self, keyed: Keyed) -> None:
        longest = self.options.values["stream.max-length"]
        limit = [] if longest is None else [b"MAXLEN", b"~", b"%d" % longest]
        if len(keyed.keys):
            head = [keyed.keys, *limit, b"*"]
            self._queue(
                commands_with_fields(b"XADD", len(keyed.keys), head, self._names, keyed.value)
            )
            self._expire(keyed.keys)

    def _expire(self, keys: pa.BinaryArray) -> None:
        ttl = self.options.values["ttl"]
        if ttl is not None:
            self._queue(commands(b"PEXPIRE", len(keys), keys, b"%d" % ttl))


def _any_null(columns: Sequence[pa.Array], count: int) -> pa.BooleanArray:
    found = pa.repeat(pa.scalar(False), count)
    for column in columns:
        if column.null_count:
            found = pc.or_(found, column.is_null())
    return found
