"""Of a ROW column only those fields are read that a query uses."""

from __future__ import annotations

import pytest
from test_build import CONNECTORS

from tidemill.plan import PhysicalPlan, build_plan, explain
from tidemill.sql import compile_script

TABLE = """CREATE TABLE t (
  id BIGINT,
  r ROW<a INT, b STRING, c ROW<x INT, y STRING, z INT>>,
  d ROW<p INT, q DECIMAL(4, 2), s STRING, t INT NOT NULL>,
  l ARRAY<ROW<m INT, n INT>>,
  part AS r.c.y
) WITH ('connector' = 'm', 'kind' = '{kind}');
"""


def planned(statement: str, kind: str = "") -> PhysicalPlan:
    text = f"{TABLE.replace('{kind}', kind)}{statement};"
    script = compile_script(text, file="t.sql", connectors=CONNECTORS, formats={})
    return build_plan(script, CONNECTORS, {})


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("SELECT r.a FROM t", {"r": "ROW<`a` INT>"}),
        ("SELECT r.b FROM t WHERE r.c.x > 1", {"r": "ROW<`b` STRING, `c` ROW<`x` INT>>"}),
        ("SELECT part FROM t", {"r": "ROW<`c` ROW<`y` STRING>>"}),
        ("SELECT q.y FROM (SELECT r.c AS q FROM t)", {"r": "ROW<`c` ROW<`y` STRING>>"}),
        ("SELECT r.c FROM t", {"r": "ROW<`c` ROW<`x` INT, `y` STRING, `z` INT>>"}),
        ("SELECT r, r.a FROM t", {}),
        ("SELECT r.a FROM t WHERE r IS NOT NULL", {}),
        ("SELECT d.p FROM t", {"d": "ROW<`p` INT, `q` DECIMAL(4, 2), `t` INT NOT NULL>"}),
        ("SELECT l[1].m FROM t", {}),
        ("SELECT r.a, e.m FROM t CROSS JOIN UNNEST(l) AS e (m, n)", {"r": "ROW<`a` INT>"}),
        ("SELECT r.b, SUM(r.a) FROM t GROUP BY r.b", {"r": "ROW<`a` INT, `b` STRING>"}),
        (
            "SELECT a.x FROM (SELECT r.a AS x FROM t) AS a JOIN (SELECT r.c.z AS y FROM t) AS b "
            "ON a.x = b.y",
            {"r": "ROW<`a` INT, `c` ROW<`z` INT>>"},
        ),
    ],
)
def test_what_is_read_of_a_row(query: str, read: dict[str, str]) -> None:
    plan = planned(query)
    (source,) = plan.sources
    assert {name: type_.sql() for name, type_ in source.table.read_as.items()} == read


def test_two_statements_share_what_both_read() -> None:
    plan = planned("SELECT r.a FROM t; SELECT r.b FROM t WHERE r.a > 0")
    (source,) = plan.sources
    assert source.table.read_as["r"].sql() == "ROW<`a` INT, `b` STRING>"


def test_what_is_read_is_shown() -> None:
    shown = explain(planned("SELECT r.b FROM t WHERE r.c.x > 1"))
    assert "fields_read=[r.b, r.c]" in shown.text(queries=False)


def test_rows_that_are_kept_whole_are_read_whole() -> None:
    text = "SELECT r.a FROM t"
    late = TABLE.replace("{kind}", "', 'late-handling.mode' = 'table")
    late = late.replace("part AS r.c.y", "ts TIMESTAMP(3), WATERMARK FOR ts AS ts")
    script = compile_script(late + text + ";", file="t.sql", connectors=CONNECTORS, formats={})
    assert not build_plan(script, CONNECTORS, {}).sources[0].table.read_as
