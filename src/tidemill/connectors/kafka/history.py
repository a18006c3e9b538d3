"""What a table's topics still have of what a pipeline has read: where a new reader would begin."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import Consumer

from tidemill.connectors.kafka import startup
from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.client import consumer_config, create
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.properties import SOURCE_ONLY
from tidemill.connectors.kafka.topic_facts import settings_of
from tidemill.records import dataclass

FIXED_STARTS = ("earliest-offset", "specific-offsets", "timestamp")


@dataclass(frozen=True, slots=True)
class Begin:
    """Of one partition: the offset where the startup mode begins, and the first one that is there.

    Where `start` is beyond `first`, nothing that the table means is missing.
    """

    start: int
    first: int

    @property
    def whole(self) -> bool:
        """Whether all that the table means is still there."""
        return self.first == 0 or self.start > self.first


@dataclass(frozen=True, slots=True)
class History:
    """The begin of each partition, by its name in positions; `compacted`: old values are gone.

    `fixed` is False where the startup mode begins elsewhere each time.
    """

    begins: Mapping[str, Begin]
    compacted: bool
    fixed: bool


def history(table: KafkaTable) -> History:
    """Ask the brokers; raises ConnectorError."""
    fixed = table.upsert or table.values["scan.startup.mode"] in FIXED_STARTS
    consumer = create(Consumer, consumer_config(table.properties, "tidemill.history"))
    try:
        found = startup.discover(table, consumer)
        starts = startup.start_offsets(table, consumer, found) if fixed else {}
        first = {at: startup.bounds(table, consumer, at)[0] for at in found}
    finally:
        consumer.close()
    several = table.several_topics
    begins = {
        f"{at[0]}:{at[1]}" if several else str(at[1]): Begin(
            max(starts.get(at, first[at]), first[at]), first[at]
        )
        for at in found
    }
    admin = KafkaAdmin({k: v for k, v in table.properties.items() if k not in SOURCE_ONLY})
    settings = settings_of(admin, sorted({topic for topic, _ in found}))
    compacted = any("compact" in one.get("cleanup.policy", "") for one in settings.values())
    return History(begins, compacted and not table.upsert, fixed)
