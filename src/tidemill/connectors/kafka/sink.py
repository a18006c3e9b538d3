"""The commit group of `kafka`: all of a pipeline's Kafka tables on one cluster, in one transaction.

Guarantees with `exactly-once`: as `CommitGroup` says of atomic groups. One transactional producer
per cluster and job; `open` fences the one of an older process. The epoch stands in the metadata of
an offset of the group `tidemill.<job>`, committed within the transaction. After any doubt about a
call the producer is thrown away (librdkafka has no KIP-890), and a new group's `open` says what
holds. With `sink.epoch-header` each message says in its header `tidemill` which job, epoch and
message of the epoch it is.
`close` waits a moment until readers can reach what was committed (see markers.py), so that who runs
after a bounded pipeline sees all its rows.
With `at-least-once`: an idempotent producer; rows go to it as they come, and are visible at once.
`prepare` waits until all are acknowledged; a commit only notes the epoch.
Non-guarantee: Kafka forgets the offsets of a group that was idle for `offsets.retention.minutes`
(7 days by default), and the epoch with them. Topics that do not exist are made with the broker's
default number of partitions.
"""

from __future__ import annotations

import contextlib
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from tidemill.connectors.kafka.admin import QUIET, KafkaAdmin
from tidemill.connectors.kafka.client import (
    REQUEST_TIMEOUT_S,
    consumer_config,
    create,
    failure,
    guarded,
    insisting,
    producer_config,
)
from tidemill.connectors.kafka.epoch_number import EpochNumber
from tidemill.connectors.kafka.layout import layout
from tidemill.connectors.kafka.markers import wait_for_markers
from tidemill.connectors.kafka.messages import Messages
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.producer import epoch_producer
from tidemill.connectors.kafka.properties import SINK_ONLY, SOURCE_ONLY
from tidemill.connectors.kafka.sink_topics import SinkTopics
from tidemill.connectors.kafka.writer import KafkaWriter
from tidemill.errors import ConnectorError, DoubtfulCommitError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position
from tidemill.model.trace_context import TRACEPARENT, epoch_context

COMMIT_TIMEOUT_S = 30.0
OFFSETS_TIMEOUT_S = 10.0  # for the call that can hang: recovering is exact, so it may be given up
CLOSE_TIMEOUT_S = 5.0
FULL_TIMEOUT_S = 120.0
MARKERS_TIMEOUT_S = 5.0
HEADER = "tidemill"
_HANGS = "The client waits for the group's coordinator without an end."
_ABORTED = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)
"""How records of an aborted epoch report, sometimes only after the abort."""


