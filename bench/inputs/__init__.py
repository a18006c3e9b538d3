"""The recorded inputs, one file each: every event is a function of its number, so a recording is
always the same and can be made in pieces."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from bench.inputs.changes import changes
from bench.inputs.payments import payments
from bench.inputs.rides import rides, visits
from bench.nexmark.events import events as nexmark_events

Input = Callable[[int, int, duckdb.DuckDBPyConnection], duckdb.DuckDBPyRelation]

INPUTS: dict[str, Input] = {
    "rides": rides,
    "visits": visits,
    "payments": payments,
    "changes": changes,
    "nexmark": nexmark_events,
}
"""Rows `low` to `high` of an endless sequence, as columns; a record is one row as JSON."""
