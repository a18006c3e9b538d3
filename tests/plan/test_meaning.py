"""What a node computes: which changes of a text leave an operator what it was, and which do not."""

from __future__ import annotations

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.formats import FORMATS
from tidemill.plan import PhysicalPlan, build_plan
from tidemill.sql import compile_script

T = """CREATE TABLE t (id BIGINT, {more}ts TIMESTAMP(3), k INT, v DOUBLE, note STRING{last},
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'topic' = '{topic}',
  'properties.bootstrap.servers' = '{at}', 'scan.startup.mode' = 'earliest-offset',
  'format' = 'json');
CREATE TABLE u (id BIGINT, name STRING, extra STRING, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'upsert-kafka', 'topic' = 'u', 'properties.bootstrap.servers' = 'b:1',
  'key.format' = 'json', 'value.format' = 'json');
CREATE TABLE o (a STRING, b STRING, c STRING) WITH ('connector' = 'blackhole');
CREATE TABLE o2 (a STRING, b STRING, c STRING) WITH ('connector' = 'blackhole');
"""
INTO = "INSERT INTO o SELECT CAST(a AS STRING), CAST(b AS STRING), CAST(c AS STRING) FROM "
SUMS = "(SELECT k AS a, SUM(v) AS b, COUNT(*) AS c FROM t WHERE v > 0 GROUP BY k)"
WINDOW = """(SELECT k AS a, window_end AS b, MAX(v) AS c
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY k, window_start, window_end)"""
JOIN = """(SELECT t.id AS a, t.note AS b, u.name AS c FROM t JOIN u ON t.id = u.id)"""
RANK = """(SELECT id AS a, k AS b, n AS c FROM (SELECT id, k, ROW_NUMBER() OVER
  (PARTITION BY k ORDER BY v DESC) AS n FROM t) WHERE n <= 3)"""


def plan(
    text: str, more: str = "", last: str = "", topic: str = "t", at: str = "a:1", sets: str = ""
) -> PhysicalPlan:
    tables = T.format(more=more, last=last, topic=topic, at=at)
    script = compile_script(sets + tables + text, "f.sql", CONNECTORS, FORMATS)
    return build_plan(script, CONNECTORS, FORMATS)


def operators(made: PhysicalPlan) -> list[str]:
    return [made.meanings[operator.id] for operator in made.operators]


@pytest.mark.parametrize("query", [SUMS, WINDOW, JOIN, RANK])
def test_what_stands_beside_and_behind_an_operator_is_no_part_of_it(query: str) -> None:
    (*before,) = operators(plan(INTO + query + ";"))
    behind = operators(plan(INTO + query + " WHERE c IS NOT NULL;"))
    assert behind == before, "a filter behind it"
    beside = plan(f"EXECUTE STATEMENT SET BEGIN INSERT INTO o2 SELECT CAST(id AS STRING), note, "
                  f"CAST(COUNT(*) AS STRING) FROM u_of GROUP BY id, note; {INTO + query}; END;"
                  .replace("u_of", "t"))  # fmt: skip
    assert set(before) < set(operators(beside)), "a statement before it"
    assert operators(plan(INTO + query + ";", at="elsewhere:9")) == before, "the broker's address"


@pytest.mark.parametrize("query", [SUMS, WINDOW])
def test_columns_that_nobody_reads_may_come_and_go(query: str) -> None:
    before = operators(plan(INTO + query + ";"))
    assert operators(plan(INTO + query + ";", more="fresh STRING, ")) == before
    assert operators(plan(INTO + query + ";", last=", fresh STRING")) == before
    renamed = query.replace("AS b", "AS x")
    assert operators(plan(INTO.replace("(b ", "(x ") + renamed + ";")) == before


@pytest.mark.parametrize(
    ("query", "was", "now"),
    [
        (SUMS, "v > 0", "v > 1"),
        (SUMS, "SUM(v)", "SUM(v + 1)"),
        (SUMS, "SUM(v)", "AVG(v)"),
        (SUMS, "GROUP BY k", "GROUP BY k, note"),
        (WINDOW, "'1' MINUTE", "'2' MINUTE"),
        (WINDOW, "MAX(v)", "MIN(v)"),
        (JOIN, "t.id = u.id", "t.id = u.id AND t.k > 3"),
        (JOIN, "u.name", "u.extra"),
        (JOIN, " JOIN ", " LEFT JOIN "),
        (RANK, "n <= 3", "n <= 4"),
        (RANK, "DESC", "ASC"),
    ],
)
def test_another_computation_is_another_operator(query: str, was: str, now: str) -> None:
    assert was in query
    before = operators(plan(INTO + query + ";"))
    assert operators(plan(INTO + query.replace(was, now) + ";")) != before


def test_another_input_is_another_operator() -> None:
    before = operators(plan(INTO + SUMS + ";"))
    assert operators(plan(INTO + SUMS + ";", topic="other")) != before
    zoned = plan(INTO + SUMS + ";", sets="SET 'table.local-time-zone' = 'Asia/Tokyo';")
    assert operators(zoned) != before
    (normalised, *_) = operators(plan("INSERT INTO o SELECT CAST(id AS STRING), name, name FROM u "
                                      "WHERE name > 'a';"))  # fmt: skip
    (wider, *_) = operators(plan("INSERT INTO o SELECT CAST(id AS STRING), name, extra FROM u "
                                 "WHERE name > 'a';"))  # fmt: skip
    assert wider != normalised, "rows of an upsert source are kept with the columns that are read"


def test_a_watermark_is_part_of_a_window() -> None:
    before = operators(plan(INTO + WINDOW + ";"))
    later = T.replace("'5' SECOND", "'9' SECOND").format(more="", last="", topic="t", at="a:1")
    script = compile_script(later + INTO + WINDOW + ";", "f.sql", CONNECTORS, FORMATS)
    assert operators(build_plan(script, CONNECTORS, FORMATS)) != before
