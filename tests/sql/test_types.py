"""Types of literals and expressions, and the grammar of types, as Flink 2.3 itself reports them."""

from __future__ import annotations

import pytest

from tidemill.errors import SqlError
from tidemill.sql.binder.columns import type_of_text

TABLES = """
CREATE TABLE trips (
  vendor_id INT, fare DOUBLE, note STRING, place ROW<z INT, city STRING NOT NULL>,
  ts TIMESTAMP(3), l TIMESTAMP_LTZ(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
CREATE TABLE ltz (id INT, l TIMESTAMP_LTZ(3), WATERMARK FOR l AS l)
WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
CREATE TABLE ts0 (id INT, l TIMESTAMP(0), WATERMARK FOR l AS l)
WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
"""

QUERIES = {
    "SELECT 1, 2147483648, 1.50, 0.05, .5, 5., 1e0, 'abc', '', TRUE, -5, x'1F', 00012":
        "INT NOT NULL | BIGINT NOT NULL | DECIMAL(3, 2) NOT NULL | DECIMAL(3, 2) NOT NULL | "
        "DECIMAL(1, 1) NOT NULL | INT NOT NULL | DOUBLE NOT NULL | CHAR(3) NOT NULL | "
        "CHAR(0) NOT NULL | BOOLEAN NOT NULL | INT NOT NULL | BINARY(1) NOT NULL | INT NOT NULL",
    "SELECT DATE '2024-01-01', TIME '10:00:00', TIMESTAMP '2024-01-01 00:00:00'":
        "DATE NOT NULL | TIME(0) NOT NULL | TIMESTAMP(0) NOT NULL",
    "SELECT TIMESTAMP '2024-01-01 00:00:00.123', TIME '10:00:00.123', TIMESTAMP '2024-1-1 0:0:0'":
        "TIMESTAMP(3) NOT NULL | TIME(3) NOT NULL | TIMESTAMP(0) NOT NULL",
    "SELECT TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-01 00:00:00.1234560'":
        "TIMESTAMP(0) NOT NULL | TIMESTAMP(7) NOT NULL",
    "SELECT ts + INTERVAL '1' WEEK, ts + INTERVAL 500 MINUTE, ts - INTERVAL -5 MINUTE FROM trips":
        "TIMESTAMP(3) | TIMESTAMP(3) | TIMESTAMP(3)",
    "SELECT INTERVAL '5' SECONDS, INTERVAL '1-6' YEAR TO MONTH":
        "INTERVAL DAY TO SECOND NOT NULL | INTERVAL YEAR TO MONTH NOT NULL",
    "SELECT place.z, place.city, t.place FROM trips AS t":
        "INT | STRING | ROW<`z` INT, `city` STRING NOT NULL>",
    "SELECT vendor_id = 1 IS NULL, NOT vendor_id = 1 IS NULL FROM trips":
        "BOOLEAN NOT NULL | BOOLEAN NOT NULL",
    "SELECT * FROM (VALUES (1, 'a'), (2, 'bbb'))": "INT NOT NULL | VARCHAR(3) NOT NULL",
    "SELECT ts, ts AS x, l, p FROM trips":
        "TIMESTAMP(3) *ROWTIME* | TIMESTAMP(3) *ROWTIME* | TIMESTAMP_LTZ(3) | "
        "TIMESTAMP_LTZ(3) NOT NULL *PROCTIME*",
    "SELECT * FROM ts0": "INT | TIMESTAMP(3) *ROWTIME*",
    "SELECT ts FROM trips UNION ALL SELECT ts FROM trips": "TIMESTAMP(3) *ROWTIME*",
    "SELECT vendor_id FROM trips UNION ALL SELECT CAST(1 AS BIGINT)": "BIGINT",
    "SELECT window_start, window_end, window_time "
    "FROM TABLE(TUMBLE(TABLE ltz, DESCRIPTOR(l), INTERVAL '1' HOUR))":
        "TIMESTAMP(3) NOT NULL | TIMESTAMP(3) NOT NULL | TIMESTAMP_LTZ(3) NOT NULL *ROWTIME*",
    "SELECT TUMBLE_START(l, INTERVAL '1' HOUR), TUMBLE_ROWTIME(l, INTERVAL '1' HOUR) "
    "FROM ltz GROUP BY TUMBLE(l, INTERVAL '1' HOUR)":
        "TIMESTAMP(3) NOT NULL | TIMESTAMP_LTZ(3) *ROWTIME*",
    "SELECT COUNT(*), SUM(vendor_id), COUNT(*) FILTER (WHERE vendor_id > 1), SUM(1) FROM trips":
        "BIGINT NOT NULL | INT | BIGINT NOT NULL | INT",
    "SELECT SUM(1), SUM(1) FILTER (WHERE vendor_id > 1), MAX(1) FROM trips GROUP BY vendor_id":
        "INT NOT NULL | INT | INT NOT NULL",
    "SELECT CASE WHEN vendor_id > 1 THEN 'a' ELSE 'bbb' END FROM trips": "VARCHAR(3) NOT NULL",
    "SELECT (vendor_id + 1) * 2, COUNT(*) + 1 FROM trips GROUP BY vendor_id + 1":
        "INT | BIGINT NOT NULL",
    "SELECT 'x', 1, COUNT(*) FROM trips GROUP BY vendor_id":
        "CHAR(1) NOT NULL | INT NOT NULL | BIGINT NOT NULL",
    "SELECT -vendor_id, +vendor_id, - -1, 1 - -1 FROM trips":
        "INT | INT | INT NOT NULL | INT NOT NULL",
    "SELECT 'a'\n'b'": "CHAR(2) NOT NULL",
}  # fmt: skip

