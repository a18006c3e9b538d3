"""Which `properties.*` reach the Kafka client, and under which name.

An allow-list: keys that librdkafka knows and that are harmless go through, Java's names for the
same things are translated, keys that only Java's client knows are ignored with a note in the log.
Keys that load code, run commands, read files or open URLs are refused, as are those that the
connector itself has to set. Of what concerns security nothing is ignored: a key that is not known
here is refused, and so is a login that the protocol would not use (`security.py` checks that).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping

from tidemill.connectors.kafka.admin import QUIET
from tidemill.connectors.kafka.security import SECURITY, SECURITY_JAVA, checked_security
from tidemill.errors import ProjectError, did_you_mean

_REFUSED = {
    "plugin.library.paths": "It loads code into the client.",
    "sasl.jaas.config": "Use `properties.sasl.username` and `properties.sasl.password`.",
    "sasl.*.class": "It loads code into Java's client.",
    "security.providers": "It loads code into Java's client.",
    "interceptor.classes": "It loads code into Java's client.",
    "metric.reporters": "It loads code into Java's client.",
    "*.deserializer": "Use the option `format`.",
    "*.serializer": "Use the option `format`.",
    "sasl.kerberos.*": "Kerberos runs a command and reads files; use SCRAM, OAUTHBEARER or a "
    "client certificate.",
    "sasl.oauthbearer.jwks.*": "It opens a URL.",
    "sasl.oauthbearer.metadata.*": "It opens a URL.",
    "sasl.oauthbearer.assertion.*": "It reads files.",
    "sasl.oauthbearer.config": "It can open a URL.",
    "enable.sasl.oauthbearer.unsecure.jwt": "Anybody can make such a token.",
    "enable.ssl.certificate.verification": "Certificates are always checked: give the "
    "authority's as `properties.ssl.ca.pem`.",
    "ssl.ca.certificate.stores": "Use `properties.ssl.ca.pem`.",
    "ssl.engine.*": "It loads code into the client.",
    "ssl.providers": "It loads code into the client.",
    "*.location": "It reads a file; give the text instead, as `properties.ssl.ca.pem`, "
    "`properties.ssl.certificate.pem` or `properties.ssl.key.pem`, by a secret reference.",
    "debug": "It writes what the client does, secrets included, to the terminal.",
    "*_cb": "It is code.",
    "transactional.id": "Use the option `sink.transactional-id-prefix`.",
    "enable.auto.commit": "Positions are kept with the state; the connector sets it.",
    "enable.idempotence": "The connector sets it.",
}
_SECURITY_PREFIXES = ("ssl.", "sasl.", "security.", "https.", "enable.s")

_TAKEN = SECURITY | frozenset(
    [
        "bootstrap.servers",
        "client.id",
        "client.rack",
        "client.dns.lookup",
        "group.id",
        "isolation.level",
        "auto.offset.reset",
        "fetch.min.bytes",
        "fetch.max.bytes",
        "fetch.message.max.bytes",
        "fetch.wait.max.ms",
        "fetch.error.backoff.ms",
        "fetch.queue.backoff.ms",
        "queued.min.messages",
        "queued.max.messages.kbytes",
        "check.crcs",
        "linger.ms",
        "batch.size",
        "batch.num.messages",
        "compression.type",
        "compression.level",
        "acks",
        "retries",
        "message.send.max.retries",
        "message.timeout.ms",
        "message.max.bytes",
        "max.in.flight",
        "queue.buffering.max.messages",
        "queue.buffering.max.kbytes",
        "transaction.timeout.ms",
        "sticky.partitioning.linger.ms",
        "request.timeout.ms",
        "socket.timeout.ms",
        "socket.keepalive.enable",
        "socket.send.buffer.bytes",
        "socket.receive.buffer.bytes",
        "socket.connection.setup.timeout.ms",
        "broker.address.family",
        "broker.address.ttl",
        "connections.max.idle.ms",
        "reconnect.backoff.ms",
        "reconnect.backoff.max.ms",
        "retry.backoff.ms",
        "retry.backoff.max.ms",
        "metadata.max.age.ms",
        "topic.metadata.refresh.interval.ms",
        "allow.auto.create.topics",
    ]
)

_JAVA_NAMES = {
    **SECURITY_JAVA,
    "fetch.max.wait.ms": "fetch.wait.max.ms",
    "max.partition.fetch.bytes": "fetch.message.max.bytes",
    "max.request.size": "message.max.bytes",
    "delivery.timeout.ms": "message.timeout.ms",
    "max.in.flight.requests.per.connection": "max.in.flight",
    "send.buffer.bytes": "socket.send.buffer.bytes",
    "receive.buffer.bytes": "socket.receive.buffer.bytes",
}


def client_properties(given: Mapping[str, str], table: str) -> dict[str, str]:
    """The librdkafka properties of a table's `properties.*`, given without that prefix."""
    taken: dict[str, str] = {}
    for key, value in given.items():
        for pattern, why in _REFUSED.items():
            if fnmatch.fnmatchcase(key, pattern):
                raise ProjectError(
                    f"table `{table}` sets `properties.{key}`, which is refused",
                    code="connector.refused-property",
                    hint=why,
                )
        name = _JAVA_NAMES.get(key, key)
        if name in _TAKEN:
            taken[name] = value
        elif key.startswith(_SECURITY_PREFIXES) and name:
            raise ProjectError(
                f"table `{table}` sets `properties.{key}`, which is not known here",
                code="connector.refused-property",
                hint=did_you_mean(key, sorted({*SECURITY, *SECURITY_JAVA}))
                or f"For security there are: {', '.join(sorted(SECURITY))}.",
            )
        elif name:
            QUIET.info("table %s: properties.%s is ignored: not known here", table, key)
    checked_security({**given, **taken}, table)
    if taken.get("sasl.mechanisms") == "OAUTHBEARER":
        taken["sasl.oauthbearer.method"] = "oidc"
    return taken


SOURCE_ONLY = frozenset(
    {"isolation.level", "auto.offset.reset", "group.id", "check.crcs"}
    | {name for name in _TAKEN if name.startswith(("fetch.", "queued."))}
)
"""Properties that mean nothing to a producer."""

SINK_ONLY = frozenset(
    [
        "linger.ms",
        "batch.size",
        "batch.num.messages",
        "compression.type",
        "compression.level",
        "acks",
        "retries",
        "message.send.max.retries",
        "message.timeout.ms",
        "queue.buffering.max.messages",
        "queue.buffering.max.kbytes",
        "transaction.timeout.ms",
        "sticky.partitioning.linger.ms",
        "request.timeout.ms",
    ]
)
"""Properties that mean nothing to a consumer."""
