"""What readers of the sinks see, as bags of rows; and what DuckDB says they should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from tidemill.model import Batch
from tidemill.testing.simulation.log import Log, Logs
from tidemill.testing.simulation.pipelines import DEAD
from tidemill.testing.simulation.scenarios import Scenario
from tidemill.testing.simulation.sinks import Store

Bags: TypeAlias = dict[str, "Counter[tuple[Any, ...]]"]

_DEAD_COLUMNS = ("table", "stage", "code", "partition", "position", "value")
_ADDS = (1, -1, 1, -1)
"""What a row of each kind adds to the bag: +I, -U, +U, -D."""


def bags(stores: Iterable[Store]) -> tuple[Bags, dict[str, int], list[str]]:
    """The rows of each table, how many were written to it, and what was withdrawn but never there.

    A changelog is applied in the order of commits.
    """
    found: Bags = {}
    written: Counter[str] = Counter()
    wrong: list[str] = []
    for store in stores:
        complaints: list[str] = [] if store.at_once else wrong
        for table, batch in store.writes:
            written[table] += len(batch)
            _apply(table, batch, found.setdefault(table, Counter()), complaints)
    return {table: +bag for table, bag in found.items() if +bag}, dict(written), wrong


def _apply(table: str, batch: Batch, bag: Counter[tuple[Any, ...]], wrong: list[str]) -> None:
    rows = batch.rows.select(_DEAD_COLUMNS) if table == DEAD else batch.rows
    columns = [column.to_pylist() for column in rows.columns]
    if batch.kinds is None:
        bag.update(zip(*columns, strict=True))
        return
    for kind, row in zip(batch.kinds.to_pylist(), zip(*columns, strict=True), strict=True):
        bag[row] += _ADDS[kind]
        if bag[row] < 0:
            wrong.append(f"{table} withdraws {row}, which it does not hold")


def difference(
    wanted: Bags, found: Bags, repeating: frozenset[str] = frozenset(), ordered: bool = False
) -> list[str]:
    """How two results differ, a line a table.

    Args:
        wanted: the rows of each table that should be there.
        found: those that are.
        repeating: tables where a row that should be there may be there more often.
        ordered: whether rows depend on the order of reading, so that what was read in vain may
            have given other ones into the repeating tables.
    """
    lines = []
    for table in sorted(wanted.keys() | found.keys()):
        want, have = wanted.get(table, Counter()), found.get(table, Counter())
        lost, more = want - have, have - want
        if table in repeating:
            more = (
                Counter() if ordered else Counter({r: n for r, n in more.items() if r not in want})
            )
        if lost:
            lines.append(f"{table}: {lost.total()} rows lost, such as {next(iter(lost))}")
        if more:
            lines.append(f"{table}: {more.total()} rows too many, such as {next(iter(more))}")
    return lines


def at_least_once(stores: Iterable[Store]) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that may hold rows twice; and those of them that are changelogs.

    A changelog whose end is repeated cannot be applied without keys: nothing is known of it.
    """
    writes = [w for store in stores if store.at_once for w in store.writes]
    tables = {table for store in stores if store.at_once for table in store.tables}
    return frozenset(tables), frozenset(t for t, batch in writes if batch.kinds is not None)


def of_duckdb(scenario: Scenario, logs: Logs) -> Bags:
    """What DuckDB computes over the whole input at once, for the sinks that have a query."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    try:
        for table, parts in logs.items():
            connection.register(table, pa.concat_tables(_good(log) for log in parts.values()))
        answers = {
            table: connection.execute(query).fetchall() for table, query in scenario.truth.items()
        }
    finally:
        connection.close()
    return {table: Counter(rows) for table, rows in answers.items() if rows}


def _good(log: Log) -> pa.Table:
    """The rows that can be decoded; those of a changelog with their weight `w`."""
    table = pa.Table.from_batches([log.rows])
    if log.kinds is not None:
        weights = [_ADDS[kind] for kind in log.kinds.to_pylist()]
        table = table.append_column("w", pa.array(weights, pa.int32()))
    gone = log.poison | log.skipped
    return table.filter(pa.array([i not in gone for i in range(len(table))], pa.bool_()))
