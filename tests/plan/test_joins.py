"""What a join becomes: its kind and keys, which sinks take it, what is warned of and refused."""

from __future__ import annotations

from typing import Any

import pytest
from test_build import CONNECTORS

from tidemill.errors import SqlError
from tidemill.plan import build_plan, explain, lint
from tidemill.plan.operators.interval_join import IntervalJoinStage
from tidemill.plan.operators.regular_join import RegularJoinStage
from tidemill.plan.operators.window_join import WindowJoinStage
from tidemill.sql import compile_script

TABLES = """
CREATE TABLE a (id BIGINT, k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (id)
  NOT ENFORCED) WITH ('connector' = 'm', 'kind' = '{left}');
CREATE TABLE b (k INT, v STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (k)
  NOT ENFORCED) WITH ('connector' = 'm');
CREATE TABLE out_id (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'm', 'kind' = 'changes');
CREATE TABLE out_k (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)
  WITH ('connector' = 'm', 'kind' = 'changes');
CREATE TABLE out_rows (id BIGINT, v STRING) WITH ('connector' = 'm');
"""


def joined(text: str, left: str = "inserts", **settings: str) -> Any:
    sets = "".join(f"SET '{key}' = '{value}';" for key, value in settings.items())
    script = compile_script(sets + TABLES.format(left=left) + text, "t.sql", CONNECTORS, {})
    return build_plan(script, CONNECTORS, {})


def test_a_sink_keyed_as_the_join_takes_it() -> None:
    joined("INSERT INTO out_id SELECT id, v FROM a LEFT JOIN b ON a.k = b.k;")
    joined("INSERT INTO out_id SELECT id, v FROM a JOIN b ON a.k = b.k;", "changes")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO out_k SELECT b.k, v FROM a LEFT JOIN b ON a.k = b.k;",
        "INSERT INTO out_id SELECT id, v FROM a LEFT JOIN b ON a.k < b.k;",
        "INSERT INTO out_id SELECT id, v FROM a FULL JOIN b ON a.k = b.k;",
    ],
)
def test_a_sink_keyed_otherwise_is_refused(text: str) -> None:
    with pytest.raises(SqlError) as caught:
        joined(text)
    assert caught.value.code == "plan.sink-key-mismatch"


def test_padding_is_a_changelog_and_pairs_of_inserts_are_not() -> None:
    joined("INSERT INTO out_rows SELECT id, v FROM a JOIN b ON a.k = b.k;")
    with pytest.raises(SqlError) as caught:
        joined("INSERT INTO out_rows SELECT id, v FROM a LEFT JOIN b ON a.k = b.k;")
    assert caught.value.code == "plan.changelog-into-append-only"
    joined("INSERT INTO out_rows SELECT id, v FROM a LEFT JOIN b ON a.k = b.k WHERE b.n > 1;")


NEAR = "a.ts BETWEEN b.ts - INTERVAL '1' SECOND AND b.ts"
WINDOWS = (
    "FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) a "
    "{} JOIN TABLE(TUMBLE(TABLE b, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) b "
    "ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.k = b.k"
)


@pytest.mark.parametrize(
    ("source", "stage"),
    [
        ("FROM a JOIN b ON a.k = b.k", RegularJoinStage),
        (f"FROM a LEFT JOIN b ON a.k = b.k AND {NEAR}", IntervalJoinStage),
        (f"FROM a, b WHERE {NEAR}", IntervalJoinStage),
        ("FROM a JOIN b ON a.k = b.k AND a.ts > b.ts", RegularJoinStage),
        (f"FROM a JOIN b ON {NEAR} AND a.ts > b.ts - INTERVAL '5' SECOND", RegularJoinStage),
        (WINDOWS.format("FULL"), WindowJoinStage),
    ],
)
def test_the_condition_says_which_join_it_is(source: str, stage: type) -> None:
    built = joined(f"INSERT INTO out_rows SELECT a.id, b.v {source};")
    (operator,) = built.operators
    assert isinstance(operator, stage)
    shown = str(explain(built))
    assert "join=" in shown and "state=" in shown


def test_a_join_without_ttl_or_time_is_warned_of() -> None:
    text = "INSERT INTO out_rows SELECT a.id, v FROM a JOIN b ON a.k = b.k;"
    assert "unbounded-join" in {warning.name for warning in lint(joined(text))}
    kept = joined(text, **{"table.exec.state.ttl": "1 h"})
    assert "unbounded-join" not in {warning.name for warning in lint(kept)}
    assert "rows of the last 3600000 ms" in str(explain(kept))


@pytest.mark.parametrize("source", [f"FROM a JOIN b ON {NEAR}", WINDOWS.format("")])
def test_changes_in_a_join_on_time_are_refused(source: str) -> None:
    with pytest.raises(SqlError) as caught:
        joined(f"INSERT INTO out_id SELECT a.id, b.v {source};", "changes")
    assert caught.value.code == "plan.join-over-changes"


def test_only_columns_that_are_read_are_kept() -> None:
    built = joined("INSERT INTO out_rows SELECT a.id, b.v FROM a JOIN b ON a.k = b.k;")
    (stage,) = built.operators
    assert [side.sql.columns for side in stage.sides] == [("c0", "c1"), ("c0", "c1")]
    needed = {s.table.name.split(".")[-1]: s.table.columns_needed for s in built.sources}
    assert needed["b"] >= {"k", "v"} and "n" not in needed["b"]


def test_a_hint_gives_one_table_its_own_ttl() -> None:
    built = joined(
        "INSERT INTO out_rows SELECT /*+ STATE_TTL('b' = '1 d') */ a.id, v FROM a "
        "JOIN b ON a.k = b.k;",
        **{"table.exec.state.ttl": "1 h"},
    )
    (stage,) = built.operators
    assert [side.ttl_ms for side in stage.sides] == [3_600_000, 86_400_000]
    with pytest.raises(SqlError, match="does not join"):
        joined("INSERT INTO out_rows SELECT /*+ STATE_TTL('c' = '1 d') */ a.id, v FROM a, b;")
