"""What can be tuned, with defaults that need no tuning."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.interfaces.options import parse_memory_bytes
from tidemill.records import dataclass

STATE_MEMORY = "tidemill.state.memory"
"""How much of a pipeline's state stays in memory (`512 mb`); the rest lies in files."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Settings of one run.

    `epoch_interval_ms` is the shortest time between two commits that write something; it grows
    where commits would take more than `commit_share_max` of the time, or of `commit_share_calm`
    while rows come in small batches: then there is time for it, and results are seen sooner.
    Epochs that show nothing (windows fill, rows are filtered, or sinks are written at once) only
    save work after a crash, so they come every `quiet_epoch_interval_ms`.

    A batch has at most `rows_max` rows, and fewer where they take more than `batch_bytes_max`.

    `gather_ms` is the shortest time between two reads of a source while few records come at a
    time: what a batch costs is the same for one row and for hundreds.
    """

    epoch_interval_ms: int = 10
    quiet_epoch_interval_ms: int = 1_000
    commit_share_max: float = 0.2
    commit_share_calm: float = 0.9
    rows_min: int = 8_192
    rows_max: int = 100_000
    batch_bytes_max: int = 16 << 20
    read_timeout_ms: int = 50
    gather_ms: int = 5
    threads: int = 1
    queued_bytes_max: int = 64 << 20
    staged_bytes_max: int = 64 << 20
    checkpoints_kept: int = 2
    deltas_max: int = 64
    retry_first_ms: int = 100
    retry_longest_ms: int = 10_000
    retries_max: int | None = None


def state_memory_bytes(settings: Mapping[str, str]) -> int | None:
    """What a pipeline's SET allows its state in memory; None: a share of the machine's."""
    given = settings.get(STATE_MEMORY)
    return None if given is None else parse_memory_bytes(given)
