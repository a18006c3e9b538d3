"""Kafka clients as this connector sets them up, and its errors in our words."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from tidemill.connectors.kafka.admin import QUIET
from tidemill.connectors.kafka.login import check_login
from tidemill.connectors.kafka.properties import SINK_ONLY, SOURCE_ONLY
from tidemill.errors import ConnectorError, Where

REQUEST_TIMEOUT_S = 30.0
QUIET.addHandler(logging.NullHandler())  # else Python prints the client's log to standard error
_T = TypeVar("_T")

_UNREACHABLE = (
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._TIMED_OUT_QUEUE,
    KafkaError._RESOLVE,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)
_PASSING = (KafkaError.NOT_COORDINATOR, KafkaError.UNSTABLE_OFFSET_COMMIT)
"""What a broker says while it starts or a transaction ends; the client itself does not retry it."""

_FENCED = (
    KafkaError._FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
    KafkaError.PRODUCER_FENCED,
)
_DENIED = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
)


def consumer_config(properties: Mapping[str, str], group: str) -> dict[str, Any]:
    """A consumer that is told its partitions and offsets, and never moves by itself.

    `fetch.queue.backoff.ms` is a second by default, in which a fast consumer sits idle; message
    sizes are limited by memory only, since a fetch may always exceed its limit by one message. What
    is queued counts for each partition: four times as much is hardly faster, and takes 90 MB more.
    """
    return {
        "isolation.level": "read_committed",
        "fetch.queue.backoff.ms": 5,
        "queued.min.messages": 100_000,
        "queued.max.messages.kbytes": 32_768,
        "fetch.wait.max.ms": 50,
        "fetch.message.max.bytes": 4 << 20,
        "receive.message.max.bytes": 2_147_483_647,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        **_without(properties, SINK_ONLY),
        "fetch.max.bytes": max(int(properties.get("fetch.max.bytes", 0)), 64 << 20),
        "group.id": properties.get("group.id", group),
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "log_level": 0,
        "logger": QUIET,
    }


def producer_config(properties: Mapping[str, str], transactional_id: str | None) -> dict[str, Any]:
    """A producer that keeps order, repeats nothing, and spreads keys as Java's client does."""
    config: dict[str, Any] = {
        "linger.ms": 1,
        "batch.size": 1 << 20,
        "batch.num.messages": 100_000,
        "compression.type": "lz4",
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 262_144,
        "retry.backoff.ms": 5,
        "retry.backoff.max.ms": 20,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        **_without(properties, SOURCE_ONLY),
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "delivery.report.only.error": True,
        "log_level": 0,
        "logger": QUIET,
    }
    if transactional_id is not None:
        config.setdefault("transaction.timeout.ms", 120_000)
        config["transactional.id"] = transactional_id
    return config


def _without(properties: Mapping[str, str], unwanted: frozenset[str]) -> dict[str, str]:
    return {key: value for key, value in properties.items() if key not in unwanted}


def create(kind: Callable[[dict[str, Any]], _T], config: dict[str, Any]) -> _T:
    """A client of the given class; ConnectorError where a property or the login is wrong."""
    check_login(config)
    try:
        return kind(config)
    except (KafkaException, ValueError, TypeError) as error:
        raise ConnectorError(
            f"the Kafka client refuses its properties: {error.args[0]}",
            code="connector.bad-option",
            hint="Check the table's `properties.*`.",
        ) from None


def failure(what: str, error: KafkaError, where: Where | None, cluster: str) -> ConnectorError:
    """The ConnectorError for a client's error while doing `what`."""
    code = error.code()
    if code in _UNREACHABLE:
        return ConnectorError(
            f"no Kafka broker answers at {cluster}: could not {what}",
            code="connector.unreachable",
            where=where,
            detail=error.str(),
            hint="Check that the broker runs (`tidemill status`) and its address.",
            retryable=True,
        )
    if code in _FENCED:
        return ConnectorError(
            f"a newer process of this job took over: could not {what}",
            code="connector.fenced",
            where=where,
            detail=error.str(),
            hint="Only one process may run a job; stop the other one, or give this another name.",
        )
    if code in _DENIED:
        return ConnectorError(
            f"Kafka at {cluster} denies access: could not {what}",
            code="connector.login-refused",
            where=where,
            detail=error.str(),
            hint="Check the user, the password and the access rights.",
        )
    return ConnectorError(
        f"Kafka could not {what}: {error.str()}",
        code="connector.store-error",
        where=where,
        retryable=bool(error.retriable()) or code in _PASSING,
    )


def guarded(what: str, cluster: str, call: Callable[[], _T], where: Where | None = None) -> _T:
    """Call the client; its errors come out as ConnectorError."""
    try:
        return call()
    except KafkaException as error:
        raise failure(what, error.args[0], where, cluster) from None


def insisting(what: str, cluster: str, call: Callable[[], _T], seconds: float) -> _T:
    """As `guarded`, calling again while the broker is not ready."""
    limit = time.monotonic() + seconds
    while True:
        try:
            return guarded(what, cluster, call)
        except ConnectorError as error:
            if not error.retryable or time.monotonic() > limit:
                raise
        time.sleep(0.1)


class PendingCall:
    """A call of the client on a thread of its own, which is left behind where it does not end.

    For calls that do not keep their own timeouts: librdkafka's `send_offsets_to_transaction` can
    wait for ever when the group's coordinator goes away at the wrong moment
    (confluentinc/librdkafka issues 5456 and 5511).
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="tidemill-kafka-call", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # raised again by who waits
            self._failure = error

    def ended(self, within_s: float) -> bool:
        """Wait for its end, at most so many seconds; raises what it raised."""
        self._thread.join(within_s)
        if self._thread.is_alive():
            return False
        if self._failure is not None:
            raise self._failure
        return True
