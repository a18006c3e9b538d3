"""Small batches of one table as one, on their way to a sink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidemill.engine.batches import joined
from tidemill.model import Batch

ROWS_TOGETHER = 100_000


def together(writes: Sequence[tuple[str, Batch]]) -> list[tuple[str, Batch]]:
    """The same rows in fewer batches: small ones of a table become one, in their order.

    A source that trickles makes hundreds of small batches an epoch. Each would be a table of the
    checkpoint and a call of the sink, on a thread that gets its turn from the compute thread, so
    that a commit took ten times as long (docs/decisions/0007-short-epochs.md).
    """
    tables: dict[str, list[Batch]] = {}
    for table, batch in writes:
        tables.setdefault(table, []).append(batch)
    return [(table, joined(run)) for table, batches in tables.items() for run in _runs(batches)]


def _alike(one: Batch, other: Batch) -> bool:
    both = (one.kinds is None) == (other.kinds is None)
    return both and one.rows.schema.equals(other.rows.schema)


def _runs(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Neighbours that are to be one batch: of one form, up to `ROWS_TOGETHER` rows."""
    run: list[Batch] = []
    rows = 0
    for batch in batches:
        if run and (not _alike(run[0], batch) or rows + len(batch) > ROWS_TOGETHER):
            yield run
            run, rows = [], 0
        run.append(batch)
        rows += len(batch)
    if run:
        yield run
