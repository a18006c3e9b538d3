"""Are the results right? All of them computed again in one batch, by DuckDB over the topics.

Guarantees: a reading, a minute, a response to a click, or a session that is missing, doubled or has
any other value is found, and a click that no second of processing time counted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.json

from tidemill.control.demo.model import Comparison
from tidemill.control.demo.rows import compare_tables, sink_rows, topic_rows
from tidemill.control.topics import Cluster, read_topic
from tidemill.records import dataclass

READING = pa.schema(
    [
        ("reading_id", pa.int64()), ("device_id", pa.string()), ("measured", pa.string()),
        ("event_time", pa.string()),
    ]
)  # fmt: skip
CLICK = pa.schema(
    [
        ("click_id", pa.int64()), ("user_id", pa.int64()), ("device_id", pa.string()),
        ("action", pa.string()), ("event_time", pa.string()),
    ]
)  # fmt: skip
_OUT = {
    "readings_enriched": pa.schema(
        [
            ("reading_id", pa.int64()), ("device_id", pa.string()), ("kind", pa.string()),
            ("model", pa.string()), ("measured", pa.float64()), ("event_time", pa.string()),
        ]
    ),
    "readings_per_minute": pa.schema(
        [
            ("window_start", pa.string()), ("site", pa.string()), ("kind", pa.string()),
            ("readings", pa.int64()), ("total", pa.float64()), ("lowest", pa.float64()),
            ("highest", pa.float64()),
        ]
    ),
    "click_responses": pa.schema(
        [
            ("click_id", pa.int64()), ("user_id", pa.int64()), ("device_id", pa.string()),
            ("reading_id", pa.int64()), ("measured", pa.float64()), ("seconds_after", pa.int64()),
        ]
    ),
}  # fmt: skip
SINKS = ("minute_table", "sessions_table", "metrics_table")
_COMPARED = (
    ("readings with kind and model, by lookup", "expected_enriched", "readings_enriched"),
    ("minutes per site, by the version of their time", "expected_minute", "readings_per_minute"),
    ("the same in Postgres", "expected_minute", "minute_table"),
    ("readings within two minutes of a set target", "expected_response", "click_responses"),
    ("finished sessions of users", "expected_session", "sessions_table"),
    ("clicks counted by processing time", "expected_metric", "metric_sum"),
)


@dataclass(frozen=True, slots=True)
class Due:
    """How many rows there are to be: of each kind of output, by its name."""

    minutes: int
    sessions: int
    responses: int
    enriched: int
    clicks: int


class Batch:
    """Everything computed again, from the messages that stood in the topics when it was made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._readings = topic_rows(folder, "device_readings", READING)
        self._clicks = topic_rows(folder, "clicks", CLICK)
        self._changes = device_changes(folder)

    def due(self) -> Due:
        """How many rows are to come out."""
        with self._computed() as connection:
            return Due(
                minutes=_count(connection, "expected_minute"),
                sessions=_count(connection, "expected_session"),
                responses=_count(connection, "expected_response"),
                enriched=_count(connection, "expected_enriched"),
                clicks=self._clicks.num_rows,
            )

    def verify(self, pipeline: str, topics: Mapping[str, pa.Table]) -> tuple[Comparison, ...]:
        """Compare what a pipeline has written to topics, or streams, and to its tables."""
        sinks = sink_rows(self._folder, pipeline, SINKS)
        with self._computed() as connection:
            for name, rows in {**topics, **sinks}.items():
                connection.register(name, rows)
            connection.execute(
                "CREATE TEMP TABLE metric_sum AS SELECT sum(clicks)::BIGINT AS clicks"
                " FROM metrics_table"
            )
            return tuple(compare_tables(connection, *names) for names in _COMPARED)

    def facts(self, pipeline: str) -> Mapping[str, Any]:
        """The numbers that are shown."""
        sinks = sink_rows(self._folder, pipeline, SINKS)
        with self._computed() as connection:
            connection.register("metrics_table", sinks["metrics_table"])
            connection.register("minute_table", sinks["minute_table"])
            delays = connection.sql(
                "SELECT min(mean_delay_ms), median(mean_delay_ms), max(most_delay_ms)"
                " FROM metrics_table"
            ).fetchall()[0]
            changes = connection.sql(
                "SELECT count(*) FROM device_change WHERE device_id <> '~clock'"
            ).fetchall()[0]
            sites = connection.sql(
                "SELECT site, sum(readings)::BIGINT, round(sum(total) / sum(readings), 2)::DOUBLE"
                " FROM minute_table WHERE kind = 'thermostat' GROUP BY site ORDER BY site"
            ).fetchall()
        return {
            "readings": self._readings.num_rows,
            "clicks": self._clicks.num_rows,
            "device_versions": changes[0],
            "click_delay_ms": {"least": delays[0], "median": delays[1], "most": delays[2]},
            "thermostats": [{"site": site, "readings": n, "mean": mean} for site, n, mean in sites],
        }

    @contextmanager
    def _computed(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect()
        try:
            connection.register("reading_text", self._readings)
            connection.register("click_text", self._clicks)
            connection.register("device_change", self._changes)
            connection.execute(
                "CREATE TEMP TABLE reading AS SELECT * REPLACE (measured::DECIMAL(8, 2) AS"
                " measured, event_time::TIMESTAMP AS event_time) FROM reading_text"
            )
            connection.execute(
                "CREATE TEMP TABLE click AS SELECT * REPLACE (event_time::TIMESTAMP AS event_time)"
                " FROM click_text"
            )
            script = (self._folder / "sql" / "verify.sql").read_text()
            for statement in connection.extract_statements(script):
                connection.execute(statement.query)
            yield connection
        finally:
            connection.close()


def written_topics(folder: Path) -> dict[str, pa.Table]:
    """What the pipeline on Kafka has written to its topics."""
    return {topic: topic_rows(folder, topic, schema) for topic, schema in _OUT.items()}


def rows_of_stream(stream: str, messages: Sequence[bytes]) -> pa.Table:
    """The rows of a stream's messages, as `written_topics` gives those of the topic."""
    if not messages:
        return _OUT[stream].empty_table()
    options = pyarrow.json.ParseOptions(explicit_schema=_OUT[stream])
    return pyarrow.json.read_json(io.BytesIO(b"\n".join(messages)), parse_options=options)


def device_changes(folder: Path) -> pa.Table:
    """The versions of the devices, as Debezium reported them."""
    rows = []
    for record in read_topic(Cluster(folder), "iot.public.devices"):
        after = json.loads(record.value)["after"] if record.value is not None else None
        if after is not None:
            rows.append(
                {
                    "position": record.offset,
                    "device_id": after["device_id"],
                    "kind": after["kind"],
                    "model": after["model"],
                    "site": after["site"],
                    "calibration": after["calibration"],
                    "updated_ms": after["updated_at"],
                }
            )
    schema = pa.schema(
        [
            ("position", pa.int64()), ("device_id", pa.string()), ("kind", pa.string()),
            ("model", pa.string()), ("site", pa.string()), ("calibration", pa.string()),
            ("updated_ms", pa.int64()),
        ]
    )  # fmt: skip
    table = pa.Table.from_pylist(rows, schema)
    with duckdb.connect() as connection:
        connection.register("change", table)
        found: pa.Table = connection.sql(
            "SELECT position, device_id, kind, model, site, calibration::DECIMAL(6, 2) AS"
            " calibration, make_timestamp(updated_ms * 1000) AS updated_at FROM change"
        ).to_arrow_table()
    return found


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = connection.table(table).aggregate("count(*)").fetchall()
    return int(count)
