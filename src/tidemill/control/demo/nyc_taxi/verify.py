"""Is every inserted row accounted for, and every window right? Asked of the servers themselves.

The pipeline is written a second time, as SQL over the Postgres table (`sql/verify.sql` of the
example), and compared with what came out: the windows in Postgres, the windows in Kafka and the
cleaned rows in Kafka, the topics read with `read_committed`. The engine's own counters are compared
too.
Guarantees: a row lost or doubled anywhere between the table and the three outputs, or a window with
any other value (average distance: beyond 1e-9 relative), is found and shown.
Non-guarantees: rows changed or deleted by hand after their window closed count as differences;
rows inserted by hand by several sessions at once may reach the change topic in another order than
their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg import sql

from tidemill.errors import VerificationError, Where
from tidemill.records import dataclass

SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Outputs:
    """What came out beside the Postgres table: the messages of the two sink topics."""

    clean_values: Iterable[bytes]
    window_values: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the engine counted over the pipeline's whole life."""

    rows_in: int
    clean_out: int
    windows_out: int
    late: int
    dead_letters: int


@dataclass(frozen=True, slots=True)
class Verification:
    """The account of all inserted rows, and what differs (nothing, if all is well)."""

    inserted: int
    filtered: int
    late: int
    in_closed_windows: int
    in_open_windows: int
    dead_letters: int
    windows: int
    watermark: datetime | None
    rows_missing: tuple[str, ...] = ()
    windows_differ: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return not self.rows_missing and not self.windows_differ

    def raise_if_different(self) -> None:
        """Raise VerificationError where anything differs."""
        if self.ok:
            return
        lines = (*self.rows_missing, *self.windows_differ)
        code = "demo.windows-differ" if self.windows_differ else "demo.rows-missing"
        raise VerificationError(
            f"the results differ from SQL over the table: {lines[0]}",
            code=code,
            where=Where(pipeline="nyc_taxi", table="public.nyc_taxi"),
            detail="\n".join(lines),
            hint="Rows that were changed by hand after their window closed show here as well; "
            "`--fresh` starts again with empty tables. Otherwise this is a bug: please report it.",
        )


def verify(
    connection: psycopg.Connection[Any],
    script: Path,
    variables: Mapping[str, str],
    outputs: Outputs,
    counted: Counted | None,
) -> Verification:
    """Compare all outputs with SQL over the table; differences are in the result, not raised."""
    with connection.transaction(force_rollback=True):
        psycopg.ClientCursor(connection).execute(script.read_bytes(), variables)
        _copy_clean(connection, outputs.clean_values)
        _copy_windows(connection, outputs.window_values)
        fates = dict(
            connection.execute("SELECT fate, count(*) FROM row_fate GROUP BY fate").fetchall()
        )
        windows, watermark = _one(
            connection,
            "SELECT (SELECT count(*) FROM expected_window),"
            " (SELECT max(watermark_now) FROM row_fate)",
        )
        rows_missing = [
            *_clean_differences(connection),
            *_count_differences(fates, windows, counted),
        ]
        windows_differ = [
            *_window_differences(connection, "public", "zone_window"),
            *_window_differences(connection, "pg_temp", "topic_window"),
        ]
    return Verification(
        inserted=sum(fates.values()),
        filtered=fates.get("filtered", 0),
        late=fates.get("late", 0),
        in_closed_windows=fates.get("closed", 0),
        in_open_windows=fates.get("open", 0),
        dead_letters=counted.dead_letters if counted else 0,
        windows=windows,
        watermark=watermark,
        rows_missing=tuple(rows_missing),
        windows_differ=tuple(windows_differ),
    )


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(query.encode()).fetchone() or ()
    return row


_Message = TypeVar("_Message")


class _Clean(msgspec.Struct):
    id: int
    total_amount: float | str


def _copy_clean(connection: psycopg.Connection[Any], values: Iterable[bytes]) -> None:
    connection.execute("CREATE TEMPORARY TABLE topic_clean (id bigint, total_amount numeric)")
    decoder = msgspec.json.Decoder(_Clean)
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY topic_clean (id, total_amount) FROM STDIN") as copy,
    ):
        for value in values:
            row = _decode(decoder, value, "nyc_taxi.sink.datastream")
            copy.write_row((row.id, row.total_amount))


class _Window(msgspec.Struct):
    window_start: str
    window_end: str
    zone_id: int
    trips: int
    passengers: int | None
    revenue: float | str | None
    avg_distance: float | None


def _copy_windows(connection: psycopg.Connection[Any], values: Iterable[bytes]) -> None:
    connection.execute("CREATE TEMPORARY TABLE topic_window (LIKE public.zone_window)")
    decoder = msgspec.json.Decoder(_Window)
    with connection.cursor() as cursor, cursor.copy("COPY topic_window FROM STDIN") as copy:
        for value in values:
            row = _decode(decoder, value, "nyc_taxi.sink_window.datastream")
            copy.write_row(msgspec.structs.astuple(row))


