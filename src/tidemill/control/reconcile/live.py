"""A sink compared with the table that it is a copy of, at one place in the log, while both change.

The source is read in one snapshot, whose place in the log is known. Where the sink does not hold
the same already, it is read in one snapshot once the pipeline has come there, and ranges of the
key are compared by sums that each server computes itself. What changed after that place is looked
at again until it is settled.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tidemill.connectors.jdbc.connection import Login
from tidemill.connectors.jdbc.keyed_sums import Key, KeyedRow, KeyedSums, KeyRange
from tidemill.connectors.jdbc.options import parse as parse_jdbc
from tidemill.connectors.postgres_cdc.options import parse as parse_cdc
from tidemill.control.reconcile.bisect import Bisected, bisect
from tidemill.control.reconcile.compare import SHOWN_MAX, Differences, Sums
from tidemill.control.reconcile.passed import Passed
from tidemill.control.reconcile.settle import Settled, settle
from tidemill.errors import UserError, Where
from tidemill.model import Column, Schema, TableDescriptor, TypeRoot
from tidemill.model.lsn import lsn_text

WAIT_S = 60.0
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
    columns = tuple(column for column in sink.schema.columns if column.name in there)
    names = [column.name for column in columns if column.type.root in _ORDERED]
    if not sink.primary_key or not set(sink.primary_key) <= set(names):
        raise UserError(
            f"`{sink.name}` has no PRIMARY KEY by which its rows and those of `{source.name}` can "
            "be put in order",
            code="reconcile.not-live",
            hint="Declare the key under the same names on both, of a type that is exact.",
        )
    return columns


def keyed(table: TableDescriptor, columns: Sequence[Column], key: tuple[str, ...]) -> KeyedSums:
    """The table, opened as its connector does; UserError where it is not in Postgres."""
    connector = table.options["connector"]
    narrowed = replace(table, schema=Schema(tuple(columns)), primary_key=key)
    if connector == "jdbc":
        options = parse_jdbc(table)
        return KeyedSums(Login.of(options), options, narrowed, columns)
    if connector == "postgres-cdc":
        cdc = parse_cdc(table)
        return KeyedSums(cdc.login, cdc.source, narrowed, columns)
    raise UserError(
        f"`{table.name}` is of connector `{connector}`, whose rows cannot be summed up in parts",
        code="reconcile.not-live",
        where=Where(table=table.name),
        hint="Tables of jdbc and postgres-cdc can be. Or let the pipeline catch up, and compare "
        "without --live.",
    )


def compare_live(
    source: KeyedSums, sink: KeyedSums, passed: Passed, wait_s: float
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
    settled: Settled, columns: Sequence[Column], key: tuple[str, ...]
) -> Differences:
    """The rows that differ, as `compare` says them; values are Postgres's texts."""
    names = [column.name for column in columns]
    missing, unexpected, different = [], [], []
    for at, (source, sink) in sorted(settled.differ.items()):
        if sink is None and source is not None:
            missing.append(dict(zip(names, source.values, strict=True)))
        elif source is None and sink is not None:
            unexpected.append(dict(zip(names, sink.values, strict=True)))
        elif source is not None and sink is not None:
            different.append(_pairs(at, source, sink, names, key))
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


def _pairs(
    at: Key, source: KeyedRow, sink: KeyedRow, names: Sequence[str], key: tuple[str, ...]
) -> dict[str, Any]:
    values = zip(names, source.values, sink.values, strict=True)
    changed = {name: (one, two) for name, one, two in values if one != two}
    return {**dict(zip(key, at, strict=True)), **changed}


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
