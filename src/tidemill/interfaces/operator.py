"""A stateful piece of the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from tidemill.records import dataclass


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

    What is stateless before it (projections, filters, the partial aggregation of one batch) has
    run already, fused into one query, so `add` gets rows in the operator's own form.

    Called: from the compute thread only; `restore` at most once, before anything else; then `add`
    and `advance` in the order of the stream; `delta` at each epoch, between two batches.
    Guarantees: any split of the same rows into batches, and any restore in between, gives the same
    output rows and the same state.
    Non-guarantees: an order of output rows beyond what the operator's own page says.
    """

    def add(self, partials: pa.Table) -> Sequence[pa.Table] | None:
        """Take one batch; return what it lets out at once, if anything."""
        ...

    def advance(self, watermark_us: int) -> Sequence[pa.Table]:
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
