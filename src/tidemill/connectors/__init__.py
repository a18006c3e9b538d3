"""Connectors: where rows come from and go to, each under Flink's name and options.

`CONNECTORS` lists them all; looking one up imports its module and its client library, listing the
names does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.interfaces.connector import Connector
from tidemill.interfaces.registry import LazyRegistry

_MODULES = {
    "kafka": "tidemill.connectors.kafka.connector",
    "upsert-kafka": "tidemill.connectors.upsert_kafka.connector",
    "jdbc": "tidemill.connectors.jdbc.connector",
    "kinesis": "tidemill.connectors.kinesis.connector",
    "postgres-cdc": "tidemill.connectors.postgres_cdc.connector",
    "redis": "tidemill.connectors.redis.connector",
    "filesystem": "tidemill.connectors.filesystem.connector",
    "delta": "tidemill.connectors.delta.connector",
    "iceberg": "tidemill.connectors.iceberg.connector",
    "datagen": "tidemill.connectors.datagen.connector",
    "faker": "tidemill.connectors.faker.connector",
    "print": "tidemill.connectors.print.connector",
    "blackhole": "tidemill.connectors.blackhole.connector",
}

CONNECTORS: Mapping[str, Connector] = LazyRegistry(_MODULES, "CONNECTOR")
"""All connectors by name; each module exports its connector as `CONNECTOR`."""

__all__ = ["CONNECTORS"]
