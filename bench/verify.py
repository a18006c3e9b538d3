"""Checks an engine's output against DuckDB over the same events, before its figure counts."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

from bench.tasks import Task
from bench.topic import events

RELATIVE_TOLERANCE = 1e-9


def difference(task: Task, event_count: int, output: Path) -> str | None:
    """The first difference in words, or None where all rows are equal; the task can be checked."""
    assert task.expected is not None and task.compare is not None
    con = duckdb.connect()
    con.sql("SET TimeZone='UTC'")
    input_rows = events(0, event_count, con)
    expected = con.sql(task.expected.replace("FROM events", "FROM input_rows")).fetchall()
    del input_rows
    lines = con.read_json(
        str(output), format="newline_delimited", convert_strings_to_integers=False
    )
    con.register("output", lines)
    got = con.sql(
        task.compare.replace("window_start,", "CAST(window_start AS VARCHAR),", 1)
    ).fetchall()
    if len(expected) != len(got):
        return f"{len(expected):,} rows expected, {len(got):,} found"
    for number, (want, have) in enumerate(zip(expected, got, strict=True)):
        if not all(_equal(a, b) for a, b in zip(want, have, strict=True)):
            return f"row {number:,}: expected {want}, found {have}"
    return None


def _equal(want: object, have: object) -> bool:
    if isinstance(want, float) and isinstance(have, (int, float)):
        return math.isclose(want, float(have), rel_tol=RELATIVE_TOLERANCE)
    if isinstance(want, str):
        return str(have)[: len(want)] == want
    return want == have
