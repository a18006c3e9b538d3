"""The plan: what is shared, pruned and fused, what is refused, and what is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tidemill.errors import SqlError
from tidemill.interfaces.connector import Changelog, Connector
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.model import Schema
from tidemill.plan import PhysicalPlan, build_plan, explain, lint
from tidemill.plan.operators.group_aggregate import GroupStage
from tidemill.plan.operators.window_aggregate import AggregateStage
from tidemill.sql import compile_script


def connector(name: str, **more: Any) -> Connector:
    keys = ("kind", "late-handling.mode", "error-handling.mode", "scan.watermark.idle-timeout")
    options = OptionSet(name, tuple(Option(k, OptionType.STRING, k) for k in keys))

    def source_changelog(table: Any, _: Any) -> Changelog:
        kind = table.options.get("kind")
        return Changelog(kind in ("changes", "upserts"), kind == "upserts")

    base = Connector(
        name,
        options,
        bounded=lambda table, _: table.options.get("kind") == "bounded",
        source_changelog=source_changelog,
        sink_changelog=lambda table, _: Changelog(table.options.get("kind") == "changes"),
        source=lambda table, context: None,  # type: ignore[arg-type,return-value]
        commit_group=lambda tables, context: None,  # type: ignore[arg-type,return-value]
    )
    return replace(base, **more)


CONNECTORS = {
    "m": connector("m"),
    "writes": connector("writes", source=None),
    "reads": connector("reads", commit_group=None),
}
T = """CREATE TABLE t (id BIGINT, ts TIMESTAMP(3), k INT, v DOUBLE, note STRING,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'm' {more});
CREATE TABLE plain (id BIGINT, ts TIMESTAMP(3), k INT) WITH ('connector' = 'm');
CREATE TABLE w (k INT, n BIGINT) WITH ('connector' = 'm');
CREATE TABLE o (id BIGINT) WITH ('connector' = 'm');
"""
WINDOW = """INSERT INTO w SELECT k, COUNT(*) FROM TABLE({call})
  GROUP BY k, window_start, window_end;
