"""Expectations inside a stream: the same rows go on, are set aside, are counted however it runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.engine import Engine
from tidemill.errors import EngineError, SqlError
from tidemill.plan import PhysicalPlan, build_plan
from tidemill.quality.stream import in_stream
from tidemill.quality.suites import parse_suite
from tidemill.sql import compile_script

TABLES = """
CREATE TABLE t (id BIGINT, v INT, w INT) WITH ('connector' = 'memory'{options});
CREATE TABLE sunk (id BIGINT, v INT{key}) WITH ('connector' = 'memory'{sink});
"""
DEAD = "$dead"
SUITE = """
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: v, min_value: 2}
    action: dead-letter
  - type: expect_column_values_to_not_be_null
    kwargs: {column: w}
    action: dead-letter
  - type: expect_column_values_to_be_in_set
    kwargs: {column: v, value_set: [0, 1, 2]}
"""
ROWS = st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.integers(0, 1)))


def planned(
    suite: str, table: str = "t", query: str = "SELECT id, v FROM t", options: str = "",
    sink: str = "", key: str = "",
) -> PhysicalPlan:  # fmt: skip
    text = TABLES.format(options=options, sink=sink, key=key) + f"INSERT INTO sunk {query};"
    script = compile_script(text, "t.sql", kit.CONNECTORS, {})
    found, _ = in_stream(parse_suite(suite, "s.yaml", "s"), table, script.tables[table].schema)
    return build_plan(script, kit.CONNECTORS, {}, {table: found})


def ran(
    plan: PhysicalPlan, rows: list[tuple[int, Any, Any]], cuts: list[int],
    kinds: list[int] | None = None, crash: bool = False,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, int]]:  # fmt: skip
    schema = pa.schema([("id", pa.int64()), ("v", pa.int32()), ("w", pa.int32())])
    batch = pa.RecordBatch.from_pylist(
        [dict(zip(["id", "v", "w"], r, strict=True)) for r in rows], schema
    )
    world = kit.World(
        {"t": {"p": kit.Partition(batch, kinds, cuts)}}, [kit.Group("main", ("sunk", DEAD))]
    )
    engines: list[Engine] = []
    with TemporaryDirectory() as folder:
        more = {"dead_letter_table": DEAD, "settings": kit.one_batch_at_a_time()}
        if crash:
            kit.crash_at("checkpoint.decided")
            kit.run_through_crashes(world, plan, Path(folder), **more)
        engine = world.engine(plan, Path(folder), **more)
        engine.run("finished")
        engines.append(engine)
    return world.rows("sunk"), world.rows(DEAD), dict(engines[0].progress().counters)


@settings(max_examples=15)
@given(rows=st.lists(ROWS, max_size=12), cuts=st.sets(st.integers(1, 12)), crash=st.booleans())
def test_every_row_goes_on_or_aside_whatever_the_batches(
    rows: list[tuple[Any, Any]], cuts: set[int], crash: bool
) -> None:
    given = [(i, v, w) for i, (v, w) in enumerate(rows)]
    out, dead, counters = ran(planned(SUITE), given, sorted(cuts), crash=crash)
    low = [i for i, v, _ in given if v is not None and v < 2]
    null = [i for i, _, w in given if w is None]
    assert [row["id"] for row in out] == [i for i, _, _ in given if i not in {*low, *null}]
    reasons = Counter(letter["message"].partition("(")[0] for letter in dead)
    assert reasons["expect_column_values_to_be_between"] == len(low)
    assert reasons["expect_column_values_to_not_be_null"] == len(set(null) - set(low))
    assert all(letter["stage"] == "check" for letter in dead)

    def counted(i: int, kind: str) -> tuple[int, int]:
        name = f"check.s.t.{i}.{kind}"
        return counters.get(f"{name}.elements", 0), counters.get(f"{name}.unexpected", 0)

    known = [v for _, v, _ in given if v is not None]
    assert counted(0, "expect_column_values_to_be_between") == (len(known), len(low))
    assert counted(1, "expect_column_values_to_not_be_null") == (len(given), len(null))
    assert counted(2, "expect_column_values_to_be_in_set") == (
        len(known),
        sum(v > 2 for v in known),
    )
    assert counters.get("source.t.dead", 0) == len(dead)


@settings(max_examples=15)
@given(
    changes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=12),
    cuts=st.sets(st.integers(1, 20)),
    table=st.sampled_from(["t", "sunk"]),
)
def test_a_changelog_ends_as_if_filtered(
    changes: list[tuple[int, int]], cuts: set[int], table: str
) -> None:
    """Half a change that is set aside leaves the other half standing for itself."""
    now: dict[int, int] = {}
    rows, kinds = [], []
    for key, value in changes:
        if key in now:
            rows += [(key, now[key], 0), (key, value, 0)]
            kinds += [1, 2]
        else:
            rows.append((key, value, 0))
            kinds.append(0)
        now[key] = value
    suite = SUITE.split("  - type: expect_column_values_to_not")[0]
    plan = planned(
        suite, table, options=", 'changelog' = 'true'", sink=", 'changelog' = 'true'",
        key=", PRIMARY KEY (id) NOT ENFORCED",
    )  # fmt: skip
    out, _, _ = ran(plan, rows, sorted(cuts), kinds)
    held: dict[int, int] = {}
    for row in out:
        if row["$kind"] in ("+I", "+U"):
            held[row["id"]] = row["v"]
        elif row["$kind"] == "-D":
            assert held.pop(row["id"]) == row["v"]
    assert held == {key: value for key, value in now.items() if value >= 2}


def test_a_sink_is_looked_at_before_it_is_written() -> None:
    plan = planned(SUITE.split("  - type: expect_column_values_to_not")[0], "sunk")
    out, dead, counters = ran(plan, [(1, 1, 0), (2, 2, 0)], [])
    assert out == [{"id": 2, "v": 2}]
    assert [letter["table"] for letter in dead] == ["sunk"]
    assert (counters["w0.in"], counters["w0.out"], counters["w0.dead"]) == (2, 1, 1)


@pytest.mark.parametrize("table", ["t", "sunk"])
def test_stop_ends_the_job_at_the_row(table: str) -> None:
    suite = SUITE.replace("action: dead-letter", "action: stop", 1).split(
        "  - type: expect_column_values_to_not"
    )[0]
    with pytest.raises(EngineError) as caught:
        ran(planned(suite, table), [(1, 2, 0), (2, 0, 0), (3, 2, 0)], [])
    assert caught.value.code == "quality.unexpected-row"
    assert "expect_column_values_to_be_between(column: v, min_value: 2)" in caught.value.message


ONE = "expectations:\n  - {type: %s, kwargs: {%s}, action: %s}\n"


@pytest.mark.parametrize(
    ("suite", "more", "code", "shown"),
    [
        (ONE % ("expect_column_values_to_be_unique", "column: v", "dead-letter"), {},
         "quality.not-in-stream", "whole table"),
        (ONE % ("expect_table_row_count_to_equal", "value: 3", "stop"), {},
         "quality.not-in-stream", "whole table"),
        (ONE % ("expect_column_values_to_not_be_null", "column: v, mostly: 0.9", "stop"), {},
         "quality.not-in-stream", "share"),
        (ONE % ("expect_column_values_to_not_be_null", "column: x", "warn"), {},
         "quality.unfit-column", "no column `x`"),
        (ONE % ("expect_column_values_to_be_of_type", "column: v, type_: STRING", "stop"), {},
         "quality.unfit-column", "observed INT"),
        (ONE % ("expect_column_values_to_not_be_null", "column: v", "dead-letter"),
         {"sink": ", 'upsert' = 'true'", "options": ", 'upsert' = 'true'"},
         "quality.not-in-stream", "cannot be set aside"),
    ],
)  # fmt: skip
def test_what_a_stream_cannot_hold_is_refused(
    suite: str, more: dict[str, str], code: str, shown: str
) -> None:
    with pytest.raises(SqlError) as caught:
        plan = planned(suite, **more)
        assert not plan.checks
    assert caught.value.code == code
    assert shown in caught.value.message


def test_what_needs_the_whole_table_is_noted_where_it_only_warns() -> None:
    suite = parse_suite(ONE % ("expect_column_values_to_be_unique", "column: v", "warn"), "s", "s")
    script = compile_script(
        TABLES.format(options="", sink="", key="") + "INSERT INTO sunk SELECT id, v FROM t;",
        "t",
        kit.CONNECTORS,
        {},
    )
    found, notes = in_stream(suite, "t", script.tables["t"].schema)
    assert not found
    assert "needs the whole table" in notes[0]
