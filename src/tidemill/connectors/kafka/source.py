"""The source of `kafka`: partitions read from stored offsets, in order, committed messages only.

Guarantees: as `Source` says. Partitions are assigned by hand, and offsets come only from the stored
positions (or, without one, from the startup mode); the consumer group has no part in it. A position
that the broker no longer has is an error. A broker that goes away is waited for, up to
`outage.OUTAGE_SECONDS_MAX`, then a retryable error. Messages of any size are read.
Non-guarantee: the order between partitions.
A position is an object with `offset`, the next one, and `topic_id` (`topic_ids`), and, where
repeated changes are dropped (`repeats`), `changes`, and `fence` where a history is fenced by the
database's log; those of before were the offset alone. A partition's name is its number, after
`topic:` where a table has several topics.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError

from tidemill.connectors.kafka import startup
from tidemill.connectors.kafka.again import Stretch
from tidemill.connectors.kafka.client import consumer_config, create, failure, guarded
from tidemill.connectors.kafka.client_reader import ClientReader
from tidemill.connectors.kafka.layout import layout
from tidemill.connectors.kafka.lsn_fence import LsnFence, Spans
from tidemill.connectors.kafka.native import native_reader
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.outage import Outage
from tidemill.connectors.kafka.partition_reader import PartitionReader, Run, Trouble
from tidemill.connectors.kafka.reading import Reading
from tidemill.connectors.kafka.repeats import Repeats
from tidemill.connectors.kafka.rows import RowAssembler
from tidemill.connectors.kafka.startup import Partition
from tidemill.connectors.kafka.topic_ids import TopicIds, begun
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import PartitionBatch, RowOrigin
from tidemill.model import Position

_ROWS_MAX = 1_000_000
_NO_OFFSET = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)


class KafkaSource:
    """Reads one table; see the module."""

    def __init__(self, table: KafkaTable, job: JobContext, lsn: int | None = None) -> None:
        self._table = table
        self._job = job
        self._lsn, self._spans = lsn, Spans()
        parts = layout(table, job)
        self._reader: PartitionReader = native_reader(table, parts, job) or ClientReader(
            table, RowAssembler(table, parts), traced=job.traced
        )
        self._drops_repeats = bool(parts.value_options["deduplicate"])
        self._consumer: Any = None
        self._config: Mapping[str, Any] = {}
        self._readings: dict[Partition, Reading] = {}
        self._outage = Outage()
        self._look_again_at = 0.0
        self._bounded = False
        self._ids = TopicIds(table)
        self._untold: list[Reading] = []

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect and assign; see `Source`."""
        config = consumer_config(self._table.properties, f"tidemill.{self._job.job}")
        self._config = config
        config["error_cb"] = self._outage.met
        self._consumer = create(Consumer, config)
        self._reader.open(config, self._consumer)
        found = startup.discover(self._table, self._consumer)
        self._ids.ask({topic for topic, _ in found})
        ends = startup.end_offsets(self._table, self._consumer, found)
        self._bounded = ends is not None
        later = begun(start)
        start = self._ids.kept(start)
        offsets = self._begin(found, start, later=later)
        for at in found:
            self._add(at, ends.get(at) if ends is not None else None, len(found), start)
            if at not in offsets:
                offsets[at] = self._stored_offset(at, start[self._name(at)])
        for reading in self._readings.values():
            offset = offsets[reading.at]
            first = offset if offset >= 0 or reading.end is None else self._first(reading.at)
            reading.next = first if first >= 0 else None
        self._untold = [r for r in self._readings.values() if r.name not in start]
        self._assign(offsets)
        self._plan_look()

    def _begin(
        self, found: Sequence[Partition], start: Mapping[str, Position], *, later: bool
    ) -> dict[Partition, int]:
        """Where partitions without a position begin; a position without its partition is an error.

        The startup mode is for those of the first start; what has come `later` is read whole.
        """
        names = {self._name(at) for at in found}
        for name in start:
            if name not in names:
                raise startup.out_of_range(self._table, _partition(self._table, name), None,
                                           "The partition does not exist.")  # fmt: skip
        fresh = [at for at in found if self._name(at) not in start]
        if later:
            return {at: self._first(at) for at in fresh}
        return startup.start_offsets(self._table, self._consumer, fresh) if fresh else {}

    def partitions(self) -> Sequence[str]:
        """The names of the partitions known now."""
        return [reading.name for reading in self._readings.values()]

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """What is there; see `Source`."""
        if time.monotonic() >= self._look_again_at:
            self._look_for_partitions()
        if self._untold:
            return self._tell()
        batches = self._read(min(rows_max, _ROWS_MAX), timeout_ms / 1000)
        self._ids.look(self._topics, came=bool(batches))
        return batches

    def _tell(self) -> list[PartitionBatch]:
        """Where fresh partitions begin, so that the next start knows it of those without a row."""
        untold, self._untold = self._untold, []
        return [self._moved(reading) for reading in untold if reading.next is not None]

    def _moved(self, reading: Reading) -> PartitionBatch:
        rows = pa.RecordBatch.from_pylist([], schema=self._table.descriptor.schema.arrow())
        lag = self._lag(reading)
        return PartitionBatch(reading.name, rows, None, reading.position(), records=0, lag=lag)

    def _topics(self) -> set[str]:
        return {topic for topic, _ in self._readings}

    def _read(self, rows_max: int, timeout_s: float) -> list[PartitionBatch]:
        runs, troubles = self._reader.read(max(1, rows_max), timeout_s, self._repeats_of)
        batches = [self._batch(run) for run in runs if run.at in self._readings]
        ended = self._meet(troubles)
        self._reader.unassign(self._through())
        if runs:
            self._outage.over()
        else:
            self._outage.check(self._ask)
        return [*batches, *ended]

    def _ask(self) -> None:
        bootstrap = self._table.bootstrap
        guarded("read", bootstrap, lambda: self._consumer.list_topics(timeout=5))

    def _repeats_of(self, at: Partition) -> Repeats | None:
        reading = self._readings.get(at)
        return None if reading is None else reading.repeats

    def finished(self) -> bool:
        """Whether all partitions of a bounded table have ended."""
        if not self._bounded or not all(r.ended for r in self._readings.values()):
            return False
        self._ids.look_now(self._topics())
        return True

    def caught_up(self) -> bool:
        """Whether every partition is at its end as it is now, or at its bound."""
        for reading in self._readings.values():
            if reading.ended:
                continue
            first, end = startup.bounds(self._table, self._consumer, reading.at)
            if end > first and (reading.next is None or reading.next < end):
                return False
        self._ids.look_now(self._topics())
        return True

    def close(self) -> None:
        """Give the consumer back."""
        self._reader.close()
        consumer, self._consumer = self._consumer, None
        self._readings = {}
        if consumer is not None:
            consumer.close()

    def _add(self, at: Partition, end: int | None, count: int, start: Mapping[str, Any]) -> None:
        reading = Reading(at, self._name(at), end, self._ids.of)
        if self._drops_repeats:
            stored = start.get(reading.name)
            kept = stored if isinstance(stored, dict) else {}
            reading.repeats = self._repeats(at, kept, only_partition=count == 1)
        self._readings[at] = reading

    def _repeats(self, at: Partition, kept: Mapping[str, Any], *, only_partition: bool) -> Repeats:
        if self._lsn is None:
            return Repeats(kept.get("changes"), only_partition=only_partition)
        where = Where(table=self._table.name, topic=at[0], partition=at[1])
        earliest = 0 if "fence" in kept else self._first(at)
        return LsnFence(
            self._lsn, where, self._spans, earliest, kept.get("changes"), kept.get("fence"),
            only_partition=only_partition,
        )  # fmt: skip

    def _stored_offset(self, at: Partition, position: Position) -> int:
        offset = position.get("offset") if isinstance(position, dict) else position
        if not isinstance(offset, int) or isinstance(offset, bool):
            raise ConnectorError(
                f"the stored position {position!r:.60} is no Kafka offset",
                code="connector.bad-position",
                where=Where(table=self._table.name, topic=at[0], partition=at[1]),
                hint="The job's state belongs to another source; start the job afresh.",
            )
        startup.check_position(self._table, self._consumer, at, offset)
        return offset

    def _first(self, at: Partition) -> int:
        return startup.bounds(self._table, self._consumer, at)[0]

    def _assign(self, offsets: Mapping[Partition, int]) -> None:
        """Read these partitions too, from their offsets."""
        begun = {at: offset for at, offset in offsets.items() if not self._readings[at].ended}
        for at in begun:
            self._readings[at].assigned = True
        self._reader.assign({at: (offset, self._readings[at].end) for at, offset in begun.items()})

    def _through(self) -> list[Partition]:
        """Partitions that have ended and are still assigned; now they are not."""
        through = [
            at for at, reading in self._readings.items() if reading.ended and reading.assigned
        ]
        for at in through:
            self._readings[at].assigned = False
        return through

    def _lag(self, reading: Reading) -> int | None:
        return reading.lag(self._reader.end_offset(reading.at))

    def _batch(self, run: Run) -> PartitionBatch:
        reading = self._readings[run.at]
        first = OFFSET_BEGINNING if reading.next is None else reading.next
        reread = None
        if run.messages is None:
            reread = Stretch(self._config, run.at, first, run.records)
        reading.next = max(run.next_offset, reading.next or 0)

        def origin_of(row: int) -> RowOrigin | None:
            found = run.messages if reread is None else reread.messages()
            return run.assembled.origin_of(row, found or ())

        return PartitionBatch(
            partition=reading.name,
            rows=run.assembled.rows,
            kinds=run.assembled.kinds,
            position=reading.position(),
            records=run.records,
            skipped=run.assembled.skipped,
            dead_letters=run.assembled.dead_letters,
            ingested_at_ms=run.newest_ms,
            lag=self._lag(reading),
            duplicates=run.assembled.duplicates,
            origin_of=origin_of,
            trace=run.trace,
        )

    def _meet(self, troubles: Sequence[Trouble]) -> list[PartitionBatch]:
        """Ends of partitions move positions over markers; errors are raised or waited out."""
        moved: list[PartitionBatch] = []
        for trouble in troubles:
            reading = self._readings.get(trouble.at)
            if reading is None:
                self._meet_client(trouble.error)
            elif trouble.error.code() != KafkaError._PARTITION_EOF:
                self._raise(trouble.error, trouble.at)
            elif trouble.offset > (reading.next if reading.next is not None else -1):
                reading.next = trouble.offset
                moved.append(self._moved(reading))
        return moved

    def _meet_client(self, error: KafkaError) -> None:
        """An error of no partition of this table."""
        passes = error.code() == KafkaError._PARTITION_EOF or self._outage.met(error)
        if not passes and (error.fatal() or not error.retriable()):
            raise failure("read", error, Where(table=self._table.name), self._table.bootstrap)

    def _raise(self, error: KafkaError, at: Partition) -> None:
        where = Where(table=self._table.name, topic=at[0], partition=at[1])
        code = error.code()
        if code in (*_NO_OFFSET, *_NO_TOPIC):
            self._ids.look_now(self._topics())
        if code in _NO_OFFSET:
            raise startup.out_of_range(
                self._table, at, self._readings[at].next, f"The broker says: {error.str()}."
            )
        if code in _NO_TOPIC:
            raise ConnectorError(
                f"topic `{at[0]}` does not exist any more",
                code="connector.table-missing",
                where=where,
                hint="Restore it, or start the job afresh with its state removed.",
            )
        if error.fatal() or not error.retriable():
            raise failure("read", error, where, self._table.bootstrap)

    def _plan_look(self) -> None:
        interval_ms = self._table.values["scan.topic-partition-discovery.interval"]
        never = self._bounded or not interval_ms
        self._look_again_at = float("inf") if never else time.monotonic() + interval_ms / 1000

    def _look_for_partitions(self) -> None:
        """Assign partitions that appeared, from their first message."""
        self._plan_look()
        try:
            found = startup.discover(self._table, self._consumer)
        except ConnectorError as error:
            if error.retryable:
                return
            raise
        self._ids.look(self._topics, came=True)
        fresh = [at for at in found if at not in self._readings]
        for at in fresh:
            self._add(at, None, len(found), {})
        if fresh:
            self._assign(dict.fromkeys(fresh, OFFSET_BEGINNING))

    def _name(self, at: Partition) -> str:
        return f"{at[0]}:{at[1]}" if self._table.several_topics else str(at[1])


def _partition(table: KafkaTable, name: str) -> Partition:
    topic, _, number = name.rpartition(":")
    return topic or (table.topics[0] if table.topics else "?"), int(
        number
    ) if number.isdigit() else -1
