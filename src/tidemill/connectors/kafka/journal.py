"""A topic of records, and a compacted one that says how far their writer has come: always in step.

For writers that are no pipelines. Guarantees: `commit` writes records and changes of the state in
one transaction, so a `read_committed` reader sees both or neither, after a crash too; `open` shuts
out an older process of the same name, and gives exactly the state of the last commit.
Non-guarantee: after a failed `commit` nobody knows whether it held; open the journal anew to see.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer
from confluent_kafka import TopicPartition as Place

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.client import (
    REQUEST_TIMEOUT_S,
    create,
    failure,
    guarded,
    producer_config,
)
from tidemill.connectors.kafka.records import NewRecord
from tidemill.errors import ConnectorError, Where

COMMIT_TIMEOUT_S = 60.0


class Journal:
    """One writer's records in `topic`, its state in `state_topic`."""

    def __init__(
        self, properties: Mapping[str, str], name: str, topic: str, state_topic: str
    ) -> None:
        self._admin = KafkaAdmin(properties)
        self._name = name
        self._topic = topic
        self._state_topic = state_topic
        self._producer: Any = None
        self._failures: list[KafkaError] = []

    def open(self) -> dict[str, bytes]:
        """Make missing topics, shut out older processes, and read the state."""
        self.close()
        known = {info.name for info in self._admin.topics()}
        if self._topic not in known:
            self._admin.create_if_missing(self._topic, partitions=-1)
        if self._state_topic not in known:
            self._admin.create_if_missing(self._state_topic, settings={"cleanup.policy": "compact"})
        self._failures.clear()
        self._producer = create(Producer, producer_config(self._admin.properties, self._name))
        guarded(
            "open transactions",
            self._admin.name,
            lambda: self._producer.init_transactions(REQUEST_TIMEOUT_S),
        )
        return self._read_state()

    def _read_state(self) -> dict[str, bytes]:
        """All of the state topic, up to what is committed."""
        consumer = Consumer(self._admin.consumer_properties(read_committed=True))
        state: dict[str, bytes] = {}
        try:
            consumer.assign([Place(self._state_topic, 0, OFFSET_BEGINNING)])
            while True:
                message = consumer.poll(REQUEST_TIMEOUT_S)
                if message is None:
                    raise self._failed("read the state", KafkaError(KafkaError._TIMED_OUT))
                error = message.error()
                if error is None:
                    key = (message.key() or b"").decode("utf-8", "surrogateescape")
                    value = message.value()
                    if value is None:
                        state.pop(key, None)
                    else:
                        state[key] = value
                elif error.code() == KafkaError._PARTITION_EOF:
                    return state
                elif error.fatal() or not error.retriable():
                    raise self._failed("read the state", error)
        except KafkaException as error:
            raise self._failed("read the state", error.args[0]) from None
        finally:
            consumer.close()

    def commit(self, records: Sequence[NewRecord], changes: Mapping[str, bytes | None]) -> None:
        """Write records, and set (or with None remove) keys of the state, together."""
        producer = self._producer
        if producer is None:
            raise ConnectorError("the journal is not open", code="connector.not-open")
        try:
            producer.begin_transaction()
            for record in records:
                self._produce(self._topic, record.key, record.value)
            for key, value in changes.items():
                self._produce(self._state_topic, key.encode("utf-8", "surrogateescape"), value)
            producer.commit_transaction(COMMIT_TIMEOUT_S)
        except KafkaException as error:
            self.close()
            raise self._failed("commit", error.args[0]) from None
        if self._failures:
            first = self._failures[0]
            self.close()
            raise self._failed("commit", first)

    def _produce(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._delivered)
                return
            except BufferError:
                self._producer.poll(0.05)

    def _delivered(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failures.append(error)

    def _failed(self, what: str, error: KafkaError) -> ConnectorError:
        found = failure(what, error, Where(topic=self._topic), self._admin.name)
        # What is not a refusal for good is settled by opening the journal again.
        found.retryable = found.code not in ("connector.fenced", "connector.login-refused")
        return found

    def close(self) -> None:
        """Throw the producer away, an open transaction with it; must not raise."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fenced producer says so once more
            producer.purge(in_queue=True, in_flight=True, blocking=False)
            producer.close()
