"""The sink of `kinesis`: records by PutRecords, at least once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.kinesis.client import make_client, translated
from tidemill.connectors.kinesis.options import KinesisOptions
from tidemill.errors import ConnectorError, Where
from tidemill.model import Batch, DeadLetter, Position
from tidemill.model.row_json import row_json

_RECORDS_MAX, _BYTES_MAX, _RECORD_BYTES_MAX, _KEY_MAX = 500, 5_000_000, 1_000_000, 256
_TRIES_MAX = 8


class KinesisWriter:
    """Writes the records of one table; full requests go out at once, the rest by `flush`."""

    def __init__(self, options: KinesisOptions, client: Any) -> None:
        assert options.factory.encoder is not None
        self._options, self._client = options, client
        self._encoder = options.factory.encoder(options.value, options.format_options)
        self._run = uuid.uuid4().hex
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows; a record that Kinesis would refuse comes back."""
        if len(batch) == 0:
            return []
        names = self._options.value.names
        rows = pa.Table.from_batches([batch.rows]).select(list(names)).combine_chunks()
        messages = self._encoder.encode(Batch(rows.to_batches()[0], batch.kinds)).to_pylist()
        letters = []
        for index, (message, key) in enumerate(zip(messages, self._keys(rows), strict=True)):
            size = len(message) + len(key.encode())
            if size > _RECORD_BYTES_MAX or not 1 <= len(key) <= _KEY_MAX:
                letters.append(self._letter(rows, index, size, key))
                continue
            if len(self._waiting) == _RECORDS_MAX or self._bytes + size > _BYTES_MAX:
                self.flush()
            self._waiting.append({"Data": message, "PartitionKey": key})
            self._bytes += size
        return letters

    def _keys(self, rows: pa.Table) -> Sequence[str]:
        columns = self._options.table.partition_keys
        if not columns:
            fixed = self._options.values["sink.partitioner"] == "fixed"
            return [self._run if fixed else uuid.uuid4().hex for _ in range(rows.num_rows)]
        texts = [pc.fill_null(rows[name].cast(pa.string()), "") for name in columns]
        delimiter = self._options.values["sink.partitioner-field-delimiter"]
        found: list[str] = pc.binary_join_element_wise(*texts, delimiter).to_pylist()
        return found

    def _letter(self, rows: pa.Table, index: int, size: int, key: str) -> DeadLetter:
        why = f"the record has {size:,} bytes, and Kinesis takes {_RECORD_BYTES_MAX:,}"
        if not 1 <= len(key) <= _KEY_MAX:
            why = f"its partition key has {len(key)} characters, and Kinesis takes 1 to {_KEY_MAX}"
        return DeadLetter(
            table=self._options.table.name,
            stage="sink",
            code="connector.row-refused",
            message=f"`{self._options.stream}` cannot take the row: {why}",
            value=row_json(rows.slice(index, 1), 0),
        )

    def flush(self) -> None:
        """Send what waits; what Kinesis turns away for now is sent again."""
        pending, self._waiting, self._bytes = self._waiting, [], 0
        for attempt in range(_TRIES_MAX):
            if not pending:
                return
            with translated(self._options):
                answer = self._client.put_records(StreamName=self._options.stream, Records=pending)
            results = answer["Records"]
            pending = [r for r, said in zip(pending, results, strict=True) if said.get("ErrorCode")]
            if pending:
                time.sleep(min(2.0, 0.05 * 2**attempt))
        raise ConnectorError(
            f"{self._options.shown} turns records away",
            code="connector.unreachable",
            where=Where(server=self._options.shown, table=self._options.table.name),
            detail="Its shards take 1 MB or 1,000 records a second each.",
            hint="Give the stream more shards.",
            retryable=True,
        )

    def discard(self) -> None:
        """Forget what waits."""
        self._waiting, self._bytes = [], 0


class KinesisGroup:
    """The tables of one region and login; see the package for what it guarantees."""

    atomic = False
    idempotent = False
    at_once = False

    def __init__(self, tables: Sequence[KinesisOptions]) -> None:
        self._tables = tables
        self._writers: dict[str, KinesisWriter] = {}
        self._client: Any = None

    @property
    def name(self) -> str:
        """The region, as in `kinesis eu-west-1`."""
        return f"kinesis {self._tables[0].region}"

    def open(self) -> int | None:
        """Connect, and see that the streams are there; Kinesis remembers no epoch."""
        self._client = make_client(self._tables[0])
        for table in self._tables:
            with translated(table):
                self._client.describe_stream_summary(StreamName=table.stream)
            self._writers[table.table.name] = KinesisWriter(table, self._client)
        return None

    def writer(self, table: str) -> KinesisWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Send all records; Kinesis shows them at once."""
        for writer in self._writers.values():
            writer.flush()
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Nothing is left to do."""

    def abort(self) -> None:
        """Forget the records that have not been sent."""
        for writer in self._writers.values():
            writer.discard()

    def close(self) -> None:
        """Give the connections back."""
        self.abort()
        if self._client is not None:
            self._client.close()
            self._client = None
