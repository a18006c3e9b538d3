"""An Iceberg catalog by CREATE CATALOG: tables are declared in it, made, found by name, read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.control.run import run
from tidemill.errors import TidemillError
from tidemill.formats import FORMATS
from tidemill.sql import compile_script
from tidemill.sql.logical import Script

COLUMNS = (
    "id BIGINT, zone STRING, paid DECIMAL(10, 2), moment TIMESTAMP(3), ok BOOLEAN, "
    "tags ARRAY<STRING>, f FLOAT, d DATE, r ROW<a INT, b STRING>, m MAP<STRING, INT>, b BYTES, "
    "PRIMARY KEY (id) NOT ENFORCED"
)


def catalog(folder: Path, **more: str) -> str:
    options = {
        "type": "iceberg", "catalog-name": "lake", "uri": f"jdbc:sqlite:{folder / 'catalog.db'}",
        "warehouse": str(folder / "warehouse"), **more,
    }  # fmt: skip
    pairs = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
    return f"CREATE CATALOG lake WITH ({pairs});\n"


def script(text: str) -> Script:
    return compile_script(text, "t", CONNECTORS, FORMATS, may_be_empty=True)


def write(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.sql"
    path.write_text(text)
    return str(path)


def test_a_table_is_declared_made_found_by_name_and_read(tmp_path: Path) -> None:
    made = f"""{catalog(tmp_path)}
      CREATE DATABASE IF NOT EXISTS lake.shop;
      CREATE TABLE IF NOT EXISTS lake.shop.trips ({COLUMNS}) PARTITIONED BY (zone);
      CREATE TABLE given (id BIGINT, zone STRING) WITH
        ('connector' = 'filesystem', 'path' = '{tmp_path}/given.json', 'format' = 'json');
      INSERT INTO lake.shop.trips (id, zone) SELECT id, zone FROM given;"""
    (tmp_path / "given.json").write_text('{"id": 1, "zone": "a"}\n{"id": 2, "zone": "b"}\n')
    run(write(tmp_path, "fill", made))

    found = script(f"{catalog(tmp_path)} USE lake.shop; SHOW TABLES; DESCRIBE trips;")
    listed, described = found.listings
    assert [row[0] for row in listed.rows] == ["trips"]
    assert [row[:4] for row in described.rows] == [
        ("id", "BIGINT", False, "PRI(id)"),
        ("zone", "STRING", True, None),
        ("paid", "DECIMAL(10, 2)", True, None),
        ("moment", "TIMESTAMP(6)", True, None),
        ("ok", "BOOLEAN", True, None),
        ("tags", "ARRAY<STRING>", True, None),
        ("f", "FLOAT", True, None),
        ("d", "DATE", True, None),
        ("r", "ROW<`a` INT, `b` STRING>", True, None),
        ("m", "MAP<STRING NOT NULL, INT>", True, None),
        ("b", "BYTES", True, None),
    ]
    read = f"""{catalog(tmp_path, **{"default-database": "shop"})} USE CATALOG lake;
      CREATE TEMPORARY TABLE seen (id BIGINT, zone STRING) WITH
        ('connector' = 'filesystem', 'path' = '{tmp_path}/seen', 'format' = 'json');
      INSERT INTO seen SELECT id, zone FROM trips WHERE zone = 'b';"""
    run(write(tmp_path, "read", read))
    parts = list((tmp_path / "seen").glob("part-*"))
    assert [json.loads(line) for p in parts for line in p.read_text().splitlines()] == [
        {"id": 2, "zone": "b"}
    ]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("SELECT * FROM lake.shop.nothing;", "sql.unknown-database", "shop"),
        ("DROP TABLE lake.`default`.t;", "sql.unknown-table", "t"),
        ("CREATE VIEW lake.`default`.v AS SELECT 1;", "sql.not-supported", "server's own"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(TidemillError) as raised:
        script(catalog(tmp_path) + text)
    assert raised.value.code == code
    assert said in raised.value.render()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"uri": "jdbc:sqlite:here.db"}, "connector.bad-option"),
        ({"uri": "jdbc:mysql://x/y"}, "connector.bad-option"),
        ({"catalog-type": "hive"}, "connector.bad-option"),
        ({"colour": "blue"}, "sql.bad-option"),
    ],
)
def test_bad_options_are_refused_where_they_stand(
    tmp_path: Path, options: dict[str, str], code: str
) -> None:
    with pytest.raises(TidemillError) as raised:
        script(catalog(tmp_path, **options))
    assert raised.value.code == code
    assert "t:1:" in raised.value.render()
