"""The tables that pipelines declare: queried, compacted, expired by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidemill.cli import main
from tidemill.control.lake.query import query_lake
from tidemill.control.run import run
from tidemill.errors import ConnectorError, UsageError, UserError

PIPELINE = """
CREATE TABLE numbers (id BIGINT, name AS CONCAT('é', CAST(id AS STRING))) WITH (
  'connector' = 'datagen', 'number-of-rows' = '10', 'fields.id.kind' = 'sequence',
  'fields.id.start' = '1', 'fields.id.end' = '10');
CREATE TABLE ice (id BIGINT, name STRING) WITH ('connector' = 'iceberg', 'catalog-name' = 'c',
  'uri' = 'jdbc:sqlite:catalog.db', 'warehouse' = 'warehouse');
CREATE TABLE `Delta é` (id BIGINT, name STRING) WITH ('connector' = 'delta',
  'table-path' = 'delta');
BEGIN STATEMENT SET;
INSERT INTO ice SELECT * FROM numbers;
INSERT INTO `Delta é` SELECT * FROM numbers;
END;
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tidemill.yaml").write_text("name: p\npipelines: [one.sql, two.sql, broken.sql]\n")
    (tmp_path / "one.sql").write_text(PIPELINE)
    (tmp_path / "two.sql").write_text(PIPELINE.replace("'1'", "'11'").replace("'10'", "'20'"))
    (tmp_path / "broken.sql").write_text("SELECT delta FROM nothing")
    (tmp_path / "lake.yaml").write_text(
        "views: {joined: SELECT * FROM ice JOIN 'Delta é' USING (id)}"
    )
    text = "views: {joined: 'SELECT * FROM ice JOIN \"Delta é\" USING (id)'}"
    (tmp_path / "lake.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main.run([*words])
    return code, json.loads(capsys.readouterr().out)


def test_tables_are_asked_and_kept_small(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConnectorError, match="does not exist"):
        query_lake("SELECT * FROM ice", project)
    with pytest.raises(ConnectorError, match="does not exist"):
        query_lake("SELECT * FROM joined", project)
    for pipeline in ("one", "two"):
        run(pipeline, project)
    rows = query_lake("SELECT id FROM ice WHERE name LIKE 'é1%' ORDER BY id", project).as_dicts()
    assert [row["id"] for row in rows] == [1, *range(10, 20)]
    asked = 'SELECT count(*) AS n, sum(a.id) AS s FROM "Delta é" a JOIN "Delta é" b USING (id)'
    assert query_lake(asked, project).as_dicts() == [{"n": 20, "s": 210}]
    assert query_lake("SELECT count(*) AS n FROM joined", project).as_dicts() == [{"n": 20}]
    with pytest.raises(UserError, match="is one SELECT"):
        query_lake("DELETE FROM ice", project)

    code, done = command(capsys, "lake", "compact", "ice", "--json")
    assert (code, done["files_before"], done["files_after"]) == (0, 2, 1)
    code, done = command(capsys, "lake", "compact", str(project / "delta"), "--json")
    assert (code, done["files_before"], done["files_after"]) == (0, 2, 1)
    code, done = command(
        capsys, "lake", "expire", "ice", "--older-than", "0 s", "--orphans", "--json"
    )
    assert (code, done["versions"]) == (0, 2)
    code, done = command(capsys, "lake", "expire", "Delta é", "--older-than", "0 s", "--json")
    assert (code, done["files"]) == (0, 2)
    assert query_lake("SELECT count(*) AS n FROM joined", project).as_dicts() == [{"n": 20}]


def test_what_is_no_table_is_said(project: Path) -> None:
    from tidemill.control.lake.maintenance import compact_table, expire_table

    with pytest.raises(UserError, match="declares an Iceberg or Delta table `icy`") as unknown:
        compact_table("icy", project)
    assert unknown.value.hint == "Did you mean `ice`?"
    with pytest.raises(UsageError, match="--older-than takes a duration"):
        expire_table("ice", project, older_than="soon")