def _decode(decoder: msgspec.json.Decoder[_Message], value: bytes, topic: str) -> _Message:
    try:
        return decoder.decode(value)
    except msgspec.DecodeError as error:
        raise VerificationError(
            f"a message of {topic} is not what the pipeline of this example writes",
            code="demo.rows-missing",
            where=Where(pipeline="nyc_taxi", topic=topic),
            detail=f"{error}: {value[:200].decode('utf-8', 'replace')}",
            hint="Where the pipeline was changed on purpose, run it with `tidemill run` instead; "
            "the demo checks the results of the example as it is.",
        ) from None


def _clean_differences(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT coalesce(e.id, t.id), coalesce(t.copies, 0), e.id IS NOT NULL,"
        "  e.total_amount, t.total_amount, count(*) OVER ()"
        " FROM (SELECT id, total_amount FROM row_fate WHERE fate <> 'filtered') e"
        " FULL JOIN (SELECT id, count(*) AS copies, min(total_amount) AS total_amount"
        "            FROM topic_clean GROUP BY id) t USING (id)"
        " WHERE e.id IS NULL OR t.id IS NULL OR t.copies <> 1"
        "    OR e.total_amount <> t.total_amount ORDER BY 1 LIMIT %s",
        (SHOWN_MAX,),
    ).fetchall()
    if not rows:
        return []
    shown = []
    for row_id, copies, wanted, expected, found, _ in rows:
        if not wanted:
            shown.append(f"row {row_id} is there and should not be")
        elif copies != 1:
            shown.append(f"row {row_id} is there {copies} times, not once")
        else:
            shown.append(f"row {row_id} has total_amount {found}, not {expected}")
    return [f"nyc_taxi.sink.datastream: {rows[0][-1]} rows differ; " + "; ".join(shown)]


def _count_differences(
    fates: Mapping[str, int], windows: int, counted: Counted | None
) -> list[str]:
    if counted is None:
        return []
    inserted = sum(fates.values())
    pairs = (
        ("rows in", counted.rows_in, inserted),
        ("cleaned rows out", counted.clean_out, inserted - fates.get("filtered", 0)),
        ("windows out", counted.windows_out, windows),
        ("rows late", counted.late, fates.get("late", 0)),
        ("dead letters", counted.dead_letters, 0),
    )
    return [
        f"the engine counted {found:,} {what}, SQL over the table {expected:,}"
        for what, found, expected in pairs
        if found != expected
    ]


def _window_differences(connection: psycopg.Connection[Any], schema: str, table: str) -> list[str]:
    shown_name = "Postgres zone_window" if schema == "public" else "nyc_taxi.sink_window.datastream"
    query = sql.SQL(
        "SELECT coalesce(e.window_start, f.window_start), coalesce(e.zone_id, f.zone_id),"
        "  CASE WHEN e.zone_id IS NULL THEN NULL"
        "    ELSE concat_ws(', ', e.trips, e.passengers, e.revenue, e.avg_distance) END,"
        "  CASE WHEN f.zone_id IS NULL THEN NULL"
        "    ELSE concat_ws(', ', f.trips, f.passengers, f.revenue, f.avg_distance) END,"
        "  coalesce(f.copies, 0), count(*) OVER ()"
        " FROM expected_window e FULL JOIN ("
        "   SELECT *, count(*) OVER (PARTITION BY window_start, zone_id) AS copies FROM {}) f"
        " ON e.window_start = f.window_start AND e.zone_id = f.zone_id"
        " WHERE e.zone_id IS NULL OR f.zone_id IS NULL OR f.copies <> 1"
        "   OR e.window_end IS DISTINCT FROM f.window_end"
        "   OR e.trips IS DISTINCT FROM f.trips OR e.passengers IS DISTINCT FROM f.passengers"
        "   OR e.revenue IS DISTINCT FROM f.revenue OR f.avg_distance IS NULL"
        "   OR abs(e.avg_distance - f.avg_distance) > 1e-9 * greatest(abs(e.avg_distance), 1e-300)"
        " ORDER BY 1, 2 LIMIT {}"
    ).format(sql.Identifier(schema, table), sql.Literal(SHOWN_MAX))
    rows = connection.execute(query).fetchall()
    if not rows:
        return []
    shown = []
    for start, zone, expected, found, copies, _ in rows:
        if copies > 1:
            shown.append(f"zone {zone} at {start} is there {copies} times")
        elif found is None:
            shown.append(f"zone {zone} at {start} is missing; it should be ({expected})")
        elif expected is None:
            shown.append(f"zone {zone} at {start} is there ({found}) and should not be")
        else:
            shown.append(f"zone {zone} at {start} is ({found}), not ({expected})")
    return [f"{shown_name}: {rows[0][-1]} windows differ; " + "; ".join(shown)]
