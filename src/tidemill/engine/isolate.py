"""One bad row must not stop the others: run a fused query and set aside the rows that break it.

The query runs as it is. Only when it raises does a second query, which computes each level inside
TRY, name the offending rows; they are taken out, each gets the message of its own failure, and the
rest goes through. So a clean stream pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Mask, StageBatch, widen
from tidemill.engine.kernel import Kernel
from tidemill.errors import CATALOGUE, EngineError, Where
from tidemill.plan.physical import ROW, FusedStage, wide
from tidemill.records import dataclass

Run = Callable[[pa.Table], pa.Table]

MESSAGES_MAX = 100
"""Rows of one batch whose message is asked for one by one; the others share the last one's."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that makes a query raise: its index in the batch, a declared code, and why."""

    index: int
    code: str
    message: str


def run_isolated(
    kernel: Kernel, query: str, probe: str, node: str, batch: StageBatch, numbered: bool = False
) -> tuple[pa.Table, StageBatch, list[BadRow]]:
    """The query's rows, the batch without the bad rows, and the bad rows.

    `numbered` queries read the wide relation.
    """

    def run(table: pa.Table) -> pa.Table:
        if numbered:
            return kernel.run(query, wide(node), widen(table))
        return kernel.run(query, node, table)

    try:
        return run(batch.table), batch, []
    except duckdb.Error as error:
        failure = error
    bad = find_bad_rows(kernel, run, probe, node, batch.table)
    if not bad:
        raise query_failed(failure, node) from failure
    mask: Mask = np.ones(len(batch), dtype=np.bool_)
    mask[[row.index for row in bad]] = False
    kept = batch.keep(mask)
    try:
        return run(kept.table), kept, bad
    except duckdb.Error as error:
        raise query_failed(error, node) from error


def edge_rows(kernel: Kernel, edge: FusedStage, table: pa.Table) -> pa.Table:
    """What an edge's query gives for a batch; raises duckdb.Error."""
    if edge.numbered or edge.pairs:
        return kernel.run(edge.query, wide(edge.input), widen(table))
    return kernel.run(edge.query, edge.input, table)


def passing_rows(
    kernel: Kernel, edge: FusedStage, batch: StageBatch
) -> tuple[np.ndarray, StageBatch, list[BadRow]]:
    """Indexes (in the batch without its bad rows) of the rows that pass an edge's filters."""
    _, kept, bad = run_isolated(
        kernel, edge.query, edge.probe, edge.input, batch, edge.numbered or edge.pairs
    )
    passing = kernel.run(edge.passing, wide(edge.input), widen(kept.table))
    return np.unique(passing.column(ROW).to_numpy()), kept, bad


def find_bad_rows(kernel: Kernel, run: Run, probe: str, node: str, table: pa.Table) -> list[BadRow]:
    """The rows that make the query behind `run` raise, in their order."""
    try:
        found = kernel.run(probe, wide(node), widen(table)).column(ROW).to_pylist()
    except duckdb.Error:
        found = bisect(run, table, 0)
    bad: list[BadRow] = []
    reason = ("engine.bad-row", "an expression cannot be computed for the row")
    for index in sorted(found):
        if len(bad) < MESSAGES_MAX:
            reason = _reason(run, table.slice(index, 1)) or reason
        bad.append(BadRow(index, *reason))
    return bad


def bisect(run: Run, table: pa.Table, start: int) -> list[int]:
    """The slow way to the bad rows, for queries that cannot be probed (such as with UUID())."""
    try:
        run(table)
    except duckdb.Error:
        if table.num_rows <= 1:
            return [start] if table.num_rows else []
        half = table.num_rows // 2
        left = bisect(run, table.slice(0, half), start)
        return left + bisect(run, table.slice(half), start + half)
    return []


def _reason(run: Run, row: pa.Table) -> tuple[str, str] | None:
    try:
        run(row)
    except duckdb.Error as error:
        return describe(error)
    return None


def describe(error: duckdb.Error) -> tuple[str, str]:
    """A declared code and one line for DuckDB's error."""
    first = str(error).split("\n", 1)[0].strip()
    own = re.search(r"\[((?:engine)\.[a-z-]+)\] *(.*)", first)
    if own and own.group(1) in CATALOGUE:
        return own.group(1), own.group(2) or CATALOGUE[own.group(1)]
    _, _, message = first.partition(": ")
    message = (message or first)[:1].lower() + (message or first)[1:]
    return _code(error), message


def _code(error: duckdb.Error) -> str:
    kinds: Sequence[tuple[type[duckdb.Error], str]] = (
        (duckdb.ConversionException, "engine.bad-cast"),
        (duckdb.OutOfRangeException, "engine.out-of-range"),
        (duckdb.InvalidInputException, "engine.invalid-argument"),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), "engine.bad-row")


def query_failed(error: duckdb.Error, node: str) -> EngineError:
    """The error for a failure that no row explains."""
    return EngineError(
        f"a fused query failed: {describe(error)[1]}",
        code="engine.query-failed",
        where=Where(operator=node),
        detail=str(error),
        hint="This is a limit of the engine; `explain` shows the query.",
    )
