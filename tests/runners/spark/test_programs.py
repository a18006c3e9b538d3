"""Programs for Spark: what they say, and what is refused, without any Spark."""

from __future__ import annotations

import ast

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.errors import UserError
from tidemill.formats import FORMATS
from tidemill.runners.spark import SparkProgram, spark_program
from tidemill.sql import compile_script

FILES = "'connector' = 'filesystem', 'path' = 'in', 'format' = 'json'"
TRIPS = f"""CREATE TABLE trips (
  id INT, zone STRING, fare DOUBLE, d DECIMAL(10, 2), m MAP<STRING, INT>, t TIME, `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ({FILES});
CREATE TABLE zones (zone STRING, name STRING) WITH ({FILES});
"""
OUT = "WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');\n"


def program(
    query: str, columns: str, stream: bool = False, sink: str = OUT, **more: object
) -> SparkProgram:
    text = f"{TRIPS}CREATE TABLE done ({columns}) {sink}INSERT INTO done {query};"
    script = compile_script(text, "pipeline.sql", CONNECTORS, FORMATS)
    unbounded = frozenset(("trips",)) if stream else frozenset()
    made = spark_program(script, "test", unbounded=unbounded, **more)  # type: ignore[arg-type]
    ast.parse(made.text)
    return made


def test_windows_are_spark_windows() -> None:
    text = program(
        "SELECT zone, window_start, COUNT(*) FROM TABLE(HOP(TABLE trips, DESCRIPTOR(`at`), "
        "INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY zone, window_start, window_end",
        "zone STRING, s TIMESTAMP(3), n BIGINT",
    ).text
    assert "'5 minutes'" in text
    assert "'1 minute'" in text
    assert "window.start" in text
    assert "TIME" not in text.split("spark.read")[1].split(")")[0].replace("TIMESTAMP", "")


def test_a_stream_has_watermark_checkpoint_and_append_mode() -> None:
    made = program(
        "SELECT zone, window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(`at`), "
        "INTERVAL '1' MINUTE)) GROUP BY zone, window_start, window_end",
        "zone STRING, s TIMESTAMP(3), n BIGINT",
        stream=True,
    )
    assert made.streaming
    assert '.withWatermark("at", "5 seconds")' in made.text
    assert "spark.readStream" in made.text
    assert '.outputMode("append")' in made.text
    assert 'f"{CHECKPOINTS}/done"' in made.text


def test_references_become_environment_variables() -> None:
    made = program(
        "SELECT zone FROM zones",
        "zone STRING",
        written={"out": "${var:folder}/o{ut}", "in": "${env:IN:-here}"},
    )
    assert made.variables == {"FOLDER": "var:folder", "IN": "env:IN:-here"}
    assert 'f"{FOLDER}/o{{ut}}"' in made.text
    assert 'IN = os.environ.get("IN", "here")' in made.text


def test_division_fails_where_flink_fails() -> None:
    text = program("SELECT id / id, id / 2 FROM trips", "a INT, b INT").text
    assert "raise_error('division by zero')" in text
    assert text.count("raise_error('division") == 1


@pytest.mark.parametrize(
    ("query", "columns", "stream", "message", "line"),
    [
        ("SELECT t IS NULL FROM trips", "b BOOLEAN", False, "the type TIME", 7),
        ("SELECT INITCAP(zone) FROM trips", "z STRING", False, "INITCAP(STRING)", 7),
        ("SELECT TRY_CAST(zone AS DOUBLE) FROM trips", "z DOUBLE", False, "TRY_CAST", 7),
        ("SELECT FLOOR(fare) FROM trips", "z DOUBLE", False, "FLOOR(DOUBLE)", 7),
        ("SELECT UUID() FROM trips", "z STRING", False, "UUID()", 7),
        ("SELECT fare, COUNT(*) FROM trips GROUP BY fare", "f DOUBLE, n BIGINT", False,
         "GROUP BY DOUBLE", 7),
        ("SELECT LISTAGG(zone) FROM trips", "z STRING", False, "LISTAGG(STRING)", 7),
        ("SELECT zone FROM trips ORDER BY id LIMIT 3", "z STRING", True, "ORDER BY or LIMIT", 7),
        ("SELECT zone, COUNT(*) FROM trips GROUP BY zone", "z STRING, n BIGINT", True,
         "GROUP BY without a window", 7),
        ("SELECT DISTINCT zone FROM trips", "z STRING", True, "GROUP BY without a window", 7),
        ("SELECT window_start, COUNT(DISTINCT id) FROM TABLE(TUMBLE(TABLE trips, "
         "DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
         "s TIMESTAMP(3), n BIGINT", True, "COUNT(DISTINCT ...) over a stream", 7),
        ("SELECT window_start, COUNT(*) FROM TABLE(CUMULATE(TABLE trips, DESCRIPTOR(`at`), "
         "INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end",
         "s TIMESTAMP(3), n BIGINT", False, "CUMULATE", 7),
        ("SELECT a.zone FROM trips a JOIN trips b ON a.zone = b.zone", "z STRING", True,
         "without bounds of time", 7),
    ],
)  # fmt: skip
def test_refusals_have_name_and_place(
    query: str, columns: str, stream: bool, message: str, line: int
) -> None:
    with pytest.raises(UserError) as refused:
        program(query, columns, stream)
    assert refused.value.code == "runner.not-on-spark"
    assert message in refused.value.message
    assert refused.value.where is not None
    assert refused.value.where.line == line  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sink", "message"),
    [
        ("WITH ('connector' = 'print');\n", "the connector print"),
        ("WITH ('connector' = 'filesystem', 'path' = 'o', 'format' = 'csv');\n", "format csv"),
    ],
)
def test_sinks_that_are_not_there_are_refused(sink: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        program("SELECT zone FROM zones", "zone STRING", sink=sink)
