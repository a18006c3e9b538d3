"""Checks an engine's output against DuckDB over the same events, before its figure counts."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.inputs import INPUTS
from bench.inputs.rides import FIRST_PICKUP_MS, STEP_MS
from bench.tasks.task import Check, Task

RELATIVE_TOLERANCE = 1e-9


def difference(
    task: Task, event_count: int, output: Path, *, knows_end: bool = True, later_ms: int = 0
) -> str | None:
    """The first difference in words, or None where all rows are right; the task can be checked.

    Args:
        task: what was asked.
        event_count: events of each input.
        output: the committed records, as `read_output` wrote them.
        knows_end: whether the engine saw the end of its input; else rows whose time had not come
            may be missing.
        later_ms: how much later than the watermark demands such an engine gives a row.
    """
    check = task.check
    assert check is not None
    con = duckdb.connect()
    con.execute("SET TimeZone='UTC'")
    _load(con, task, check, event_count, output)
    keys = ", ".join(check.keys)
    twice = con.execute(
        f"SELECT {keys}, count(*) FROM got GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
    )
    if (row := twice.fetchone()) is not None:
        return f"{row[-1]} rows with the same {keys}: {row[:-1]}"
    names = [name for name in con.sql("FROM want").columns if name != "closes_at"]
    missing = "w.present IS NOT NULL AND g.present IS NULL"
    if check.closes_at and not knows_end:
        missing += f" AND w.closes_at <= {_watermark_ms(check, event_count) - later_ms}"
    values = [name for name in names if name not in check.keys]
    unlike = " OR ".join(f"NOT ({_equal(con, name)})" for name in values) or "false"
    present = "(SELECT *, 1 AS present FROM {})"
    join = f"{present.format('want')} AS w FULL JOIN {present.format('got')} AS g USING ({keys})"
    for what, condition in (
        ("is missing", missing),
        ("should not be there", "w.present IS NULL"),
        ("is wrong", f"w.present IS NOT NULL AND g.present IS NOT NULL AND ({unlike})"),
    ):
        count, *first = con.execute(
            f"SELECT count(*), first({{{', '.join(_pair(n, check) for n in names)}}}) "
            f"FROM {join} WHERE {condition}"
        ).fetchone() or (0,)
        if count:
            return f"{count:,} rows: one that {what}: {first[0]}"
    return None


def expected_rows(task: Task, event_count: int, later_ms: int = 0) -> int:
    """How many rows even an engine that sees no end of its input must give."""
    check = task.check
    assert check is not None
    con = duckdb.connect()
    _load_inputs(con, task, event_count)
    due = (
        f"WHERE closes_at <= {_watermark_ms(check, event_count) - later_ms}"
        if check.closes_at
        else ""
    )
    found = con.execute(f"SELECT count(*) FROM ({check.expected}) {due}").fetchone()
    return int((found or (0,))[0])


def _watermark_ms(check: Check, event_count: int) -> int:
    """Where the watermark of a recording stands at its end."""
    return FIRST_PICKUP_MS + (event_count - 1) * STEP_MS - check.closes_ms


def _load(
    con: duckdb.DuckDBPyConnection, task: Task, check: Check, event_count: int, output: Path
) -> None:
    """The tables `want` and `got`."""
    _load_inputs(con, task, event_count)
    con.execute(f"CREATE TABLE want AS {check.expected}")
    columns = {**check.columns, "diff": "BIGINT"}
    if check.final:
        columns |= {"record_key": "VARCHAR", "number": "BIGINT"}
    con.read_json(str(output), format="newline_delimited", columns=columns).create_view("lines")
    # Pathway tells a row's removal as the same row with `diff` -1.
    source = "FROM lines WHERE coalesce(diff, 1) > 0"
    if check.final:
        source += " QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY number DESC) = 1"
    con.execute(f"CREATE VIEW output AS SELECT * {source}")
    con.execute(f"CREATE TABLE got AS {check.compare}")


def _load_inputs(con: duckdb.DuckDBPyConnection, task: Task, event_count: int) -> None:
    for kind in task.inputs:
        INPUTS[kind](0, event_count, con).create(kind)


def _equal(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """The condition that a column has the same value on both sides."""
    same = f"w.{name} IS NOT DISTINCT FROM g.{name}"
    types = dict(zip(con.sql("FROM want").columns, con.sql("FROM want").types, strict=True))
    if str(types[name]) in ("DOUBLE", "FLOAT"):
        close = f"abs(w.{name} - g.{name}) <= {RELATIVE_TOLERANCE} * abs(w.{name})"
        return f"{same} OR coalesce({close}, false)"
    return same


def _pair(name: str, check: Check) -> str:
    """A key, or both values of a column, for the message."""
    return f"{name}: {name}" if name in check.keys else f"{name}: [w.{name}, g.{name}]"
