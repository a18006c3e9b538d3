"""Messages put back into their topics, each once: they and a mark for each are one transaction.

Guarantees: a mark is there exactly if its message is; a second writer of the same id fences the
first, whose open transaction is gone before the marks are read. Non-guarantee: order among the
messages that were already there.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaException, Producer

from tidemill.connectors.kafka.admin import QUIET, TIMEOUT_S, KafkaAdmin
from tidemill.connectors.kafka.records import NewRecord, ReadFrom, read_records
from tidemill.errors import ConnectorError
from tidemill.records import dataclass

HEADER = "tidemill-redriven"
"""The header that says where a message was first: topic, partition and offset, by slashes."""
_COMMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Return:
    """One message to put back; `mark` is where it was first."""

    mark: str
    topic: str
    record: NewRecord


class Redriver:
    """Puts messages back; `with Redriver(...) as redriver`; raises ConnectorError."""

    def __init__(self, admin: KafkaAdmin, marks_topic: str, transactional_id: str) -> None:
        self._admin, self._marks_topic = admin, marks_topic
        self._producer = Producer(
            {
                **admin.properties,
                "enable.idempotence": True,
                "transactional.id": transactional_id,
                "log_level": 0,
            },
            logger=QUIET,
        )

    def __enter__(self) -> Redriver:
        if all(topic.name != self._marks_topic for topic in self._admin.topics()):
            settings = {"cleanup.policy": "compact"}
            self._admin.create(self._marks_topic, partitions=1, replication=-1, settings=settings)
        try:
            self._producer.init_transactions(TIMEOUT_S * 3)
        except KafkaException as error:
            raise self._failed(error) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._producer.purge()
        self._producer.flush(0)

    def put(self, returns: Sequence[Return]) -> None:
        """Put messages back, all or none."""
        try:
            self._producer.begin_transaction()
            for one in returns:
                self._produce(one.topic, _marked(one))
                self._produce(self._marks_topic, NewRecord(b"", one.mark.encode()))
            self._producer.commit_transaction(_COMMIT_S)
        except KafkaException as error:
            raise self._failed(error) from None

    def _produce(self, topic: str, record: NewRecord) -> None:
        placed: dict[str, Any] = {} if record.partition is None else {"partition": record.partition}
        while True:
            try:
                self._producer.produce(
                    topic,
                    value=record.value,
                    key=record.key,
                    timestamp=record.timestamp_ms or 0,
                    headers=list(record.headers) or None,
                    **placed,
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def _failed(self, error: KafkaException) -> ConnectorError:
        return self._admin.failed("put messages back", error.args[0], None)


def marks_in(admin: KafkaAdmin, marks_topic: str) -> set[str]:
    """The marks that a topic holds; none where there is no such topic."""
    if all(topic.name != marks_topic for topic in admin.topics()):
        return set()
    records = read_records(admin, marks_topic, ReadFrom())
    return {record.key.decode("utf-8", "replace") for record in records if record.key is not None}


def _marked(one: Return) -> NewRecord:
    header = (HEADER, one.mark.encode())
    record = one.record
    return NewRecord(
        record.value, record.key, record.partition, record.timestamp_ms, (*record.headers, header)
    )
