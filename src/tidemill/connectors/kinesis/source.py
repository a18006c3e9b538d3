"""The source of `kinesis`: all shards of a stream, in turn."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from botocore.exceptions import ClientError

from tidemill.connectors.kinesis.client import EXPIRED, THROTTLED, code_of, make_client, translated
from tidemill.connectors.kinesis.options import KinesisOptions
from tidemill.connectors.kinesis.shards import EARLIEST, Shard, checked_position, readable
from tidemill.interfaces.format import Decoded
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter, Position

_IDLE_PAUSE_S = 0.25
_PER_REQUEST_MAX = 10_000


class KinesisSource:
    """Reads a stream; see the package. An iterator that has expired is asked for anew."""

    def __init__(self, options: KinesisOptions) -> None:
        self._options = options
        assert options.factory.decoder is not None
        self._decoder = options.factory.decoder(
            options.value, options.format_options, options.table.columns_needed
        )
        self._arrow = options.table.schema.arrow()
        self._client: Any = None
        self._shards: dict[str, Shard] = {}
        self._discovered_s = 0.0
        self._turn = 0
        self._waiting: Sequence[PartitionBatch] = ()
        """What `caught_up` has met, for the next `read`."""

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect and list the shards; those that are not named begin where the options say."""
        self._client = make_client(self._options)
        for shard_id, position in start.items():
            known = checked_position(position, self._options.shown)
            self._shards[shard_id] = Shard(shard_id, (), known, told=True)
        self._discover(first=not start)

    def _discover(self, *, first: bool) -> None:
        listed: list[dict[str, Any]] = []
        request: dict[str, Any] = {"StreamName": self._options.stream}
        with translated(self._options):
            while True:
                page = self._client.list_shards(**request)
                listed += page["Shards"]
                if not page.get("NextToken"):
                    break
                request = {"NextToken": page["NextToken"]}
        for one in listed:
            self._take_up(one, first=first)
        gone = set(self._shards) - {one["ShardId"] for one in listed}
        for shard_id in gone:  # Kinesis forgets a closed shard when its records are too old
            self._shards[shard_id].position["closed"] = True
        self._discovered_s = time.monotonic()

    def _take_up(self, one: dict[str, Any], *, first: bool) -> None:
        parents = tuple(
            one[key] for key in ("ParentShardId", "AdjacentParentShardId") if one.get(key)
        )
        ended = bool(one["SequenceNumberRange"].get("EndingSequenceNumber"))
        known = self._shards.get(one["ShardId"])
        if known is not None:
            known.parents, known.ended = parents, ended
            return
        position: dict[str, Any] = dict(EARLIEST)
        mode = self._options.values["source.init.position"]
        if first and mode != "TRIM_HORIZON":
            moment = self._options.start
            now_ms = int(time.time() * 1000)
            position = {"from": now_ms if moment is None else int(moment.timestamp() * 1000)}
            if mode == "LATEST" and ended:
                position["closed"] = True
        self._shards[one["ShardId"]] = Shard(one["ShardId"], parents, position, ended=ended)

    def partitions(self) -> Sequence[str]:
        """The ids of the shards, also of those that are closed."""
        return list(self._shards)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next records of each shard that may be read."""
        if self._waiting:
            met, self._waiting = self._waiting, ()
            return met
        deadline_s = time.monotonic() + timeout_ms / 1000
        while True:
            every_s = self._options.values["source.shard.discovery.interval"] / 1000
            if time.monotonic() - self._discovered_s >= every_s:
                self._discover(first=False)
            batches = self._first_positions() or self._round(rows_max)
            left_s = deadline_s - time.monotonic()
            if batches or left_s <= 0:
                return batches
            time.sleep(min(_IDLE_PAUSE_S, left_s))

    def _first_positions(self) -> list[PartitionBatch]:
        """An empty batch for each new shard, so that where it began is remembered."""
        fresh = [shard for shard in self._shards.values() if not shard.told]
        for shard in fresh:
            shard.told = True
        empty = pa.RecordBatch.from_pylist([], schema=self._arrow)
        return [PartitionBatch(s.id, empty, None, dict(s.position), 0) for s in fresh]

    def _round(self, rows_max: int) -> list[PartitionBatch]:
        found: list[PartitionBatch] = []
        shards = readable(self._shards)
        self._turn += 1
        count, ended = 0, False
        for shard in (
            shards[self._turn % max(1, len(shards)) :] + shards[: self._turn % max(1, len(shards))]
        ):
            if count >= rows_max:
                break
            batch = self._read_shard(shard, rows_max - count)
            ended = ended or shard.closed
            if batch is not None:
                count += batch.records
                found.append(batch)
        if ended:
            self._discover(first=False)
        return found

    def _read_shard(self, shard: Shard, rows_max: int) -> PartitionBatch | None:
        limit = self._options.values["source.shard.get-records.max-record-count"]
        answer = self._get(shard, max(1, min(rows_max, limit, _PER_REQUEST_MAX)))
        if answer is None:
            shard.behind_ms = None
            return None
        shard.iterator = answer.get("NextShardIterator")
        shard.behind_ms = answer.get("MillisBehindLatest")
        records = answer["Records"]
        if records:
            shard.position = {"after": records[-1]["SequenceNumber"]}
        at_end = shard.ended and not records and shard.behind_ms == 0
        if shard.iterator is None or at_end:
            shard.position = {**shard.position, "closed": True}
        if not records and not shard.closed:
            return None
        return self._batch(shard, records)

    def _get(self, shard: Shard, limit: int) -> dict[str, Any] | None:
        """One GetRecords; None where Kinesis asks for patience, or for another iterator."""
        with translated(self._options):
            if shard.iterator is None:
                made = self._client.get_shard_iterator(
                    StreamName=self._options.stream, ShardId=shard.id, **shard.iterator_request()
                )
                shard.iterator = made["ShardIterator"]
            try:
                answer: dict[str, Any] = self._client.get_records(
                    ShardIterator=shard.iterator, Limit=limit
                )
                return answer
            except ClientError as error:
                if code_of(error) == EXPIRED:
                    shard.iterator = None
                    return None
                if code_of(error) in THROTTLED:
                    return None
                raise

    def _batch(self, shard: Shard, records: list[dict[str, Any]]) -> PartitionBatch:
        decoded = self._decoder.decode([record["Data"] for record in records])
        letters = tuple(
            DeadLetter(
                table=self._options.table.name,
                stage="type" if reject.code.endswith(("mismatch", "not-null")) else "parse",
                code=reject.code,
                message=reject.message,
                topic=self._options.stream,
                partition=shard.id,
                position=records[reject.index]["SequenceNumber"],
                timestamp_ms=_arrival_ms(records[reject.index]),
                key=records[reject.index]["PartitionKey"].encode(),
                value=records[reject.index]["Data"],
            )
            for reject in decoded.rejects
        )
        return PartitionBatch(
            shard.id,
            self._rows(decoded, shard, records),
            decoded.kinds,
            dict(shard.position),
            len(records),
            skipped=decoded.skipped,
            dead_letters=letters,
            ingested_at_ms=_arrival_ms(records[-1]) if records else None,
        )

    def _rows(
        self, decoded: Decoded, shard: Shard, records: list[dict[str, Any]]
    ) -> pa.RecordBatch:
        if not self._options.metadata:
            return decoded.rows
        count = decoded.rows.num_rows
        origin = range(count) if decoded.origin is None else decoded.origin.to_pylist()
        columns = dict(zip(decoded.rows.schema.names, decoded.rows.columns, strict=True))
        for column in self._options.metadata:
            key = column.metadata_key or column.name
            if key == "timestamp":
                times = [_arrival_ms(records[index]) for index in origin]
                array = pa.array(times, pa.timestamp("ms", "UTC")).cast(column.type.arrow())
            elif key == "shard-id":
                array = pa.array([shard.id] * count, pa.string())
            else:
                numbers = [records[index]["SequenceNumber"] for index in origin]
                array = pa.array(numbers, pa.string())
            columns[column.name] = array
        return pa.RecordBatch.from_arrays(
            [columns[name] for name in self._arrow.names], schema=self._arrow
        )

    def finished(self) -> bool:
        """Never: a stream has no end."""
        return False

    def caught_up(self) -> bool:
        """Whether every shard that may be read is at its tip, and none waits for a parent.

        Kinesis says so in the answer to a read only, so each shard is read once more; what that
        finds is for the next `read`.
        """
        if not self._waiting:
            self._discover(first=False)
            self._waiting = self._first_positions() or self._round(1)
        open_shards = [shard for shard in self._shards.values() if not shard.closed]
        at_tip = all(shard.behind_ms == 0 for shard in open_shards)
        return not self._waiting and at_tip and len(open_shards) == len(readable(self._shards))

    def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _arrival_ms(record: dict[str, Any]) -> int:
    return int(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