NAMES = {
    "SELECT vendor_id, vendor_id, 1 + 1, vendor_id AS v, place.z FROM trips":
        "vendor_id vendor_id0 EXPR$2 v z",
    "SELECT t.note, * FROM trips t": "note vendor_id fare note0 place ts l p",
    "SELECT current_date, CURRENT_date, localtimestamp AS x": "current_date CURRENT_date x",
    "WITH q AS (SELECT note AS n FROM trips), r (m) AS (SELECT n FROM q) SELECT * FROM r": "m",
    "WITH trips AS (SELECT note AS n FROM trips) SELECT * FROM trips": "n",
    "SELECT x.y FROM (SELECT note FROM trips) x (y)": "y",
    "SELECT vendor_id AS name, vendor_id AS state, vendor_id AS type, vendor_id AS zone FROM trips":
        "name state type zone",
    "SELECT default_database.trips.note FROM trips": "note",
    "SELECT `a`.`note` FROM trips `a`": "note",
}  # fmt: skip


def _shown(field) -> str:
    attribute = f" *{field.time_attribute.name}*" if field.time_attribute else ""
    return f"{field.type}{attribute}"


@pytest.mark.parametrize("query", QUERIES)
def test_types_are_those_that_flink_gives(compiled, query: str) -> None:
    select = compiled(TABLES + query).selects[-1]
    assert " | ".join(map(_shown, select.query.fields)) == QUERIES[query]


@pytest.mark.parametrize("query", NAMES)
def test_names_are_those_that_flink_gives(compiled, query: str) -> None:
    assert " ".join(compiled(TABLES + query).selects[-1].schema.names) == NAMES[query]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("CHAR", "CHAR(1)"),
        ("VARCHAR", "VARCHAR(1)"),
        ("varchar(2147483647)", "STRING"),
        ("DECIMAL", "DECIMAL(10, 0)"),
        ("NUMERIC(5)", "DECIMAL(5, 0)"),
        ("dec(3, 1)", "DECIMAL(3, 1)"),
        ("INTEGER NOT NULL", "INT NOT NULL"),
        ("INT NULL", "INT"),
        ("DOUBLE PRECISION", "DOUBLE"),
        ("TIME", "TIME(0)"),
        ("TIME(9)", "TIME(3)"),
        ("TIMESTAMP", "TIMESTAMP(6)"),
        ("TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP(3)"),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(3)"),
        ("TIMESTAMP_LTZ", "TIMESTAMP_LTZ(6)"),
        ("INT ARRAY", "ARRAY<INT>"),
        ("INT NOT NULL ARRAY NOT NULL", "ARRAY<INT NOT NULL> NOT NULL"),
        ("ROW(a INT, b ROW<c STRING>)", "ROW<`a` INT, `b` ROW<`c` STRING>>"),
        ("ROW<a INT 'what it is', `b c` STRING>", "ROW<`a` INT, `b c` STRING>"),
        ("MAP<STRING, ARRAY<MAP<INT, BYTES>>>", "MAP<STRING, ARRAY<MAP<INT, BYTES>>>"),
        ("MULTISET<INT>", "MULTISET<INT>"),
        ("VARBINARY(3)", "VARBINARY(3)"),
        ("INTERVAL DAY TO SECOND", "INTERVAL DAY TO SECOND"),
    ],
)
def test_the_grammar_of_types(text: str, type_: str) -> None:
    assert str(type_of_text(text)) == type_


@pytest.mark.parametrize(
    "text",
    ["", "REAL", "CHAR(0)", "TIMESTAMP(10)", "DECIMAL(5, 6)", "ROW<>", "ROW<a INT, a INT>",
     "MAP<INT>", "ARRAY<INT", "INT INT", "RAW('x', 'y')", "TIMESTAMP WITH TIME ZONE", "`INT`",
     "INTERVAL DAY TO MONTH", "VARCHAR(99999999999)"],
)  # fmt: skip
def test_types_that_are_none(text: str) -> None:
    with pytest.raises(SqlError):
        type_of_text(text)
