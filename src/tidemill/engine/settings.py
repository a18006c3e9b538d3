"""What can be tuned, with defaults that need no tuning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Settings of one run.

    `epoch_interval_ms` is the shortest time between two commits that write something; it grows
    where commits would take more than `commit_share_max` of the time. Epochs that write nothing
    (windows fill, rows are filtered) only save work after a crash, so they come every
    `quiet_epoch_interval_ms`.
    """

    epoch_interval_ms: int = 50
    quiet_epoch_interval_ms: int = 1_000
    commit_share_max: float = 0.2
    rows_min: int = 8_192
    rows_max: int = 100_000
    read_timeout_ms: int = 50
    threads: int = 1
    queued_bytes_max: int = 64 << 20
    staged_bytes_max: int = 64 << 20
    checkpoints_kept: int = 2
    deltas_max: int = 64
    retry_first_ms: int = 100
    retry_longest_ms: int = 10_000
    retries_max: int | None = None
