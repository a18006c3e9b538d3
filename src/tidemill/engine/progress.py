"""What a running engine tells about itself, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tidemill.engine.epoch_stats import EpochStats
from tidemill.engine.observation import Observation
from tidemill.engine.times import EngineTimes
from tidemill.interfaces.history import HistoryProof
from tidemill.interfaces.schema_change import SchemaChanges
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A picture of one moment; counts since the pipeline first started.

    `watermarks_us` holds, by source table, its watermark in epoch microseconds (None: none yet);
    `holders_us` each active partition's. `lag` counts records known to wait in the stores.
    `counters` is the whole row accounting (see `engine.counters`). `last_rejected` is why the last
    row that could not be processed since this start could not be, as `code: message`.
    `operator_state_bytes` is by operator id, as `explain` shows them; spilled state counts too.
    """

    state: str
    epoch: int
    records: int
    rows_in: int
    rows_out: int
    skipped: int
    filtered: int
    late: int
    dead_letters: int
    retractions: int
    lag: int | None
    watermarks_us: Mapping[str, int | None]
    holders_us: Mapping[str, Mapping[str, int]]
    state_bytes: int
    rows_in_per_s: float
    rows_out_per_s: float
    commit_ms: float
    checkpoint_bytes: int
    restarts: int
    last_error: str | None
    counters: Mapping[str, int] = field(default_factory=dict)
    histories: Mapping[str, HistoryProof] = field(default_factory=dict)
    """Where the history of each table that has one stands, as of the last batch."""
    schema_changes: Mapping[str, SchemaChanges] = field(default_factory=dict)
    """Changes of a source table's columns or key that reading went on behind, by table."""
    lags: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Records that wait in each partition of a source, where it says so."""
    in_hand: Mapping[str, int] = field(default_factory=dict)
    """Those of them, by table, that are being worked through; they count as read in `counters`."""
    epochs: EpochStats = field(default_factory=EpochStats)
    times: EngineTimes = field(default_factory=EngineTimes)
    last_rejected: str | None = None
    operator_state_bytes: Mapping[str, int] = field(default_factory=dict)
    observed: Observation | None = None
    """Where event time stands and what waits for it; None before the first session."""
