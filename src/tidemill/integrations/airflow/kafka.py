"""A DAG for each message of a topic: an asset watcher over the trigger of Airflow's Kafka provider.

The connection `tidemill_kafka`, which `tidemill up airflow` sets, names the broker and the group.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import AssetWatcher

CONNECTION = "tidemill_kafka"


def kafka_message_watcher(
    topic: str, *, connection: str = CONNECTION, interval_s: float = 1.0
) -> Any:
    """A watcher for `Asset(..., watchers=[...])`: an event for each message of a topic.

    The event holds the message's value as text. At least once: a triggerer that is killed may tell
    of its last message again, so the DAG's work must be safe to repeat, as Tidemill's is.

    Args:
        topic: the topic.
        connection: Airflow's connection to Kafka.
        interval_s: how long to rest at the end of the topic, in seconds.
    """
    from airflow.providers.apache.kafka.triggers.msg_queue import (  # noqa: PLC0415 - an extra
        KafkaMessageQueueTrigger,
    )

    trigger = KafkaMessageQueueTrigger(
        topics=[topic],
        kafka_config_id=connection,
        apply_function=f"{__name__}.text_of",
        poll_interval=interval_s,
    )
    return AssetWatcher(name=f"kafka_{topic}", trigger=trigger)


def text_of(message: Any) -> str | None:
    """The value of a message as text; None for a message that is none."""
    if message is None or message.error():
        return None
    return bytes(message.value() or b"").decode("utf-8", "replace")
