"""Pipelines and topics from Python, on a real broker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tidemill as tm
from tidemill.errors import TidemillError
from tidemill.interfaces.service import Endpoint

COLUMNS = "id BIGINT, v STRING"


def kafka(table: str, topic: str, bootstrap: str) -> str:
    return (
        f"CREATE TABLE {table} ({COLUMNS}) WITH ('connector' = 'kafka', 'topic' = '{topic}',"
        f" 'properties.bootstrap.servers' = '{bootstrap}', 'format' = 'json',"
        " 'scan.startup.mode' = 'earliest-offset');"
    )


@pytest.mark.servers
def test_from_a_topic_to_a_topic(
    kafka_endpoint: Endpoint, unique_name: Callable[[str], str], tmp_path: Path
) -> None:
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    source = tm.topic(unique_name("in"), bootstrap=bootstrap).create(partitions=2)
    target = tm.topic(unique_name("out"), bootstrap=bootstrap)
    assert source.write({"id": i, "v": f"row {i}"} for i in range(50)) == 50
    assert source.name in tm.topics(bootstrap=bootstrap)
    session = tm.Session(_project(tmp_path, unique_name("p")))
    session.sql(kafka("s", source.name, bootstrap) + kafka("o", target.name, bootstrap))
    pipeline = session.table("s").where(tm.col("id") % 2 == 0).to("o", name="even")
    assert pipeline.check() == ()
    assert "s" in pipeline.explain()

    result = pipeline.run("caught-up")
    assert (result.progress.rows_in, result.progress.rows_out) == (50, 25)
    with pipeline.start() as running:  # it goes on where the last run stopped
        source.write([json.dumps({"id": 100, "v": "late"}), {"id": 101, "v": "odd"}])
        running.wait_for_rows(26)
        assert "rows_out=26" in repr(running)
        assert running.running
    assert not running.running
    values = target.values(100)
    assert sorted(r["id"] for r in values) == [*range(0, 50, 2), 100]
    assert len(target.head(5)) == len(target.tail(5)) == 5
    assert json.loads(target.tail(1).rows()[0]["value"])["id"] == 100
    assert len(source.sample(10)) <= 10
    for topic in (source, target):
        topic.delete()


def test_from_a_file(tmp_path: Path) -> None:
    root = _project(tmp_path)
    text = """
CREATE TABLE s (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '7');
CREATE TABLE o (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO o SELECT n FROM s;
"""
    file = root / "pipelines" / "seven.sql"
    file.write_text(text)
    for pipeline in (tm.Pipeline.from_file(file), tm.Pipeline.from_file("seven", project=root)):
        assert (pipeline.name, str(pipeline)) == ("seven", text)
    result = tm.run(file)
    assert result.progress.rows_out == 7
    parts = [part for part in (root / "out").iterdir() if part.is_file()]
    lines = [line for part in parts for line in part.read_text().splitlines()]
    assert len(lines) == 7


def test_several_inserts_advance_together(tmp_path: Path) -> None:
    session = tm.Session(_project(tmp_path))
    numbers = session.table("numbers", [{"n": i} for i in range(10)])
    for name in ("low", "high"):
        session.sql(
            f"CREATE TABLE {name} (n BIGINT) WITH ('connector' = 'filesystem', 'format' = 'json',"
            f" 'path' = '{tmp_path / name}')"
        )
    pipeline = session.pipeline(
        f"INSERT INTO low {numbers.where('n < 3').sql}",
        f"INSERT INTO high {numbers.where('n >= 3').sql}",
        name="split",
    )
    assert pipeline.run().progress.rows_out == 10
    assert pipeline.write(tmp_path).read_text() == pipeline.sql


def test_errors_come_to_the_caller(tmp_path: Path) -> None:
    session = tm.Session(_project(tmp_path))
    with pytest.raises(TidemillError) as caught:
        session.pipeline("INSERT INTO nowhere SELECT 1", name="bad").start()
    assert caught.value.code.startswith("sql.")


def _project(folder: Path, name: str = "api") -> Path:
    (folder / "pipelines").mkdir()
    (folder / "pipelines" / "one.sql").write_text(
        "CREATE TABLE t (x INT) WITH ('connector' = 'print');"
    )
    (folder / "tidemill.yaml").write_text(f"name: {name}\npipelines: [pipelines/*.sql]\n")
    return folder
