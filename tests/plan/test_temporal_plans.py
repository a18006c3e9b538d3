"""What explain and lint say of temporal and lookup joins."""

from __future__ import annotations

from tidemill.connectors import CONNECTORS
from tidemill.formats import FORMATS
from tidemill.plan import PhysicalPlan, build_plan, explain, lint
from tidemill.sql import compile_script

TEXT = """
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'topic' = 'o',
  'format' = 'json', 'properties.bootstrap.servers' = 'x:1');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3),
  WATERMARK FOR since AS since - INTERVAL '5' SECOND, PRIMARY KEY (k) NOT ENFORCED) WITH (
  'connector' = 'kafka', 'topic' = 'r', 'format' = 'debezium-json',
  'properties.bootstrap.servers' = 'x:1');
CREATE TABLE users (id INT, name STRING) WITH ('connector' = 'jdbc',
  'url' = 'jdbc:postgresql://h/d', 'table-name' = 'users', 'lookup.cache' = 'PARTIAL',
  'lookup.partial-cache.max-rows' = '100');
SELECT o.id, r.rate, u.name FROM orders o
LEFT JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k
JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON o.id = u.id AND u.name <> o.k;
"""


def plan(more: str = "") -> PhysicalPlan:
    script = compile_script(more + TEXT, "t", CONNECTORS, FORMATS)
    return build_plan(script, CONNECTORS, FORMATS)


def test_explain_says_keys_state_and_cache() -> None:
    text = explain(plan()).text(queries=False)
    assert "LookupJoin(kind=INNER, table=users, connector=jdbc, on=[id = id#0]" in text
    assert "cache=100 rows" in text
    assert "TemporalJoin(kind=LEFT, on=[k#1 = k#0]" in text
    assert "its last version and those not passed yet; unbounded: no TTL" in text


def test_lint_warns_of_keys_that_are_kept_and_of_no_late_row_that_is_not_dropped() -> None:
    found = {warning.name: warning.message for warning in lint(plan())}
    assert "every new key of (k)" in found["unbounded-state"]
    assert "late-rows-dropped" not in found
    bounded = lint(plan("SET 'table.exec.state.ttl' = '1 d';"))
    assert "unbounded-state" not in {warning.name for warning in bounded}


def test_another_join_is_another_state() -> None:
    assert plan().fingerprint == plan().fingerprint
    other = TEXT.replace("o.k = r.k", "UPPER(o.k) = r.k")
    script = compile_script(other, "t", CONNECTORS, FORMATS)
    assert build_plan(script, CONNECTORS, FORMATS).fingerprint != plan().fingerprint
