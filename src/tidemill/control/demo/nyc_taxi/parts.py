"""What is to be loaded: parts of trips, each recorded in the table `trip_load`.

A file given by the user is one part. Generated trips come in parts of so many rows, each going on
in time where the one before ended; a part that was interrupted is finished before a new one is
planned.
Guarantees: a part's rows follow from its record alone, so an interrupted load goes on with exactly
the rows that are missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from tidemill.control.demo.nyc_taxi.generate import STARTS_AT, generate_trips, span
from tidemill.control.demo.nyc_taxi.tlc_file import read_trips
from tidemill.errors import UserError, Where
from tidemill.records import dataclass

GENERATED = "generated, seed {seed}"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its number, where its rows come from, how many there are and how many stand."""

    number: int
    input: str
    rows_total: int
    rows_loaded: int
    starts_at: datetime | None = None


def plan_generated(
    connection: psycopg.Connection[Any], rows: int, seed: int, *, new: bool = True
) -> Part | None:
    """The unfinished part, or a new one of `rows` trips after the last; None with `new` False."""
    source = GENERATED.format(seed=seed)
    last = _last(connection, source)
    if last is not None and last[0].rows_loaded < last[0].rows_total:
        return last[0]
    if not new and last is not None:
        return None
    starts_at = last[1] if last is not None and last[1] is not None else STARTS_AT
    number = last[0].number + 1 if last is not None else 1
    part = Part(number, source, rows, 0, starts_at)
    _record(connection, part, starts_at + span(rows))
    return part


def plan_file(connection: psycopg.Connection[Any], path: Path, rows: int) -> Part:
    """The part that is this file, begun or not."""
    source = fingerprint(path)
    last = _last(connection, source)
    if last is not None:
        return last[0]
    part = Part(1, source, rows, 0)
    _record(connection, part, None)
    return part


def trips_of_part(part: Part, seed: int, folder: Path) -> pa.Table:
    """The rows of a generated part, through a Parquet file as TLC's are."""
    path = folder / f"generated-{part.number:03d}-{part.rows_total}.parquet"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        trips = generate_trips(part.rows_total, seed=seed, starts_at=part.starts_at or STARTS_AT)
        write_whole(path, lambda half: pq.write_table(trips, half))
    return read_trips(path)


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place and rename it, so that a half-written one is never read."""
    half = path.with_name(path.name + ".half")
    write(half)
    half.replace(path)


def fingerprint(path: Path) -> str:
    """A file's name and content, so that another file under the same name is noticed."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{path.name}, sha256 {digest[:16]}"


def _last(connection: psycopg.Connection[Any], source: str) -> tuple[Part, datetime | None] | None:
    row = connection.execute(
        "SELECT part, input, rows_total, rows_loaded, starts_at, ends_at"
        " FROM public.trip_load ORDER BY part DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    if row[1] != source:
        raise UserError(
            f"this folder holds the trips of another input ({row[1]})",
            code="demo.other-input",
            where=Where(table="nyc_taxi"),
            detail=f"The input now is: {source}.",
            hint="Start again with empty tables: add --fresh.",
        )
    return Part(row[0], row[1], row[2], row[3], row[4]), row[5]


def _record(connection: psycopg.Connection[Any], part: Part, ends_at: datetime | None) -> None:
    connection.execute(
        "INSERT INTO public.trip_load (part, input, rows_total, starts_at, ends_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (part.number, part.input, part.rows_total, part.starts_at, ends_at),
    )
    connection.commit()
