"""Expectations on rows inside a stream: count them, set rows aside, or stop.

A clean batch costs one query. A row counts for every expectation that it misses and is set aside
once, for the first of them in the suite's order that says so. Where one row of a change is set
aside, the other stands for itself, as behind any filter.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Mask, widen
from tidemill.engine.counters import Counters
from tidemill.engine.isolate import BadRow
from tidemill.engine.kernel import Kernel
from tidemill.engine.pairs import standing_alone
from tidemill.errors import EngineError, Where
from tidemill.plan.physical import KIND, ROW, RowCheck, RowChecks, wide
from tidemill.records import dataclass

CODE = "quality.unexpected-row"


@dataclass(frozen=True, slots=True)
class Unmet:
    """What a batch's rows miss: those that are set aside, and the first that stops the job."""

    aside: tuple[BadRow, ...] = ()
    stop: tuple[int, RowCheck] | None = None

    def alive(self, rows: int) -> Mask:
        """Which rows of the batch go on."""
        mask: Mask = np.ones(rows, np.bool_)
        mask[[row.index for row in self.aside]] = False
        return mask


def unmet(
    checks: RowChecks, kernel: Kernel, counters: Counters, node: str, table: pa.Table
) -> Unmet:
    """Look at a batch with the columns `c0`, ..., and count."""
    rows = widen(table)
    counts = kernel.run(checks.counts, wide(node), rows).to_pylist()[0]
    for i, check in enumerate(checks.checks):
        counters.add(f"check.{check.name}.elements", counts[f"n{i}"])
        counters.add(f"check.{check.name}.unexpected", counts[f"u{i}"])
    acting = [
        i for i, check in enumerate(checks.checks) if check.action != "warn" and counts[f"u{i}"]
    ]
    if not acting:
        return Unmet()
    found = kernel.run(checks.rows, wide(node), rows).sort_by(ROW)
    index = found.column(ROW).to_numpy()
    missed = {i: found.column(f"u{i}").to_numpy() for i in acting}
    stops = [(int(index[missed[i]][0]), i) for i in acting if checks.checks[i].action == "stop"]
    if stops:
        row, i = min(stops)
        return Unmet(stop=(row, checks.checks[i]))
    reasons: dict[int, BadRow] = {}
    for i in acting:
        for row in index[missed[i]].tolist():
            reasons.setdefault(row, BadRow(row, CODE, checks.checks[i].reason))
    return Unmet(tuple(reasons[row] for row in sorted(reasons)))


def without(table: pa.Table, alive: Mask) -> pa.Table:
    """The rows that go on, with the kinds that are right without the others."""
    if KIND in table.column_names:
        place = table.column_names.index(KIND)
        kinds = standing_alone(table.column(KIND).to_numpy(), alive)
        table = table.set_column(place, table.schema.field(place), pa.array(kinds, pa.int8()))
    return table.filter(pa.array(alive))


def stopped(check: RowCheck, row: str, where: Where) -> EngineError:
    """The error of a row that must not be there."""
    return EngineError(
        f"a row misses an expectation: {check.reason}",
        code=CODE,
        where=where,
        detail=f"The row: {row}",
        hint="Mend the row or the expectation, or let it say `action: dead-letter`; the next run "
        "goes on where this one stopped.",
    )
