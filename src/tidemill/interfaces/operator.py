"""A stateful piece of the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from tidemill.model import Batch


@dataclass(frozen=True, slots=True)
class StateDelta:
    """What changed in an operator's state since its last delta, as named Arrow tables.

    `base` True: the tables are the whole state, and earlier deltas are not needed any more.
    """

    base: bool
    tables: dict[str, pa.Table]
    meta: dict[str, str]


class Operator(Protocol):
    """One stateful operator of a running plan.

    Called from the compute thread only: `restore` at most once, before anything else; then `process`
    and `advance` in the order of the stream; `delta` at each epoch, between two batches.
    Law: any split of the same rows into batches, and any restore in between, gives the same output
    rows and the same state.
    """

    def process(self, batch: Batch, late_from_us: pa.Int64Array | None) -> Sequence[Batch]:
        """Take rows; return what they let out at once.

        `late_from_us` carries, per row, the event-time watermark (epoch microseconds) that stood
        before the row arrived; None where the input has no watermark.
        """
        ...

    def advance(self, watermark_us: int) -> Sequence[Batch]:
        """Event time has reached `watermark_us` (epoch microseconds); return what that lets out."""
        ...

    def delta(self) -> StateDelta | None:
        """What changed since the last call; None where nothing did."""
        ...

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild the state from a base and the deltas after it, oldest first."""
        ...

    def state_bytes(self) -> int:
        """Size of the state in bytes."""
        ...
