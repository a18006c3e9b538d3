"""Waits until what a transaction committed can be read.

A broker answers a commit once its coordinator has written it down; the markers that let
`read_committed` readers pass follow a moment later (Kafka's TransactionCoordinator, state
`PrepareCommit`). A bounded reader that asks for the end in between would miss the last rows.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.topic_facts import end_offsets

_PAUSE_S = 0.02


def wait_for_markers(admin: KafkaAdmin, topics: Collection[str], timeout_s: float) -> bool:
    """Wait until readers of committed rows reach what is the end of the topics now.

    Returns whether they do; another writer's open transaction holds them back for as long as it
    is open. Raises ConnectorError where the broker can't be asked.
    """
    counts = {info.name: info.partitions for info in admin.topics() if info.name in topics}
    wanted = end_offsets(admin, counts)
    limit = time.monotonic() + timeout_s
    while True:
        stable = end_offsets(admin, counts, read_committed=True)
        if all(stable.get(part, end) >= end for part, end in wanted.items()):
            return True
        if time.monotonic() >= limit:
            return False
        time.sleep(_PAUSE_S)
