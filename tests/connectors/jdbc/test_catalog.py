"""A Postgres server as a catalog (`CREATE CATALOG ... 'type' = 'jdbc'`), on a real one."""

from __future__ import annotations

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.errors import TidemillError
from tidemill.formats import FORMATS
from tidemill.sql import compile_script
from tidemill.sql.logical import Script

pytestmark = pytest.mark.servers


def script(database, text: str, password: str | None = None) -> Script:
    base = database.url.removesuffix(database.name)
    declared = (
        f"CREATE CATALOG pg WITH ('type' = 'jdbc', 'base-url' = '{base}', "
        f"'default-database' = '{database.name}', 'username' = '{database.user}', "
        f"'password' = '{password or database.password}');\n"
    )
    return compile_script(
        declared + text,
        "t",
        CONNECTORS,
        FORMATS,
        may_be_empty=True,
        reveal=lambda value: value.replace("${secret:pw}", database.password),
    )


@pytest.fixture
def names(database, unique_name):
    table = unique_name("cat")
    database.run(
        f"CREATE TABLE {table} (id bigint PRIMARY KEY, small int2, n numeric(10, 2), any_n numeric,"
        " t text, v varchar(7), c char(3), ok boolean NOT NULL, d date, at timestamp(3),"
        " tz timestamptz, b bytea, f float4, g float8, ints int[], doc jsonb)"
    )
    database.run(f"CREATE SCHEMA {table}_s")
    database.run(f'CREATE VIEW {table}_s."a.b" AS SELECT 1 AS uno')
    yield table
    database.run(f"DROP TABLE {table}; DROP SCHEMA {table}_s CASCADE")


def test_tables_are_found_by_name_with_flinks_types_and_their_key(database, names) -> None:
    found = script(database, f"USE CATALOG pg; DESCRIBE {names}; SHOW TABLES LIKE '{names}%';")
    described, listed = found.listings
    assert [row[:4] for row in described.rows] == [
        ("id", "BIGINT", False, "PRI(id)"),
        ("small", "SMALLINT", True, None),
        ("n", "DECIMAL(10, 2)", True, None),
        ("any_n", "DECIMAL(38, 18)", True, None),
        ("t", "STRING", True, None),
        ("v", "VARCHAR(7)", True, None),
        ("c", "CHAR(3)", True, None),
        ("ok", "BOOLEAN", False, None),
        ("d", "DATE", True, None),
        ("at", "TIMESTAMP(3)", True, None),
        ("tz", "TIMESTAMP_LTZ(6)", True, None),
        ("b", "BYTES", True, None),
        ("f", "FLOAT", True, None),
        ("g", "DOUBLE", True, None),
        ("ints", "ARRAY<INT>", True, None),
        ("doc", "STRING", True, None),
    ]
    assert [row[0] for row in listed.rows] == [names, f"{names}_s.a.b"]


def test_a_table_is_read_written_hinted_and_taken_over_by_like(database, names) -> None:
    path = f"pg.`{database.name}`.{names}"
    found = script(
        database,
        f"INSERT INTO {path} (id, ok) SELECT id + 1, ok FROM {path} /*+ OPTIONS("
        "'scan.fetch-size' = '5') */;\n"
        f"CREATE TABLE copy WITH ('connector' = 'blackhole') LIKE {path} (EXCLUDING OPTIONS);\n"
        f"SELECT uno FROM pg.`{database.name}`.`{names}_s.a.b`;",
    )
    table = found.tables[f"pg.{database.name}.{names}"]
    assert table.primary_key == ("id",)
    assert table.options["table-name"] == f"public.{names}"
    assert found.inserts[0].sink.options["url"] == database.url


def test_a_secret_stays_a_reference_in_what_is_compiled(database, names) -> None:
    found = script(database, f"SELECT id FROM pg.`{database.name}`.{names};", "${secret:pw}")
    options = found.tables[f"pg.{database.name}.{names}"].options
    assert options["password"] == "${secret:pw}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * FROM pg.`{db}`.nothing", "unknown table"),
        ("SELECT * FROM pg.nothing.x", "unknown database"),
        ("USE CATALOG pg; CREATE TABLE x (a INT) WITH ('connector' = 'print')", "server's own"),
        ("USE CATALOG pg; DROP TABLE {table}", "server's own"),
        ("ALTER TABLE pg.`{db}`.{table} SET ('a' = 'b')", "server's own"),
        ("CREATE DATABASE pg.d", "server's own"),
    ],
)
def test_what_a_servers_catalog_refuses(database, names, text: str, message: str) -> None:
    with pytest.raises(TidemillError, match=message) as caught:
        script(database, text.replace("{db}", database.name).replace("{table}", names))
    assert "|" in caught.value.render()


def test_a_server_that_cannot_be_reached_is_an_error_at_the_clause(database) -> None:
    with pytest.raises(TidemillError) as caught:
        script(database, "SHOW TABLES", "wrong")
    assert caught.value.code == "connector.login-refused"
    assert "t:1:19" in str(caught.value.where)
