"""The source of `kafka`: partitions read from stored offsets, in order, committed messages only.

Guarantees: as `Source` says. Partitions are assigned by hand, and offsets come only from the stored
positions (or, without one, from the startup mode); the consumer group has no part in it. A position
that the broker no longer has is an error. A broker that goes away is waited for, up to
`OUTAGE_SECONDS_MAX`, then a retryable error. Messages of any size are read.
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
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from tidemill.connectors.kafka import startup
from tidemill.connectors.kafka.again import Stretch
from tidemill.connectors.kafka.client import consumer_config, create, failure, guarded
from tidemill.connectors.kafka.layout import layout
from tidemill.connectors.kafka.lsn_fence import LsnFence, Spans
from tidemill.connectors.kafka.native import Run, Trouble, native_reader
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.repeats import Repeats
from tidemill.connectors.kafka.rows import RowAssembler, headers_of
from tidemill.connectors.kafka.startup import Partition
from tidemill.connectors.kafka.topic_ids import KEY, TopicIds, begun
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import JsonValue, Position
from tidemill.model.trace_context import TRACEPARENT

OUTAGE_SECONDS_MAX = 120.0
_FILL_SECONDS = 0.002
"""How long a read waits for more when much is known to be waiting."""

_GONE = (
    KafkaError._AUTO_OFFSET_RESET,
    KafkaError.OFFSET_OUT_OF_RANGE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
)
_DOWN = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE)


class _Reading:
    """One partition's state."""

    def __init__(self, at: Partition, name: str, end: int | None, ids: Mapping[str, str]) -> None:
        self.at = at
        self.name = name
        self.end = end
        self._ids = ids
        self.next: int | None = None
        self.assigned = False
        self.repeats: Repeats | None = None

    @property
    def ended(self) -> bool:
        """Whether a bounded partition has delivered its last message."""
        return self.end is not None and self.next is not None and self.next >= self.end

    def position(self) -> Position:
        """What has to be stored to go on from here, once something was read."""
        assert self.next is not None
        kept: dict[str, JsonValue] = {"offset": self.next, KEY: self._ids.get(self.at[0])}
        if self.repeats is None:
            return kept
        kept["changes"] = self.repeats.state()
        if isinstance(self.repeats, LsnFence):
            kept["fence"] = self.repeats.fence_state()
        return kept


