"""The stream half: new patients into Postgres, and the model's prediction for each of them.

Two pipelines run meanwhile, each in a thread: `merge` (changes to `sink_diabetes`) and `predict`.
Guarantees: a patient is inserted once, over any number of interruptions; it ends when each patient
has a prediction or, where a needed key is missing, a dead letter; an error of a pipeline is raised.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pyarrow as pa
from psycopg import sql

from tidemill.control.demo.diabetes.data import COLUMNS, NEEDED
from tidemill.control.demo.model import ProgressEvent, Reporter
from tidemill.control.demo.pipeline import PipelineThread
from tidemill.control.demo.postgres import connect
from tidemill.control.topics import Cluster, create_topic, list_topics
from tidemill.errors import ComponentError, TidemillError, Where
from tidemill.interfaces.service import Endpoint
from tidemill.records import dataclass

CHANGES = "diabetes_cdc.public.diabetes_new"
MERGED = "diabetes_cdc.public.sink_diabetes"
DEAD_LETTERS = "merge.dead-letter"
PIPELINES = ("merge", "predict")
STUCK_S = 90.0
TICK_S = 0.2
CHUNK_ROWS = 50

_FEATURES = tuple(name for _, name, _ in COLUMNS if name != "outcome")
_INSERT = sql.SQL(
    "INSERT INTO public.diabetes_new (patient_id, {}, ward, device, entered_by) VALUES ({})"
    " ON CONFLICT (patient_id) DO NOTHING"
).format(
    sql.SQL(", ").join(map(sql.Identifier, _FEATURES)),
    sql.SQL(", ").join([sql.Placeholder()] * (len(_FEATURES) + 4)),
)
_COMPLETE = sql.SQL("num_nulls({}) = 0").format(sql.SQL(", ").join(map(sql.Identifier, NEEDED)))
_STATE = sql.SQL(
    "SELECT count(*), count(*) FILTER (WHERE NOT ({complete})),"
    " count(p.patient_id) FILTER (WHERE {complete}) FROM public.diabetes_new"
    " LEFT JOIN public.diabetes_prediction p USING (patient_id)"
).format(complete=_COMPLETE)


@dataclass(frozen=True, slots=True)
class Streamed:
    """What came of a run: patients inserted by it, all of them, the incomplete, the predicted."""

    inserted: int
    patients: int
    incomplete: int
    predicted: int
    dead_letters: int


def create_topics(folder: Path) -> None:
    """Make the topics, one partition each, so that the pipelines can start before the first row."""
    cluster = Cluster(folder)
    there = {topic.name for topic in list_topics(cluster)}
    for topic in (CHANGES, MERGED):
        if topic in there:
            continue
        try:
            create_topic(cluster, topic, partitions=1, replication=1, settings={})
        except TidemillError:
            # The connector may have made it in this moment.
            if topic not in {t.name for t in list_topics(cluster)}:
                raise


def stream(
    folder: Path, database: Endpoint, new: pa.Table, rate: int | None, reporter: Reporter
) -> Streamed:
    """Insert those of `new` that are not there yet, and wait until each is accounted for."""
    threads = [PipelineThread(folder, name) for name in PIPELINES]
    with connect(database, autocommit=True) as connection:
        try:
            for thread in threads:
                thread.start()
            return _follow(connection, threads, new, rate, reporter)
        finally:
            for thread in threads:
                thread.stop()


def _follow(
    connection: psycopg.Connection[tuple[int, ...]],
    threads: list[PipelineThread],
    new: pa.Table,
    rate: int | None,
    reporter: Reporter,
) -> Streamed:
    there = {number for (number,) in connection.execute("SELECT patient_id FROM diabetes_new")}
    rows = [row for row in new.to_pylist() if row["patient_id"] not in there]
    inserted, begun_at = 0, time.monotonic()
    moved_at, last = begun_at, (-1, -1)
    while True:
        for thread in threads:
            if thread.error is not None:
                raise thread.error
        due = len(rows) if rate is None else int((time.monotonic() - begun_at + TICK_S) * rate)
        chunk = rows[inserted : min(due, inserted + CHUNK_ROWS)]
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, [_values(row) for row in chunk])
        inserted += len(chunk)
        merged = threads[0].progress()
        letters = merged.dead_letters if merged is not None else 0
        patients, incomplete, predicted = _state(connection)
        now = Streamed(inserted, patients, incomplete, predicted, letters)
        reporter(_event(now, len(rows) - inserted, merged.rows_in if merged else 0, begun_at))
        done = predicted == patients - incomplete and letters >= incomplete
        if inserted == len(rows) and merged is not None and done:
            return now
        if chunk or (predicted, letters) != last:
            moved_at, last = time.monotonic(), (predicted, letters)
        if time.monotonic() - moved_at > STUCK_S:
            raise _stuck(now)
        if not chunk or rate is not None:
            time.sleep(TICK_S)


def _state(connection: psycopg.Connection[tuple[int, ...]]) -> tuple[int, int, int]:
    row = connection.execute(_STATE).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def _values(row: dict[str, float | int | None]) -> list[object]:
    """A patient as the application would insert it; the last three columns interest nobody."""
    number = int(row["patient_id"] or 0)
    measured = [row[name] for name, ours, _ in COLUMNS if ours != "outcome"]
    return [number, *measured, "ABCD"[number % 4], f"device-{number % 7}", f"nurse-{number % 5}"]


def _event(now: Streamed, to_come: int, rows_in: int, begun_at: float) -> ProgressEvent:
    seconds = time.monotonic() - begun_at
    return ProgressEvent(
        inserted=now.patients,
        inserted_target=now.patients + to_come,
        rows_in=rows_in,
        rows_out=now.predicted,
        filtered=0,
        late=0,
        rejected=now.dead_letters,
        lag=max(0, now.patients - rows_in),
        watermark=None,
        rows_per_s=now.inserted / max(seconds, 0.001),
        seconds=seconds,
    )


def _stuck(now: Streamed) -> ComponentError:
    return ComponentError(
        f"nothing has moved for {STUCK_S:.0f} s: {now.predicted} predictions and "
        f"{now.dead_letters} dead letters for {now.patients} patients",
        code="demo.stuck",
        where=Where(pipeline="merge", topic=CHANGES),
        hint="Look at the connector: tidemill logs connect. Nothing is lost: the next run of the "
        "demo goes on.",
    )


def record_outcomes(database: Endpoint, new: pa.Table) -> int:
    """What became of the patients, as far as it is known and not recorded yet; how many."""
    rows = [
        (row["patient_id"], row["Outcome"]) for row in new.to_pylist() if row["Outcome"] is not None
    ]
    with connect(database) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO public.diabetes_outcome SELECT %s, %s ON CONFLICT (patient_id) DO NOTHING",
            rows,
        )
        return cursor.rowcount
