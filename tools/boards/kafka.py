"""The board of Kafka: the broker, topics, and consumer groups."""

from __future__ import annotations

from typing import Any

from boards.parts import BYTES, ROWS, board, lines, number


def make() -> Any:
    """The board."""
    made = board(
        "tidemill-kafka", "Tidemill: Kafka",
        "The broker, how fast topics grow, and how far consumer groups are behind.",
        ("topic", "tidemill_kafka_topic_end_offset_total"),
        ("group", "tidemill_kafka_group_members"),
    )  # fmt: skip
    rate = 'rate(tidemill_kafka_topic_end_offset_total{topic=~"$topic"}[$__rate_interval])'
    panels = [
        number("Broker", ROWS, 'tidemill_server_up{server="kafka"}', about="1 while it is ready."),
        number("Memory", BYTES, 'tidemill_server_memory_bytes{server="kafka"}'),
        number("Restarts", ROWS, 'tidemill_server_restarts_total{server="kafka"}'),
        number("Topics", ROWS, "count(tidemill_kafka_topic_partitions)"),
        number("Partitions", ROWS, "sum(tidemill_kafka_topic_partitions)"),
        number("Messages waiting", ROWS, "sum(tidemill_kafka_group_lag_records)"),
        lines("Messages written per second", ROWS, (f"topk(20, {rate})", "{{topic}}"), span=12),
        lines("Messages kept", ROWS, (
            'topk(20, tidemill_kafka_topic_records{topic=~"$topic"})', "{{topic}}"), span=12),
        lines("Lag of groups", ROWS, (
            'sum by (group, topic) (tidemill_kafka_group_lag_records{group=~"$group"})',
            "{{group}} {{topic}}"), span=12),
        lines("Members of groups", ROWS, (
            'tidemill_kafka_group_members{group=~"$group"}', "{{group}}"), span=12),
    ]  # fmt: skip
    for panel in panels:
        made.with_panel(panel)
    return made