class KafkaSource:
    """Reads one table; see the module."""

    def __init__(self, table: KafkaTable, job: JobContext, lsn: int | None = None) -> None:
        self._table = table
        self._job = job
        self._lsn, self._spans = lsn, Spans()
        parts = layout(table, job)
        self._assembler = RowAssembler(table, parts)
        self._native = native_reader(table, parts, job)
        self._drops_repeats = bool(parts.value_options["deduplicate"])
        self._consumer: Any = None
        self._config: Mapping[str, Any] = {}
        self._readings: dict[Partition, _Reading] = {}
        self._down_since: float | None = None
        self._look_again_at = 0.0
        self._bounded = False
        self._ids = TopicIds(table)
        self._untold: list[_Reading] = []

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect and assign; see `Source`."""
        config = consumer_config(self._table.properties, f"tidemill.{self._job.job}")
        self._config = config
        config["error_cb"] = self._on_error
        self._consumer = create(Consumer, config)
        if self._native is not None:
            self._native.open(config)
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
        read = self._read if self._native is None else self._read_natively
        batches = read(rows_max, timeout_ms / 1000)
        self._ids.look(self._topics, came=bool(batches))
        return batches

    def _tell(self) -> list[PartitionBatch]:
        """Where fresh partitions begin, so that the next start knows it of those without a row."""
        untold, self._untold = self._untold, []
        return [self._moved(reading) for reading in untold if reading.next is not None]

    def _moved(self, reading: _Reading) -> PartitionBatch:
        rows = pa.RecordBatch.from_pylist([], schema=self._table.descriptor.schema.arrow())
        lag = self._lag(reading)
        return PartitionBatch(reading.name, rows, None, reading.position(), records=0, lag=lag)

    def _topics(self) -> set[str]:
        return {topic for topic, _ in self._readings}

    def _read(self, rows_max: int, timeout_s: float) -> list[PartitionBatch]:
        messages = self._consume(rows_max, timeout_s)
        if not messages:
            self._check_outage()
            return []
        self._down_since = None
        return [
            batch
            for at, run in self._by_partition(messages)
            if (batch := self._batch(self._readings[at], run)) is not None
        ]

    def _read_natively(self, rows_max: int, timeout_s: float) -> list[PartitionBatch]:
        assert self._native is not None
        runs, troubles = self._native.read(
            max(1, min(rows_max, 1_000_000)), timeout_s, self._repeats_of
        )
        batches = [self._native_batch(run) for run in runs if run.at in self._readings]
        ended = self._meet(troubles)
        self._native.unassign(self._through())
        if runs:
            self._down_since = None
        else:
            self._check_outage()
        return [*batches, *ended]

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
        if self._native is not None:
            self._native.close()
        consumer, self._consumer = self._consumer, None
        self._readings = {}
        if consumer is not None:
            consumer.close()

    def _add(self, at: Partition, end: int | None, count: int, start: Mapping[str, Any]) -> None:
        reading = _Reading(at, self._name(at), end, self._ids.of)
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
        if self._native is not None:
            self._native.assign(
                {at: (offset, self._readings[at].end) for at, offset in begun.items()}
            )
            return
        wanted = [TopicPartition(*at, offset) for at, offset in begun.items()]
        guarded(
            "assign partitions",
            self._table.bootstrap,
            lambda: self._consumer.incremental_assign(wanted),
        )

    def _through(self) -> list[Partition]:
        """Partitions that have ended and are still assigned; now they are not."""
        through = [
            at for at, reading in self._readings.items() if reading.ended and reading.assigned
        ]
        for at in through:
            self._readings[at].assigned = False
        return through

    @staticmethod
    def _known_next(reading: _Reading) -> int:
        return OFFSET_BEGINNING if reading.next is None else reading.next

    def _consume(self, rows_max: int, timeout_s: float) -> list[Message]:
        """The first message may be waited for; the others are those that are there."""
        consume = self._consumer.consume
        rows_max = max(1, min(rows_max, 1_000_000))
        messages: list[Message] = guarded(
            "read", self._table.bootstrap, lambda: consume(1, timeout_s)
        )
        if messages and rows_max > 1:
            messages += consume(rows_max - 1, 0)
            if len(messages) < rows_max and self._waiting() > rows_max:
                messages += consume(rows_max - len(messages), _FILL_SECONDS)
        return messages

    def _waiting(self) -> int:
        """About how many messages the broker has that were not read, as far as it said."""
        return sum(self._lag(reading) or 0 for reading in self._readings.values())

    def _lag(self, reading: _Reading) -> int | None:
        if self._native is not None:
            known_end = self._native.end_offset(reading.at)
        else:
            known = self._consumer.get_watermark_offsets(TopicPartition(*reading.at), cached=True)
            known_end = None if known is None or known[1] < 0 else int(known[1])
        if known_end is None or reading.next is None:
            return None
        end = known_end if reading.end is None else min(known_end, reading.end)
        return max(0, end - reading.next)

    def _by_partition(self, messages: list[Message]) -> list[tuple[Partition, list[Message]]]:
        if len(self._readings) == 1:
            return [(next(iter(self._readings)), messages)]
        runs: dict[Partition, list[Message]] = {}
        for message in messages:
            runs.setdefault(_place(message), []).append(message)
        return [(at, run) for at, run in runs.items() if at in self._readings]

    def _batch(self, reading: _Reading, run: list[Message]) -> PartitionBatch | None:
        if any(map(Message.error, run)):
            run, moved = self._without_errors(reading, run)
            if not run and not moved:
                return None
        if reading.end is not None and run and _offset(run[-1]) >= reading.end:
            run = [message for message in run if _offset(message) < reading.end]
            reading.next = reading.end
        elif run:
            reading.next = max(_offset(run[-1]) + 1, reading.next or 0)
        if through := self._through():
            self._consumer.incremental_unassign([TopicPartition(*at) for at in through])
        assembled = self._assembler.assemble(run, reading.repeats)
        return PartitionBatch(
            partition=reading.name,
            rows=assembled.rows,
            kinds=assembled.kinds,
            position=reading.position(),
            records=len(run),
            skipped=assembled.skipped,
            dead_letters=assembled.dead_letters,
            ingested_at_ms=run[-1].timestamp()[1] if run else None,
            lag=self._lag(reading),
            duplicates=assembled.duplicates,
            origin_of=lambda row: assembled.origin_of(row, run),
            trace=_trace(run) if self._job.traced else None,
        )

    def _native_batch(self, run: Run) -> PartitionBatch:
        reading = self._readings[run.at]
        again = Stretch(self._config, run.at, self._known_next(reading), run.records)
        reading.next = max(run.next_offset, reading.next or 0)
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
            origin_of=lambda row: run.assembled.origin_of(row, again.messages()),
        )

    def _meet(self, troubles: Sequence[Trouble]) -> list[PartitionBatch]:
        """Ends of partitions move positions over markers; errors are raised or waited out."""
        moved: list[PartitionBatch] = []
        for trouble in troubles:
            error = KafkaError(trouble.code, trouble.text)
            reading = self._readings.get(trouble.at)
            if reading is None:
                if trouble.code in _DOWN:
                    self._down_since = self._down_since or time.monotonic()
                elif error.fatal() or not error.retriable():
                    where = Where(table=self._table.name)
                    raise failure("read", error, where, self._table.bootstrap)
            elif trouble.code != KafkaError._PARTITION_EOF:
                self._raise(error, trouble.at)
            elif trouble.offset > (reading.next if reading.next is not None else -1):
                reading.next = trouble.offset
                moved.append(self._moved(reading))
        return moved

    def _without_errors(self, reading: _Reading, run: list[Message]) -> tuple[list[Message], bool]:
        """The messages proper; the end of a partition moves the position over markers."""
        moved = False
        for message in run:
            error = message.error()
            if error is None:
                continue
            if error.code() != KafkaError._PARTITION_EOF:
                self._raise(error, reading.at)
            if _offset(message) > (reading.next if reading.next is not None else -1):
                reading.next = _offset(message)
                moved = True
        return [message for message in run if message.error() is None], moved

    def _raise(self, error: KafkaError, at: Partition) -> None:
        where = Where(table=self._table.name, topic=at[0], partition=at[1])
        code = error.code()
        if code in _GONE:
            self._ids.look_now(self._topics())
        if code in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            raise startup.out_of_range(
                self._table, at, self._readings[at].next, f"The broker says: {error.str()}."
            )
        if code in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
            raise ConnectorError(
                f"topic `{at[0]}` does not exist any more",
                code="connector.table-missing",
                where=where,
                hint="Restore it, or start the job afresh with its state removed.",
            )
        if error.fatal() or not error.retriable():
            raise failure("read", error, where, self._table.bootstrap)

    def _on_error(self, error: KafkaError) -> None:
        """The client's own view of the cluster; called within `consume`."""
        if error.code() in _DOWN and self._down_since is None:
            self._down_since = time.monotonic()

    def _check_outage(self) -> None:
        """Raise when no broker has answered for too long."""
        if self._down_since is None:
            return
        if time.monotonic() - self._down_since < OUTAGE_SECONDS_MAX:
            return
        guarded("read", self._table.bootstrap, lambda: self._consumer.list_topics(timeout=5))
        self._down_since = None

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


def _place(message: Message) -> Partition:
    return str(message.topic()), int(message.partition() or 0)


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset


def _trace(run: list[Message]) -> bytes | None:
    """The trace context of the newest message of a run that has one among its last few."""
    for message in run[:-9:-1]:
        for name, value in headers_of(message):
            if name == TRACEPARENT and isinstance(value, bytes):
                return value
    return None


def _partition(table: KafkaTable, name: str) -> Partition:
    topic, _, number = name.rpartition(":")
    return topic or (table.topics[0] if table.topics else "?"), int(
        number
    ) if number.isdigit() else -1
