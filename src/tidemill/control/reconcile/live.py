"""A sink compared with the table that it is a copy of, at one place in the log, while both change.

The protocol, the same for every sink and both ways of capture:

1. The source is read in one snapshot. Its place is `lsn`, the end of the log taken right behind it:
   what the snapshot sees is committed before. Nobody waits for the writers, nor they for us.
2. The state of the sink is taken, and both are summed up. Equal sums end the comparison here: then
   the sink holds what the source held at `lsn`, however far the pipeline has told to be.
3. Else we wait until the pipeline has an epoch that is committed in its sinks and that holds
   everything before `lsn` (`passed`), and take the state of the sink anew: a snapshot in Postgres,
   a version of a lake's table, a topic up to its end as of then with the newest row of each key,
   files, or keys of Redis (`sides`, `copied`). It is as of `lsn` or of a place behind it, never
   before. So a row that was not written behind `lsn` must be equal.
4. Ranges of the key are compared by sums of checksums, and those that differ are cut down to rows
   (`bisect`). Postgres sums up its own rows, DuckDB those of a sink that was read.
5. The rows found are those that differ, and those that were written behind `lsn`. Each is looked at
   on both sides until it is settled (`settle`): it agrees where the sink is seen with values that
   the source had between a look at it and the look at the sink; it differs where the source kept
   its version over a look at a sink that had everything before it, twice. What is neither after
   some rounds is no agreement either: it is told.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tidemill.connectors.jdbc.keyed_sums import KeyedRow, KeyRange
from tidemill.control.reconcile.bisect import Bisected, bisect
from tidemill.control.reconcile.compare import SHOWN_MAX, Differences, Sums
from tidemill.control.reconcile.passed import Passed
from tidemill.control.reconcile.portable import shown
from tidemill.control.reconcile.settle import Settled, settle
from tidemill.control.reconcile.side import Side
from tidemill.errors import UserError
from tidemill.model import Column, TableDescriptor, TypeRoot
from tidemill.model.lsn import lsn_text

WAIT_S = 60.0
ROWS = "(rows)"
"""Beside the columns of a row: how many of it a sink holds, where that is not one."""
_POLL_S = 0.1
_ORDERED = frozenset(
    {
        TypeRoot.BOOLEAN, TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT,
        TypeRoot.DECIMAL, TypeRoot.CHAR, TypeRoot.VARCHAR, TypeRoot.BINARY, TypeRoot.VARBINARY,
        TypeRoot.DATE, TypeRoot.TIME, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ,
    }
)  # fmt: skip


def compared_columns(sink: TableDescriptor, source: TableDescriptor) -> tuple[Column, ...]:
    """The sink's columns that the source has; UserError where the key cannot be matched."""
    there = source.schema.physical().names
    columns = tuple(column for column in sink.schema.physical().columns if column.name in there)
    names = [column.name for column in columns if column.type.root in _ORDERED]
    if not sink.primary_key or not set(sink.primary_key) <= set(names):
        raise UserError(
            f"`{sink.name}` has no PRIMARY KEY by which its rows and those of `{source.name}` can "
            "be put in order",
            code="reconcile.not-live",
            hint="Declare the key under the same names on both, of a type that is exact.",
        )
    return columns


def compare_live(
    source: Side, sink: Side, passed: Passed, wait_s: float
) -> tuple[int, Bisected, Settled]:
    """The place in the log, what was found there, and what is left of it."""
    source.begin()
    lsn = source.lsn
    sink.begin()
    (of_source,), (of_sink,) = source.sums(KeyRange()), sink.sums(KeyRange())
    if of_source != of_sink:
        # What is on its way would differ, too.
        sink.end()
        _wait(passed, lsn, wait_s)
        sink.begin()
        (of_sink,) = sink.sums(KeyRange())
    found = bisect(source, sink, of_source, of_sink)
    source.end()
    sink.end()
    return lsn, found, settle(source, sink, found.keys, passed, wait_s)


def as_differences(
    settled: Settled, columns: Sequence[Column], key: tuple[str, ...], *, portable: bool
) -> Differences:
    """The rows that differ, as `compare` says them; values are texts.

    Args:
        settled: the rows.
        columns: their columns.
        key: the names of the key's columns.
        portable: whether values are portable texts, and not as Postgres writes them.
    """

    def row_of(row: KeyedRow) -> dict[str, Any]:
        pairs = zip(columns, row.values, strict=True)
        return {c.name: shown(text, c.type) if portable else text for c, text in pairs}

    missing, unexpected = list[dict[str, Any]](), list[dict[str, Any]]()
    different = list[dict[str, Any]]()
    for at, (source, sink) in sorted(settled.differ.items()):
        if source is None or sink is None:
            only = source or sink
            assert only is not None
            found = row_of(only) | ({ROWS: only.times} if only.times != 1 else {})
            (missing if sink is None else unexpected).append(found)
            continue
        one, two = row_of(source), row_of(sink)
        changed = {name: (one[name], two[name]) for name in one if one[name] != two[name]}
        if source.times != sink.times:
            changed[ROWS] = (source.times, sink.times)
        different.append({**dict(zip(key, at, strict=True)), **changed})
    return Differences(
        len(missing), len(unexpected), len(different),
        tuple(missing[:SHOWN_MAX]), tuple(unexpected[:SHOWN_MAX]), tuple(different[:SHOWN_MAX]),
    )  # fmt: skip


def as_sums(found: Bisected) -> tuple[Sums, Sums]:
    """Rows and checksum of both sides, as of their snapshots."""
    one, two = (
        Sums(side.rows, f"{side.checksum % (1 << 64):016x}") for side in (found.left, found.right)
    )
    return one, two


def notes_of(sink: str, lsn: int, found: Bisected, settled: Settled) -> list[str]:
    """What was read, and which rows nobody can judge."""
    said = [
        f"{sink}: compared at {lsn_text(lsn)} by the sums of {found.ranges:,} ranges and "
        f"{found.rows_read:,} rows; {settled.looked_again:,} rows were looked at again"
    ]
    if settled.unsettled:
        keys = ", ".join("/".join(key) for key in settled.unsettled[:SHOWN_MAX])
        said.append(
            f"{sink}: {len(settled.unsettled):,} rows change all the time and could not be "
            f"compared: {keys}"
        )
    return said


def _wait(passed: Passed, lsn: int, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while not passed(lsn):
        if time.monotonic() > deadline:
            raise UserError(
                f"the pipeline `{passed.name}` has not come to {lsn_text(lsn)} within "
                f"{wait_s:,.0f} s",
                code="reconcile.not-through",
                hint="Does it run, and its connector? See `tidemill status` and `tidemill cdc "
                "status`. Wait longer: --wait-s",
            )
        time.sleep(_POLL_S)