class KafkaGroup:
    """See the module."""

    def __init__(self, tables: Sequence[KafkaTable], job: JobContext, exactly_once: bool) -> None:
        self._tables = tables
        self._job = job
        self.atomic = exactly_once
        self.idempotent = False
        self.at_once = not exactly_once
        self._properties = _merged(tables)
        self._cluster = self._properties["bootstrap.servers"]
        self._offsets_group = f"tidemill.{job.job}"
        self._topics = SinkTopics(tables, self._admin_config())
        self._producer: Any = None
        self._member: Any = None
        self._writers: dict[str, KafkaWriter] = {}
        self._in_epoch = False
        self._number = EpochNumber(self._send_number, OFFSETS_TIMEOUT_S + 2)
        self._committed_at = -MARKERS_TIMEOUT_S
        self._epoch_topic = ""
        self._prefix = ""
        self._trace: tuple[str, bytes] | None = None
        self._epoch = 0
        self._sequence = 0
        self._failures: list[KafkaError] = []

    @property
    def name(self) -> str:
        """The cluster's address."""
        return f"kafka {self._cluster}"

    def open(self) -> int | None:
        """Connect, fence, and read the last epoch; see `CommitGroup`."""
        self._epoch_topic = self._topics.prepare()
        smallest, largest = self._topics.bytes_max_range()
        transactional_id = self._transactional_id() if self.atomic else None
        config = producer_config(self._properties, transactional_id)
        config.setdefault("message.max.bytes", max(largest, 1000))
        config["batch.size"] = min(int(config["batch.size"]), max(smallest - 4096, 1))
        member = consumer_config({"bootstrap.servers": self._cluster, **self._security()}, "")
        member["group.id"] = self._offsets_group
        self._member = create(Consumer, member)
        self._producer = epoch_producer(config, self._member, self._offsets_group, self._delivered)
        if self.atomic:
            guarded(
                "open transactions",
                self._cluster,
                lambda: self._producer.init_transactions(REQUEST_TIMEOUT_S),
            )
        held = self._held_epoch()
        self._epoch = (held or 0) + 1
        for table in self._tables:
            self._writers[table.name] = KafkaWriter(table, layout(table, self._job), self)
        return held

    def writer(self, table: str) -> KafkaWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Wait until the broker has all of the epoch, and its number."""
        if self._in_epoch:
            self._flush()
            if self.atomic:
                self._await_number(epoch)
        if self.at_once:
            self._end_epoch(epoch)  # what is written from now on is the next one's
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Make the epoch visible; see `CommitGroup`."""
        if self.at_once:
            with contextlib.suppress(KafkaException):
                self._member.commit(offsets=self._epoch_offsets(epoch), asynchronous=False)
            return
        self.expect(epoch)
        self.begin()
        self._commit_transaction(epoch)
        self._committed_at = time.monotonic()
        self._end_epoch(epoch)

    def expect(self, epoch: int) -> None:
        """See `NumberedGroup`."""
        if not self._in_epoch:
            self._epoch = epoch

    def _await_number(self, epoch: int) -> None:
        """Have the epoch's number in the transaction, before anything is decided."""
        try:
            if self._number.arrived(epoch):
                return
        except KafkaException as error:
            raise self._failure(f"prepare epoch {epoch}", error.args[0], None) from None
        raise self._left_behind(f"epoch {epoch} could not be prepared at {self.name}")

    def _give_up_number(self) -> None:
        """No call of the transaction may be made while the one for the number is under way."""
        if not self._number.given_up(OFFSETS_TIMEOUT_S + 2):
            raise self._left_behind(f"an epoch could not be given up at {self.name}")

    def _left_behind(self, what: str) -> ConnectorError:
        """The call that hangs has the client for good; a new one fences it."""
        self._in_epoch = False
        self._producer = None
        self.close()
        return ConnectorError(
            what,
            code="connector.unreachable",
            detail=_HANGS,
            hint="The engine opens the sink anew and writes the epoch again.",
            retryable=True,
        )

    def _end_epoch(self, epoch: int) -> None:
        self._in_epoch = False
        self._number.forget()
        self._epoch = epoch + 1
        self._sequence = 0

    def abort(self) -> None:
        """Throw the open epoch away."""
        if not self._in_epoch:
            return
        self._in_epoch = False
        self._sequence = 0
        if not self.atomic:
            self._producer.purge(in_queue=True, in_flight=True, blocking=True)
        else:
            self._give_up_number()
            guarded(
                "abort the transaction",
                self._cluster,
                lambda: self._producer.abort_transaction(COMMIT_TIMEOUT_S),
            )
        self._failures.clear()

    def close(self) -> None:
        """Give everything back; never raises."""
        producer, self._producer = self._producer, None
        member, self._member = self._member, None
        if producer is not None and self._number.given_up(CLOSE_TIMEOUT_S):
            with contextlib.suppress(Exception):
                producer.purge(in_queue=True, in_flight=True, blocking=False)
                if self.atomic and self._in_epoch:
                    producer.abort_transaction(CLOSE_TIMEOUT_S)
            with contextlib.suppress(Exception):
                producer.flush(1)
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a fenced producer says so once more
                producer.close()
        due = self._committed_at + MARKERS_TIMEOUT_S
        self._committed_at = -MARKERS_TIMEOUT_S
        if not self._in_epoch and time.monotonic() < due:
            with contextlib.suppress(Exception):
                wait_for_markers(
                    KafkaAdmin(self._admin_config()), self._topics.written, MARKERS_TIMEOUT_S
                )
        self._in_epoch = False
        if member is not None:
            with contextlib.suppress(Exception):
                member.close()

    def begin(self) -> None:
        """Open the epoch if none is open."""
        if self._producer is None:
            raise ConnectorError("the kafka sink is not open", code="connector.not-open")
        if not self._in_epoch:
            if self.atomic:
                guarded("begin a transaction", self._cluster, self._producer.begin_transaction)
                self._number.send(self._epoch)
            self._in_epoch = True
            self._prefix = f"{self._job.job}/{self._epoch}/"
            if self._job.traced:
                self._trace = (TRACEPARENT, epoch_context(self._job.job, self._epoch).header)

    def header(self) -> tuple[str, bytes]:
        """The header of the next record."""
        self._sequence += 1
        return HEADER, f"{self._prefix}{self._sequence}".encode()

    def bytes_max(self, topic: str) -> int:
        """How large a record the topic takes."""
        return self._topics.bytes_max(topic)

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        headers: list[tuple[str, bytes | None]] | None,
        timestamp_ms: int,
    ) -> None:
        """Hand one record over; waits while the producer is full."""
        if self._trace is not None and TRACEPARENT not in dict(headers or ()):
            headers = [*(headers or ()), self._trace]
        try:
            self._producer.produce(
                topic,
                value,
                key,
                partition,
                timestamp=timestamp_ms,
                headers=headers,
            )
        except BufferError:
            self._wait_for_room()
            self.produce(topic, value, key, partition, headers, timestamp_ms)
        except KafkaException as error:
            raise self._failure("write", error.args[0], topic) from None

    def produce_many(
        self,
        topic: str,
        values: pa.BinaryArray,
        keys: pa.BinaryArray | None,
        partition: int,
        with_header: bool,
    ) -> None:
        """Hand many records over, in their order; the hot path of writing."""
        messages = Messages(
            values,
            keys,
            partition,
            () if self._trace is None else (self._trace,),
            HEADER,
            self._prefix.encode() if with_header else None,
            self._sequence + 1,
        )
        taken = 0
        while taken < len(values):
            try:
                taken += self._producer.produce_from(topic, messages, taken)
            except KafkaException as error:
                raise self._failure("write", error.args[0], topic) from None
            if taken < len(values):
                self._wait_for_room()
        if with_header:
            self._sequence += len(values)
        self._serve(lambda: self._producer.poll(0))

    def _delivered(self, error: KafkaError | None, _message: Message | None) -> None:
        if error is not None and error.code() not in _ABORTED:
            self._failures.append(error)

    def _wait_for_room(self) -> None:
        """Wait until the producer has sent something: the back-pressure."""
        limit = time.monotonic() + FULL_TIMEOUT_S
        before = len(self._producer)
        while len(self._producer) >= before:
            self._serve(lambda: self._producer.poll(0.05))
            if time.monotonic() > limit:
                raise self._failure("write", KafkaError(KafkaError._TIMED_OUT), None)

    def _flush(self) -> None:
        if self._serve(lambda: self._producer.flush(FULL_TIMEOUT_S)):
            raise self._failure("write", KafkaError(KafkaError._TIMED_OUT), None)

    def _serve(self, call: Callable[[], int]) -> int:
        """Let the producer work and report; whatever failed is raised."""
        try:
            left = call()
        except KafkaException as error:  # the producer is at its end, such as by being fenced
            raise self._failure("write", error.args[0], None) from None
        except SystemError as error:  # the same, when a delivery report was under way
            if not isinstance(error.__cause__, KafkaException):
                raise
            raise self._failure("write", error.__cause__.args[0], None) from None
        if self._failures:
            first = self._failures[0]
            self._failures.clear()
            raise self._failure("write", first, None)
        return left

    def _failure(self, what: str, error: KafkaError, topic: str | None) -> ConnectorError:
        return failure(what, error, Where(topic=topic) if topic else None, self._cluster)

    def _commit_transaction(self, epoch: int) -> None:
        self._committed_at = -MARKERS_TIMEOUT_S
        try:
            if self._number.arrived(epoch):
                self._producer.commit_transaction(COMMIT_TIMEOUT_S)
                return
            self._producer = None  # the call that hangs has it for good
            detail = _HANGS
        except KafkaException as error:
            inner = failure(f"commit epoch {epoch}", error.args[0], None, self._cluster)
            detail = inner.detail or inner.message
            if inner.code == "connector.fenced":
                self._in_epoch = False
                self.close()
                raise inner from None
        self._in_epoch = False  # nobody may touch this producer's transaction again
        self.close()
        raise DoubtfulCommitError(
            f"nobody knows whether epoch {epoch} was committed at {self.name}",
            code="connector.doubtful-commit",
            detail=detail,
            hint="The engine opens the sink anew and asks which epoch it holds.",
        )

    def _send_number(self, epoch: int) -> None:
        self._producer.send_offsets(self._epoch_offsets(epoch), OFFSETS_TIMEOUT_S)

    def _epoch_offsets(self, epoch: int) -> list[TopicPartition]:
        return [TopicPartition(self._epoch_topic, 0, epoch, f"epoch={epoch}")]

    def _held_epoch(self) -> int | None:
        """The newest epoch in the metadata of the group's offsets, over all topics it ever used.

        Asked through a consumer: librdkafka's AdminClient has no group of its own, and crashes the
        process where the coordinator is not ready, as with a broker that has just started.
        """
        asked = [TopicPartition(topic, 0) for topic in self._topics.known]
        found = insisting(
            "read the last epoch", self._cluster,
            lambda: self._member.committed(asked, timeout=REQUEST_TIMEOUT_S), REQUEST_TIMEOUT_S,
        )  # fmt: skip
        matches = [re.fullmatch(r"epoch=(\d+)", item.metadata or "") for item in found]
        return max((int(match[1]) for match in matches if match), default=None)

    def _transactional_id(self) -> str:
        prefixes = {t.values["sink.transactional-id-prefix"] for t in self._tables} - {None}
        return f"{min(prefixes, default='tidemill')}-{self._job.job}"

    def _security(self) -> dict[str, str]:
        unwanted = SINK_ONLY | SOURCE_ONLY | {"message.max.bytes"}
        return {k: v for k, v in self._properties.items() if k not in unwanted}

    def _admin_config(self) -> dict[str, Any]:
        return {**self._security(), "log_level": 0, "logger": QUIET}


def _merged(tables: Sequence[KafkaTable]) -> dict[str, str]:
    """The properties of all tables together; on a conflict the first table's."""
    merged: dict[str, str] = {}
    for table in reversed(tables):
        merged.update(table.properties)
    return merged
