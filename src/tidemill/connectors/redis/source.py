"""The bounded source of `redis`: the rows behind the keys that match the pattern, in key order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import pyarrow as pa

from tidemill.connectors.redis.connection import RedisConnection, translated
from tidemill.connectors.redis.options import RedisOptions
from tidemill.connectors.redis.reading import Reader, key_columns
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter, Position

_PARTITION = "keys"
_SCAN_COUNT = 1000
_ENCODING = ("utf-8", "surrogateescape")


class RedisSource:
    """Lists the keys once, when it is opened, then reads their rows.

    Guarantees: each key once, in the order of its bytes; a restored scan goes on behind the last
    key. Non-guarantees: it is no snapshot; a key that changes meanwhile is read as it is then, one
    that is gone gives no row. The keys are held in memory.
    """

    def __init__(self, options: RedisOptions) -> None:
        self._options = options
        self._connection = RedisConnection(options)
        self._arrow = options.table.schema.arrow()
        self._keys: list[bytes] = []
        self._next = 0
        self._position: Position = None
        self._opened = False

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect and list the keys."""
        self._connection.connect(self._options.values["lookup.max-retries"])
        pattern, regex = self._options.key.glob(), self._options.key.regex()
        found: set[bytes] = set()
        cursor = b"0"
        with translated(self._options.shown, self._options.table.name):
            while True:
                cursor, keys = self._connection.ask(
                    "SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT,
                    "TYPE", self._options.mode,
                )  # fmt: skip
                found.update(key for key in keys if regex.fullmatch(key))
                if cursor == b"0":
                    break
        self._keys = sorted(found)
        self._position = start.get(_PARTITION)
        if self._position is not None:
            self._next = bisect_right(self._keys, self._after(self._position))
        self._opened = True

    def _after(self, position: Position) -> bytes:
        after = position.get("after") if isinstance(position, dict) else None
        key = after.encode(*_ENCODING) if isinstance(after, str) else b""
        if not self._options.key.regex().fullmatch(key):
            raise ConnectorError(
                f"`{position}` is no position in the keys `{self._options.key.text}`",
                code="connector.bad-position",
                where=Where(server=self._options.shown, table=self._options.table.name),
                hint="Give the pipeline another name, so that it starts anew.",
            )
        return key

    def partitions(self) -> Sequence[str]:
        """One: a server's keys have no parts."""
        return [_PARTITION]

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The rows of the next keys."""
        if self.finished():
            return ()
        keys = self._keys[self._next : self._next + max(1, rows_max)]
        with translated(self._options.shown, self._options.table.name):
            batch = self._batch(keys)
        self._next += len(keys)
        return (batch,)

    def _batch(self, keys: Sequence[bytes]) -> PartitionBatch:
        found = Reader(self._options, self._connection).read(pa.array(keys, pa.binary()))
        wrong = {bad.index: bad.message for bad in found.unreadable}
        origin = found.origin.to_pylist()
        bad_keys: dict[int, str] = {}
        of_key = key_columns(self._options, [keys[i] for i in origin], bad_keys)
        columns = {**of_key, **found.columns}
        rows = pa.table([columns[name] for name in self._arrow.names], names=self._arrow.names)
        if bad_keys:
            wrong |= {origin[row]: f"the key's {why}" for row, why in bad_keys.items()}
            kept = [row for row in range(rows.num_rows) if row not in bad_keys]
            rows = rows.take(pa.array(kept, pa.int64()))
        self._position = {"after": keys[-1].decode(*_ENCODING)}
        letters = tuple(self._letter(keys[index], why) for index, why in sorted(wrong.items()))
        loose = pa.schema([field.with_nullable(True) for field in self._arrow])
        arrays = [_whole(column) for column in rows.columns]
        return PartitionBatch(
            _PARTITION,
            pa.RecordBatch.from_arrays(arrays, schema=loose),
            None,
            self._position,
            len(keys),
            skipped=len(keys) - rows.num_rows - len(letters),
            dead_letters=letters,
        )

    def _letter(self, key: bytes, why: str) -> DeadLetter:
        return DeadLetter(
            table=self._options.table.name,
            stage="type",
            code="connector.value-unreadable",
            message=why,
            partition=_PARTITION,
            position=key.decode("utf-8", "replace"),
            key=key,
        )

    def finished(self) -> bool:
        """Whether all keys have been read."""
        return self._opened and self._next >= len(self._keys)

    def caught_up(self) -> bool:
        """A list of keys is caught up when it has been read."""
        return self.finished()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)
