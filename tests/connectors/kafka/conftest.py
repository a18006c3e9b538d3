"""Kafka tables on the shared broker, and what the tests do with topics beside the connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import Producer

from tidemill.connectors import CONNECTORS
from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, Record, read_records
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.service import Endpoint
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING

SCHEMA = Schema((Column("a", INT), Column("b", STRING)))


@dataclass
class KafkaBench:
    """One topic and tables over it."""

    bootstrap: str
    topic: str
    job: JobContext
    schema: Schema = SCHEMA
    options: dict[str, str] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()
    connector: str = "kafka"

    @property
    def admin(self) -> KafkaAdmin:
        return KafkaAdmin({"bootstrap.servers": self.bootstrap})

    def table(self, **options: str) -> TableDescriptor:
        defaults = {
            "connector": self.connector,
            "topic": self.topic,
            "properties.bootstrap.servers": self.bootstrap,
        }
        if self.connector == "kafka":
            defaults |= {"format": "json", "scan.startup.mode": "earliest-offset"}
        named = {
            k if "." in k else k.replace("__", "-").replace("_", "."): v for k, v in options.items()
        }
        merged = {**defaults, **self.options, **named}
        chosen = {k: v for k, v in merged.items() if v != ""}
        return TableDescriptor("t", self.schema, chosen, self.primary_key)

    def source(self, bounded: bool = True, **options: str) -> Source:
        if bounded:
            options.setdefault("scan_bounded_mode", "latest-offset")
        return CONNECTORS[self.connector].source(self.table(**options), self.job)

    def group(self, **options: str) -> CommitGroup:
        return CONNECTORS[self.connector].commit_group([self.table(**options)], self.job)

    def produce(
        self,
        values: Sequence[bytes | None],
        keys: Sequence[bytes | None] | None = None,
        **more: Any,
    ) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 20_000_000})
        for i, value in enumerate(values):
            producer.produce(self.topic, value, keys[i] if keys else None, **more)
            producer.poll(0)
        assert producer.flush(30) == 0

    def records(self, topic: str | None = None) -> list[Record]:
        return list(read_records(self.admin, topic or self.topic, ReadFrom()))

    def batch(self, rows: Sequence[Mapping[str, Any]], kinds: Sequence[int] | None = None) -> Batch:
        batch = pa.RecordBatch.from_pylist(list(rows), schema=self.schema.arrow())
        return Batch(batch, None if kinds is None else pa.array(kinds, pa.int8()))


@pytest.fixture
def bench(kafka_endpoint: Endpoint, unique_name: Callable[[str], str]) -> KafkaBench:
    """A bench over a fresh topic with two partitions."""
    name = unique_name("k")
    job = JobContext(f"job-{name}", FORMATS)
    made = KafkaBench(kafka_endpoint.properties["bootstrap.servers"], name, job)
    made.admin.create(name, partitions=2)
    return made