"""
TUMBLE = "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"


def plan(text: str, more: str = "", **settings: str) -> PhysicalPlan:
    tables = T.format(more=f", {more}" if more else "")
    sets = "".join(f"SET '{k}' = '{v}';" for k, v in settings.items())
    return build_plan(compile_script(sets + tables + text, "f.sql", CONNECTORS, {}), CONNECTORS, {})


def test_a_table_is_read_once_and_only_its_needed_columns() -> None:
    p = plan(WINDOW.format(call=TUMBLE) + "INSERT INTO o SELECT id FROM t WHERE v > 1;")
    (source,) = p.sources
    assert source.table.columns_needed == {"id", "ts", "k", "v"}
    assert [len(o.edges) for o in p.outputs] == [1, 1]


def test_rows_for_the_late_table_keep_all_columns() -> None:
    p = plan(WINDOW.format(call=TUMBLE), "'late-handling.mode' = 'table'")
    assert p.sources[0].table.columns_needed is None
    assert p.sources[0].late_mode == "table"


def test_a_shared_aggregate_is_computed_once() -> None:
    view = f"""CREATE VIEW a AS SELECT k, COUNT(*) AS n FROM TABLE({TUMBLE})
        GROUP BY k, window_start, window_end;
        INSERT INTO w SELECT k, n FROM a; INSERT INTO w SELECT k, n + 1 FROM a WHERE n > 3;"""
    p = plan(view)
    assert len(p.operators) == 1
    assert [o.edges[0].input for o in p.outputs] == ["a0", "a0"]


def test_one_query_filters_projects_and_aggregates() -> None:
    p = plan(
        """CREATE VIEW x AS SELECT ts, k + 1 AS kk FROM t WHERE v > 0;
        INSERT INTO w SELECT kk, COUNT(*) FROM TABLE(TUMBLE(TABLE x, DESCRIPTOR(ts),
        INTERVAL '1' MINUTE)) GROUP BY kk, window_start, window_end;"""
    )
    (operator,) = p.operators
    assert isinstance(operator, AggregateStage)
    (edge,) = operator.edges
    assert edge.input == "s0"
    assert edge.filters
    assert edge.query.count('FROM "s0"') == 1


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("INSERT INTO w SELECT k, COUNT(*) FROM t GROUP BY k;", "",
         "plan.changelog-into-append-only"),
        ("CREATE TABLE keyed (k INT, n BIGINT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = "
         "'m', 'kind' = 'changes'); INSERT INTO keyed SELECT k, COUNT(*) FROM t GROUP BY k;", "",
         "plan.sink-key-mismatch"),
        ("CREATE TABLE keyed (n BIGINT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = "
         "'m', 'kind' = 'changes'); INSERT INTO keyed SELECT COUNT(*) FROM t GROUP BY k;", "",
         "plan.sink-key-mismatch"),
        ("INSERT INTO o SELECT id FROM t;", "'kind' = 'changes'",
         "plan.changelog-into-append-only"),
        ("INSERT INTO o SELECT id FROM t;", "'late-handling.mode' = 'keep'", "plan.bad-option"),
        ("INSERT INTO o SELECT id FROM t;", "'scan.watermark.idle-timeout' = 'soon'",
         "plan.bad-option"),
        (WINDOW.format(call=TUMBLE), "'kind' = 'upserts'", "plan.upsert-source"),
        ("SELECT l FROM (SELECT window_start, window_end AS e, ARRAY_AGG(id) AS l FROM "
         "TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY "
         "window_start, window_end) WHERE e > TIMESTAMP '2026-01-01 00:00:00';", "",
         "plan.unsupported-aggregate"),
        ("CREATE TABLE kept (id BIGINT, ts TIMESTAMP(3), e TIMESTAMP(3)) WITH ('connector' = 'm');"
         "INSERT INTO kept SELECT id, ts, window_time FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
         "INTERVAL '1' MINUTE));", "", "plan.several-rowtimes"),
        (WINDOW.format(call=TUMBLE.replace("TUMBLE", "HOP").replace(
            "INTERVAL '1' MINUTE", "INTERVAL '2' MINUTE, INTERVAL '1' MINUTE")), "", None),
        ("CREATE TABLE z (id BIGINT) WITH ('connector' = 'reads');"
         "INSERT INTO z SELECT id FROM t;", "", "sql.not-a-sink"),
        ("CREATE TABLE z (id BIGINT) WITH ('connector' = 'writes');"
         "INSERT INTO o SELECT id FROM z;", "", "sql.not-a-source"),
        ("SELECT id FROM t ORDER BY id;", "", "plan.unbounded-sort"),
        ("SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) FROM t;", "",
         "plan.over-window"),
        ("INSERT INTO o SELECT ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) FROM t;", "",
         "plan.changelog-into-append-only"),
        ("SELECT SUM(v) OVER (PARTITION BY k ORDER BY ts), SUM(v) OVER (ORDER BY ts) FROM t;", "",
         "plan.over-window"),
        ("SELECT LEAD(v) OVER (PARTITION BY k ORDER BY ts) FROM t;", "", "plan.over-window"),
        ("SELECT RANK() OVER (PARTITION BY k ORDER BY ts) FROM t;", "", "plan.over-window"),
        ("SELECT SUM(v) OVER (PARTITION BY k) FROM t;", "", "plan.over-window"),
        ("SELECT SUM(v) OVER (ORDER BY v ROWS 2 PRECEDING) FROM t;", "", "plan.over-window"),
        ("SELECT SUM(v) OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM t;", "",
         "plan.over-window"),
        ("SELECT STDDEV_POP(DISTINCT v) OVER (ORDER BY ts) FROM t;", "", "plan.over-window"),
        ("SET 'table.exec.state.ttl' = '1 h'; SELECT COUNT(DISTINCT v) OVER (ORDER BY ts) FROM t;",
         "", "plan.over-window"),
        ("SELECT SUM(v) OVER (ORDER BY ts) FROM t;", "'kind' = 'changes'", "plan.over-window"),
        ("SELECT HOP_END(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE), FIRST_VALUE(v) FROM t "
         "GROUP BY HOP(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE);", "",
         "plan.unsupported-aggregate"),
        ("SELECT HOP_END(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE), ARRAY_AGG(DISTINCT v) FROM "
         "t GROUP BY HOP(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE);", "",
         "plan.unsupported-aggregate"),
        ("SELECT ARRAY_AGG(v) FROM t GROUP BY SESSION(ts, INTERVAL '1' MINUTE);", "",
         "plan.unsupported-aggregate"),
        ("SELECT id FROM t ORDER BY ts;", "'kind' = 'changes'", "plan.unbounded-sort"),
        ("SELECT id, CURRENT_WATERMARK(ts) FROM t;", "'kind' = 'changes'",
         "plan.current-watermark"),
        ("SELECT CURRENT_WATERMARK(ts), SUM(v) OVER (ORDER BY ts) FROM t;", "",
         "plan.current-watermark"),
        ("SELECT CURRENT_WATERMARK(ts) FROM (SELECT * FROM t UNION ALL SELECT * FROM t);", "",
         "plan.current-watermark"),
        ("SELECT a.id FROM t a JOIN t b ON a.k = b.k AND a.ts = b.ts AND CURRENT_WATERMARK(a.ts) "
         "< b.ts;", "", "plan.current-watermark"),
        ("SELECT CUME_DIST() OVER (ORDER BY v) FROM t;", "'kind' = 'bounded'", "plan.over-window"),
        ("SELECT COUNT(DISTINCT k) OVER (ORDER BY v) FROM t;", "'kind' = 'bounded'",
         "plan.over-window"),
        ("SELECT SUM(v) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT "
         "ROW) FROM t;", "'kind' = 'bounded'", "plan.over-window"),
        ("SELECT k, COUNT(*) FROM t GROUP BY k LIMIT 3;", "", "plan.limit-over-changes"),
        ("INSERT INTO o SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) "
         "AS rn FROM t) WHERE rn < 3;", "", "plan.changelog-into-append-only"),
    ],
)  # fmt: skip
def test_refusals_have_a_place_and_a_way_out(text: str, more: str, code: str | None) -> None:
    with pytest.raises(SqlError) as caught:
        plan(text, more)
    if code is not None:
        assert caught.value.code == code
        assert caught.value.where is not None


def test_a_batch_writes_several_event_times() -> None:
    assert plan(
        "SET 'execution.runtime-mode' = 'batch';"
        "CREATE TABLE kept (id BIGINT, ts TIMESTAMP(3), e TIMESTAMP(3)) WITH ('connector' = 'm');"
        "INSERT INTO kept SELECT id, ts, window_time FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
        "INTERVAL '1' MINUTE));",
        "'kind' = 'bounded'",
    )


KEYED = """CREATE TABLE keyed (k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH
  ('connector' = 'm', 'kind' = 'changes');
  INSERT INTO keyed SELECT k, COUNT(*) FROM t GROUP BY k;"""


def test_a_group_by_over_a_stream_shows_its_state_and_warns() -> None:
    p = plan(KEYED)
    (stage,) = p.operators
    assert isinstance(stage, GroupStage)
    (node,) = explain(p).outputs[0].inputs[0].inputs
    assert node.operator == "GroupAggregate"
    assert node.facts["changelog"] == "I,UB,UA,D"
    assert node.facts["state"] == "partials, one row per key; unbounded: no TTL"
    (warning,) = [w for w in lint(p) if w.name == "unbounded-state"]
    assert "(k)" in warning.message
    assert warning.where is not None


def test_a_ttl_bounds_the_state() -> None:
    p = plan(KEYED, **{"table.exec.state.ttl": "1 h"})
    (node,) = explain(p).outputs[0].inputs[0].inputs
    assert node.facts["state"].endswith("keys of the last 3600000 ms")
    assert not [w for w in lint(p) if w.name == "unbounded-state"]


RANKED = """CREATE TABLE ranked (k INT, rn BIGINT, id BIGINT, PRIMARY KEY ({key}) NOT ENFORCED)
  WITH ('connector' = 'm', 'kind' = 'changes');
  INSERT INTO ranked SELECT k, rn, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k
  ORDER BY v DESC) AS rn FROM t) WHERE {bound};"""


@pytest.mark.parametrize(
    ("key", "bound", "fits"),
    [("k, rn", "rn <= 3", True), ("k", "rn <= 3", False), ("k", "rn = 1", True),
     ("id", "rn = 1", False), ("k, rn, id", "rn < 5", True)],
)  # fmt: skip
def test_the_key_of_a_top_n_is_its_partition_and_number(key: str, bound: str, fits: bool) -> None:
    if fits:
        p = plan(RANKED.format(key=key, bound=bound))
        (node,) = explain(p).outputs[0].inputs[0].inputs
        assert node.operator == "TopN"
        assert node.facts["state"].endswith("unbounded: no TTL")
        assert [w.name for w in lint(p)].count("unbounded-state") == 1
        return
    with pytest.raises(SqlError) as caught:
        plan(RANKED.format(key=key, bound=bound))
    assert caught.value.code == "plan.sink-key-mismatch"


def test_the_first_row_by_time_is_append_only() -> None:
    p = plan(
        """INSERT INTO o SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k
        ORDER BY ts) AS rn FROM t) WHERE rn = 1;"""
    )
    assert not p.outputs[0].changelog.updates


def test_a_sink_with_other_columns_is_refused() -> None:
    script = compile_script(
        T.format(more="") + "INSERT INTO o SELECT id FROM t;", "f.sql", CONNECTORS, {}
    )
    (insert,) = script.inserts
    wrong = replace(insert.sink, schema=Schema(()))
    with pytest.raises(SqlError) as caught:
        build_plan(replace(script, inserts=(replace(insert, sink=wrong),)), CONNECTORS, {})
    assert caught.value.code == "plan.sink-schema-mismatch"


def test_windows_on_instants_lie_on_the_zones_clock() -> None:
    table = """CREATE TABLE z (ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3),
      WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'm');"""
    text = (
        table
        + """INSERT INTO o SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE z, DESCRIPTOR(ts),
      INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;"""
    )
    (operator,) = plan(text).operators
    assert operator.facts()["zone"] is None
    (operator,) = plan(text, **{"table.local-time-zone": "Europe/Berlin"}).operators
    assert operator.facts()["zone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "SELECT id FROM TABLE(SESSION(TABLE c PARTITION BY id, DESCRIPTOR(ts), "
            "INTERVAL '1' MINUTE))",
            "the rows of SESSION over a changelog",
        ),
        (
            "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end "
            "ORDER BY id) AS rn FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) "
            "WHERE rn <= 2",
            "ROW_NUMBER within the windows of a changelog",
        ),
        (
            "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end "
            "ORDER BY id) AS rn FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(pt), INTERVAL '1' MINUTE))) "
            "WHERE rn <= 2",
            "ROW_NUMBER within windows of processing time",
        ),
    ],
)
def test_windows_that_flink_does_not_run_are_refused(query: str, said: str) -> None:
    table = """CREATE TABLE c (id BIGINT, ts TIMESTAMP(3), pt AS PROCTIME(),
      WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'm', 'kind' = 'changes');
    """
    with pytest.raises(SqlError) as caught:
        plan(table + f"INSERT INTO o {query};")
    assert caught.value.code == "plan.unsupported-window"
    assert said in str(caught.value)


def test_watermark_with_a_constant_delay_needs_no_query_of_its_own() -> None:
    (source,) = plan(WINDOW.format(call=TUMBLE)).sources
    assert source.event_time is not None
    assert (source.event_time.column, source.event_time.delay_us) == (1, 5_000_000)


def test_explain_is_text_and_data() -> None:
    tree = explain(plan(WINDOW.format(call=TUMBLE)))
    text = str(tree)
    for part in ("Sink(table=w", "TumbleAggregate(keys=[k]", "size_ms=60000", "watermark=ts - 5 s"):
        assert part in text
    data = json.loads(json.dumps(tree.as_dict()))
    assert data["outputs"][0]["inputs"][0]["inputs"][0]["operator"] == "TumbleAggregate"


def test_lint() -> None:
    names = [w.name for w in lint(plan(WINDOW.format(call=TUMBLE)))]
    assert names == ["no-idle-timeout", "late-rows-dropped"]
    quiet = "'scan.watermark.idle-timeout' = '30 s', 'late-handling.mode' = 'drop'"
    assert lint(plan(WINDOW.format(call=TUMBLE), quiet)) == []
    quiet = plan(
        WINDOW.format(call=TUMBLE), "'late-handling.mode' = 'drop'",
        **{"table.exec.source.idle-timeout": "1 min"},
    )  # fmt: skip
    assert quiet.sources[0].idle_timeout_ms == 60_000
    assert lint(quiet) == []


def test_the_fingerprint_follows_the_state_only() -> None:
    one = plan(WINDOW.format(call=TUMBLE))
    same = plan(WINDOW.format(call=TUMBLE) + "INSERT INTO o SELECT id FROM t;")
    other = plan(WINDOW.format(call=TUMBLE.replace("'1' MINUTE", "'2' MINUTE")))
    assert one.fingerprint == same.fingerprint != other.fingerprint
