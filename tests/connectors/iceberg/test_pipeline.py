"""Whole pipelines over Iceberg: into tables, and from there on, bounded and streaming."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidemill.control.reconcile.prove import reconcile
from tidemill.control.run import run
from tidemill.errors import UserError

WITH = """'connector' = 'iceberg', 'catalog-name' = 'lake', 'uri' = 'jdbc:sqlite:catalog.db',
  'warehouse' = 'warehouse'"""
WRITE = f"""
CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '5000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '5000');
CREATE TABLE rows_of_lake (id BIGINT, g STRING) PARTITIONED BY (g) WITH ({WITH});
CREATE TABLE of_group (g STRING, n BIGINT, PRIMARY KEY (g) NOT ENFORCED) WITH ({WITH});
BEGIN STATEMENT SET;
INSERT INTO rows_of_lake SELECT id, CAST(MOD(id, 3) AS STRING) FROM numbers;
INSERT INTO of_group SELECT g, COUNT(*) FROM (
  SELECT CAST(MOD(id, 97) AS STRING) AS g FROM numbers) GROUP BY g HAVING COUNT(*) < 52;
END;
"""
READ = f"""
CREATE TABLE rows_of_lake (g STRING, id BIGINT) WITH ({WITH}, {{more}});
CREATE TABLE out_rows (g STRING, id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{{out}}',
  'format' = 'json');
INSERT INTO out_rows SELECT g, id FROM rows_of_lake WHERE g <> '1';
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tidemill.yaml").write_text("name: p\n")
    return tmp_path


def out(project: Path, name: str) -> list[Any]:
    files = (project / name).rglob("part-*")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_rows_go_into_the_lake_and_out_of_it(project: Path) -> None:
    (project / "write.sql").write_text(WRITE)
    run(str(project / "write.sql"), project)
    (project / "read.sql").write_text(READ.format(more="'streaming' = 'false'", out="batch"))
    run(str(project / "read.sql"), project)
    expected = [i for i in range(1, 5001) if i % 3 != 1]
    assert sorted(row["id"] for row in out(project, "batch")) == expected

    more = (
        "'streaming' = 'true', 'monitor-interval' = '100 ms',"
        " 'starting-strategy' = 'TABLE_SCAN_THEN_INCREMENTAL'"
    )
    (project / "stream.sql").write_text(READ.format(more=more, out="stream"))
    run(str(project / "stream.sql"), project, until="caught-up")
    (project / "more.sql").write_text(WRITE.replace("'1'", "'5001'").replace("'5000'", "'6000'"))
    run(str(project / "more.sql"), project)
    run(str(project / "stream.sql"), project, until="caught-up")
    expected = [i for i in range(1, 6001) if i % 3 != 1]
    assert sorted(row["id"] for row in out(project, "stream")) == expected


def test_without_uri_and_postgres_it_says_so(project: Path) -> None:
    text = WRITE.replace("'uri' = 'jdbc:sqlite:catalog.db',", "")
    (project / "write.sql").write_text(text)
    with pytest.raises(UserError) as unknown:
        run(str(project / "write.sql"), project)
    assert "has its catalog in the project's Postgres" in (unknown.value.hint or "")


def test_what_the_tables_hold_is_what_they_should(project: Path) -> None:
    rows = [{"g": f"é{i % 7}", "v": i} for i in range(100)]
    (project / "in.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (project / "p.sql").write_text(
        "CREATE TABLE e (g STRING, v BIGINT) WITH ('connector' = 'filesystem', 'path' = 'in.json',"
        " 'format' = 'json');"
        f"CREATE TABLE ice (g STRING, n BIGINT, PRIMARY KEY (g) NOT ENFORCED) WITH ({WITH});"
        "CREATE TABLE d (g STRING, v BIGINT) PARTITIONED BY (g) WITH ('connector' = 'delta',"
        " 'table-path' = 'd', 'mode' = 'streaming', 'startingVersion' = 'latest');"
        "BEGIN STATEMENT SET;"
        "INSERT INTO ice SELECT g, COUNT(*) FROM e WHERE v < 90 GROUP BY g HAVING COUNT(*) > 12;"
        "INSERT INTO d SELECT g, v FROM e; END;"
    )
    run(str(project / "p.sql"), project)
    found = reconcile(str(project / "p.sql"), project)
    assert found.agrees, found.as_dict()
    assert {sink.found.rows for sink in found.sinks} == {6, 100}
