"""The fault table: one fault per file."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.control.chaos.fault import Fault
from tidemill.control.chaos.faults import (
    added_partitions,
    clock_jump,
    cut_network,
    damaged_checkpoint,
    disorder,
    duplicates,
    few_files,
    file_limit,
    freeze_broker,
    freeze_engine,
    freeze_postgres,
    full_disk,
    huge_messages,
    idle_partition,
    kill_all,
    kill_at,
    kill_broker,
    kill_engine,
    kill_postgres,
    one_cpu,
    partition,
    poison,
    recreated_topic,
    schema_change,
    slow_network,
    slow_sink,
    stopped_sink,
    truncated_log,
    two_engines,
    zombie_engine,
)
from tidemill.control.chaos.faults.cdc import (
    change_table,
    delete_connector,
    drop_slot,
    fail_connector,
    freeze_connect,
    kill_connect,
    kill_redis,
    lose_offsets,
    truncate_table,
)

FAULTS: Mapping[str, Fault] = {
    module.FAULT.name: module.FAULT
    for module in (
        kill_engine, kill_at, kill_broker, kill_postgres, kill_all, freeze_engine, freeze_broker,
        freeze_postgres, slow_network, cut_network, partition, slow_sink, stopped_sink, full_disk,
        file_limit, few_files, two_engines, zombie_engine, damaged_checkpoint, truncated_log,
        clock_jump, duplicates, disorder, poison, schema_change, kill_connect, freeze_connect,
        kill_redis, delete_connector, fail_connector, lose_offsets, drop_slot, change_table,
        truncate_table,
        recreated_topic, added_partitions, idle_partition, huge_messages, one_cpu,
    )
}  # fmt: skip
SECONDS = (
    "kill-engine", "kill-broker", "kill-postgres", "freeze-engine", "freeze-broker",
    "freeze-postgres", "cut-network", "slow-network", "partition", "kill-connect",
    "freeze-connect", "kill-redis",
)  # fmt: skip
"""The faults that can come while another is held or healed."""
