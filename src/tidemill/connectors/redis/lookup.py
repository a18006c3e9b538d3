"""The lookup of `redis`: rows by the columns of the key, all keys of a call in one request."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import redis.exceptions as failures

from tidemill.connectors.redis.connection import RedisConnection, translate
from tidemill.connectors.redis.options import RedisOptions
from tidemill.connectors.redis.reading import Reader, equal_rows
from tidemill.connectors.redis.texts import texts
from tidemill.errors import ConnectorError, ProjectError, Where


class RedisLookup:
    """Reads what stands under given keys; each call sees the server as it is then.

    The join must give all columns of the key's pattern; what it asks for beside them is compared
    with the row that was found.
    """

    def __init__(self, options: RedisOptions) -> None:
        self._options = options
        self._connection = RedisConnection(options)
        self._connected = False
        self._keys: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()

    def open(self, key_columns: Sequence[str], columns: Sequence[str]) -> None:
        """Connect, and check that the key can be made of what the join gives."""
        missing = [name for name in self._options.key.columns if name not in key_columns]
        if missing:
            raise ProjectError(
                f"a lookup in `{self._options.table.name}` needs the column `{missing[0]}` of its "
                f"key `{self._options.key.text}`",
                code="connector.bad-option",
                hint=f"Add a condition on `{missing[0]}` to the join.",
            )
        self._keys, self._columns = tuple(key_columns), tuple(columns)
        self._connect()

    def _connect(self) -> None:
        self._connection.connect(self._options.values["lookup.max-retries"])
        self._connected = True

    def fetch(self, keys: pa.RecordBatch) -> pa.Table:
        """All rows that match; a broken connection is tried again `lookup.max-retries` times."""
        retries = self._options.values["lookup.max-retries"]
        for attempt in range(retries + 1):
            try:
                if not self._connected:
                    self._connect()
                return self._fetch(keys)
            except (failures.RedisError, OSError, ConnectorError) as error:
                failure = error if isinstance(error, ConnectorError) else self._translated(error)
                self.close()
                if not failure.retryable or attempt == retries:
                    raise failure from error
                time.sleep(min(2.0, 0.1 * 2**attempt))
        raise AssertionError("unreachable")

    def _translated(self, error: Exception) -> ConnectorError:
        return translate(error, self._options.shown, self._options.table.name)

    def _fetch(self, keys: pa.RecordBatch) -> pa.Table:
        asked = dict(zip(keys.schema.names, keys.columns, strict=True))
        types = {c.name: c.type for c in self._options.table.schema.columns}
        pattern = self._options.key
        of_key = [texts(asked[name], types[name]) for name in pattern.columns]
        text = pattern.keys(of_key, keys.num_rows)
        found = Reader(self._options, self._connection).read(text)
        if found.unreadable:
            bad = found.unreadable[0]
            raise ConnectorError(
                f"the value of `{text[bad.index].as_py()!r:.80}` cannot be read: {bad.message}",
                code="connector.value-unreadable",
                where=Where(server=self._options.shown, table=self._options.table.name),
            )
        taken = keys.take(found.origin)
        given = dict(zip(taken.schema.names, taken.columns, strict=True))
        values = {**{name: given[name] for name in pattern.columns}, **found.columns}
        other = [name for name in self._keys if name not in pattern.columns]
        names = [*self._keys, *self._columns]
        arrays = [given[name] for name in self._keys] + [values[name] for name in self._columns]
        table = pa.table(arrays, names=[f"c{i}" for i in range(len(names))])
        if other:
            same = equal_rows([given[n] for n in other], [values[n] for n in other], table.num_rows)
            table = table.take(pc.indices_nonzero(same))
        return table.rename_columns(names)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
        self._connected = False
