"""The engine's behaviour at its edges: idle partitions, bad rows, late rows, bounded queries."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import kit
import pyarrow as pa
import pytest
from kit import Group, Partition, World

from tidemill.engine import EngineSettings, ManualClock
from tidemill.engine.watermarks import SourceWatermarks
from tidemill.errors import EngineError
from tidemill.plan.windows import MIN_WATERMARK_US

TABLES = """
CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'memory' {options});
CREATE TABLE win (k INT, we TIMESTAMP(3), n BIGINT) WITH ('connector' = 'memory');
CREATE TABLE copy (k INT, v INT) WITH ('connector' = 'memory');
CREATE TABLE strict (k INT, v STRING NOT NULL) WITH ('connector' = 'memory');
"""
WIN = """
INSERT INTO win SELECT k, window_end, COUNT(*)
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY k, window_start, window_end;
"""


def batch(seconds: list[int | None], values: list[Any] | None = None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "ts": pa.array(
                [None if s is None else s * 1_000_000 for s in seconds], pa.timestamp("us")
            ),
            "k": pa.array([0] * len(seconds), pa.int32()),
            "v": pa.array(values or ["1"] * len(seconds), pa.string()),
        }
    )


def world(parts: dict[str, pa.RecordBatch], **more: Any) -> World:
    group = Group("main", ("win", "copy", "strict", "dead", "t$late"))
    return World({"t": {n: Partition(b) for n, b in parts.items()}}, [group], **more)


def text(inserts: str, options: str = "") -> str:
    return TABLES.format(options=f", {options}" if options else "") + inserts


def finish(w: World, sql: str, folder: Path, **more: Any) -> Any:
    more.setdefault("settings", kit.one_batch_at_a_time())
    engine = w.engine(kit.plan_of(sql), folder, dead_letter_table="dead", **more)
    engine.run("finished")
    return engine.progress()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


# -- time


def test_a_silent_partition_holds_the_watermark_until_it_is_idle(tmp_path: Path) -> None:
    clock = ManualClock(1_000_000)
    w = world({"0": batch([1, 15]), "1": batch([])}, bounded=False)
    sql = text(WIN, "'bounded' = 'false', 'scan.watermark.idle-timeout' = '10 s'")
    settings = EngineSettings(epoch_interval_ms=0, quiet_epoch_interval_ms=0, read_timeout_ms=5)
    engine = w.engine(kit.plan_of(sql), tmp_path, clock=clock, settings=settings)
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        until(lambda: engine.progress().rows_in == 2)
        clock.advance(9_000)
        w.inputs["t"]["0"] = Partition(batch([1, 15, 30]))
        until(lambda: engine.progress().rows_in == 3)
        time.sleep(0.1)
        assert w.rows("win") == []
        assert engine.progress().holders_us["t"]["1"] == MIN_WATERMARK_US
        clock.advance(2_000)
        until(lambda: len(w.rows("win")) == 2)
    finally:
        engine.stop()
        thread.join(20)
    assert not thread.is_alive()
    assert engine.progress().state == "stopped"


def test_watermarks_of_partitions() -> None:
    import numpy as np

    clock = ManualClock()
    marks = SourceWatermarks(clock, 1000)
    marks.know(("a", "b"))
    stood = marks.arrive("a", np.array([5, 3, 9]))
    assert stood.tolist() == [MIN_WATERMARK_US] * 3
    stood = marks.arrive("b", np.array([4, 20, 6]))
    assert stood.tolist() == [MIN_WATERMARK_US, 4, 9]
    assert marks.current_us == 9
    clock.advance(2000)
    marks.arrive("b", np.array([30]))
    marks.tick()
    assert marks.current_us == 30
    assert marks.holders() == {"b": 30}
    assert marks.arrive("a", np.array([7, 40])).tolist() == [30, 30]
    assert marks.current_us == 30
    clock.advance(2000)
    marks.tick()
    assert marks.current_us == 30
    again = SourceWatermarks(clock, 1000)
    again.restore(marks.snapshot(0))
    assert again.current_us == 30


def test_late_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    w = world({"0": batch([1, 30, 2, 3])})
    progress = finish(w, text(WIN), tmp_path)
    assert [r["n"] for r in w.rows("win")] == [1, 1]
    assert progress.late == 2


def test_late_rows_go_to_their_table(tmp_path: Path) -> None:
    w = world({"0": batch([1, 30, 2, 3], ["a", "b", "c", "d"])})
    sql = text(WIN, "'late-handling.mode' = 'table'")
    finish(w, sql, tmp_path, late_tables={"t": "t$late"})
    assert [(r["k"], r["v"]) for r in w.rows("t$late")] == [(0, "c"), (0, "d")]


def test_late_rows_can_stop_the_pipeline(tmp_path: Path) -> None:
    w = world({"0": batch([1, 30, 2])})
    with pytest.raises(EngineError) as caught:
        finish(w, text(WIN, "'late-handling.mode' = 'fail'"), tmp_path)
    assert caught.value.code == "engine.late-row"


def test_cascaded_windows(tmp_path: Path) -> None:
    w = world({"0": batch(list(range(65)))})
    sql = (
        TABLES.format(options="")
        + """
        CREATE VIEW small AS SELECT k, window_time AS rt, COUNT(*) AS n
          FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))
          GROUP BY k, window_start, window_end, window_time;
        INSERT INTO win SELECT k, window_end, SUM(n)
          FROM TABLE(TUMBLE(TABLE small, DESCRIPTOR(rt), INTERVAL '30' SECOND))
          GROUP BY k, window_start, window_end;
    """
    )
    finish(w, sql, tmp_path)
    assert [r["n"] for r in w.rows("win")] == [30, 30, 5]


def test_union_of_two_tables_takes_the_slower_watermark(tmp_path: Path) -> None:
    sql = (
        TABLES.format(options="")
        + TABLES.format(options="").split(";")[0].replace("TABLE t ", "TABLE u ")
        + """;
        INSERT INTO win SELECT k, window_end, COUNT(*) FROM TABLE(
          TUMBLE(TABLE both_, DESCRIPTOR(ts), INTERVAL '10' SECOND))
          GROUP BY k, window_start, window_end;
    """
    )
    view = "CREATE VIEW both_ AS SELECT * FROM t UNION ALL SELECT * FROM u;"
    sql = sql.replace("INSERT INTO win", view + "INSERT INTO win")
    w = world({"0": batch([1, 11, 40])})
    w.inputs["u"] = {"0": Partition(batch([2, 12, 13]), cuts=[1, 2])}
    progress = finish(w, sql, tmp_path)
    assert progress.rows_in == 6
    assert sum(r["n"] for r in w.rows("win")) + progress.late == 6


# -- rows


def test_bad_rows_are_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    values = [str(i) if i % 10 else "no" for i in range(1000)]
    w = world({"0": batch(list(range(1000)), values)})
    progress = finish(w, text("INSERT INTO copy SELECT k, CAST(v AS INT) FROM t;"), tmp_path)
    assert [r["v"] for r in w.rows("copy")] == [i for i in range(1000) if i % 10]
    assert len(w.rows("dead")) == progress.dead_letters == 100


def test_a_key_twice_in_a_json_object_stops_the_pipeline(tmp_path: Path) -> None:
    """As Flink's job fails; no single row is at fault."""
    sql = text(
        "INSERT INTO copy SELECT 0, CHAR_LENGTH(JSON_OBJECTAGG(KEY v VALUE k)) FROM TABLE("
        "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;"
    )
    w = world({"0": batch([1, 2, 11], ["a", "b", "a"])})
    finish(w, sql, tmp_path / "once")
    assert [row["v"] for row in w.rows("copy")] == [13, 7]
    with pytest.raises(EngineError, match="JSON_OBJECTAGG has a key twice") as caught:
        finish(world({"0": batch([1, 2], ["a", "a"])}), sql, tmp_path / "twice")
    assert caught.value.code == "engine.aggregate-failed"
    assert "filter the rows" in str(caught.value.hint)


def test_bad_rows_can_stop_the_pipeline(tmp_path: Path) -> None:
    w = world({"0": batch([1, 2], ["1", "no"])})
    sql = text(
        "INSERT INTO copy SELECT k, CAST(v AS INT) FROM t;", "'error-handling.mode' = 'fail'"
    )
    with pytest.raises(EngineError) as caught:
        finish(w, sql, tmp_path)
    assert caught.value.code == "engine.bad-cast"
    assert "no" in caught.value.message


def test_bad_rows_inside_an_aggregate(tmp_path: Path) -> None:
    w = world({"0": batch([1, 2, 3, 30, 4], ["1", "no", "5", "7", "bad and late"])})
    sql = text(
        """INSERT INTO win SELECT k, window_end, SUM(CAST(v AS BIGINT))
        FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))
        GROUP BY k, window_start, window_end;"""
    )
    progress = finish(w, sql, tmp_path)
    assert [r["n"] for r in w.rows("win")] == [6, 7]
    assert progress.dead_letters + progress.late >= 2


def test_a_row_without_event_time_is_a_dead_letter(tmp_path: Path) -> None:
    w = world({"0": batch([1, None, 2])})
    finish(w, text(WIN), tmp_path)
    assert [r["code"] for r in w.rows("dead")] == ["engine.null-rowtime"]
    assert [r["n"] for r in w.rows("win")] == [2]


def test_null_for_a_not_null_column_is_a_dead_letter(tmp_path: Path) -> None:
    w = world({"0": batch([1, 2, 3], ["a", None, "c"])})
    finish(w, text("INSERT INTO strict SELECT k, v FROM t;"), tmp_path)
    assert [r["v"] for r in w.rows("strict")] == ["a", "c"]
    assert [(r["stage"], r["code"]) for r in w.rows("dead")] == [
        ("contract", "engine.null-in-not-null-column")
    ]


def test_changes_pass_with_their_kinds(tmp_path: Path) -> None:
    sql = """
        CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING)
          WITH ('connector' = 'memory', 'changelog' = 'true');
        CREATE TABLE copy (k INT, v STRING) WITH ('connector' = 'memory', 'changelog' = 'true');
        INSERT INTO copy SELECT k, UPPER(v) FROM t WHERE v <> 'x';
    """
    w = world({})
    w.inputs["t"] = {"0": Partition(batch([1, 2, 3, 4], ["a", "a", "x", "b"]), kinds=[0, 1, 2, 3])}
    progress = finish(w, sql, tmp_path)
    assert [(r["v"], r["$kind"]) for r in w.rows("copy")] == [
        ("A", "+I"), ("A", "-D"), ("B", "-D"),
    ]  # fmt: skip
    assert progress.retractions == 2


# -- bounded queries of the shell


def select(sql: str, folder: Path, rows: pa.RecordBatch | None = None) -> list[tuple[Any, ...]]:
    w = world({"0": batch([]) if rows is None else rows})
    finish(w, TABLES.format(options="") + sql, folder)
    return [tuple(r.values()) for _, b in w.selected for r in b.rows.to_pylist()]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT COUNT(*), SUM(k), MAX(v) FROM t;", [(4, 0, "d")]),
        ("SELECT v FROM t ORDER BY v DESC LIMIT 2;", [("d",), ("c",)]),
        ("SELECT v FROM t ORDER BY v OFFSET 1 ROWS;", [("b",), ("c",), ("d",)]),
        ("SELECT v FROM t LIMIT 2;", [("b",), ("a",)]),
        ("SELECT COUNT(DISTINCT v) FROM t WHERE v > 'a';", [(3,)]),
        ("SELECT v, COUNT(*) FROM t GROUP BY v HAVING v < 'c';", [("a", 1), ("b", 1)]),
        ("SELECT 1 + 1, 'x';", [(2, "x")]),
        ("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS q(i, s) ORDER BY i DESC;",
         [(2, "b"), (1, "a")]),
    ],
)  # fmt: skip
def test_selects(tmp_path: Path, sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert select(sql, tmp_path, batch([1, 2, 3, 4], ["b", "a", "d", "c"])) == expected


def test_an_aggregate_over_nothing_gives_one_row(tmp_path: Path) -> None:
    assert select("SELECT COUNT(*), SUM(k) FROM t;", tmp_path) == [(0, None)]
    assert select("SELECT k, COUNT(*) FROM t GROUP BY k;", tmp_path / "b") == []


def test_all_of_it_equals_duckdb(tmp_path: Path) -> None:
    seconds = [i * 7 % 600 for i in range(5000)]
    rows = batch(seconds, [str(i % 17) for i in range(5000)])
    w = world({"0": rows})
    w.inputs["t"]["0"].cuts = range(0, 5000, 333)
    sql = TABLES.format(options="").replace("'1' SECOND", "'1000' SECOND(4)")
    sql += """INSERT INTO win SELECT CAST(v AS INT), window_end, COUNT(*)
        FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '60' SECOND))
        WHERE v <> '3' GROUP BY v, window_start, window_end HAVING COUNT(*) > 2;"""
    finish(w, sql, tmp_path)
    table = pa.table(rows)
    wanted = duckdb.sql(
        """SELECT CAST(v AS INT) AS k, e AS we, COUNT(*) AS n FROM (
             SELECT *, UNNEST(RANGE(time_bucket(INTERVAL 20 SECOND, ts) + INTERVAL 20 SECOND,
               time_bucket(INTERVAL 20 SECOND, ts) + INTERVAL 61 SECOND, INTERVAL 20 SECOND)) AS e
             FROM "table") WHERE v <> '3' GROUP BY v, e HAVING COUNT(*) > 2 ORDER BY e, v"""
    ).to_arrow_table()
    assert table.num_rows == 5000
    assert w.rows("win") == wanted.to_pylist()


# -- life


def test_stop_commits_and_the_next_run_goes_on(tmp_path: Path) -> None:
    w = world({"0": batch(list(range(100)), [str(i) for i in range(100)])}, bounded=False)
    w.inputs["t"]["0"].cuts = range(0, 100, 10)
    sql = text("INSERT INTO copy SELECT k, CAST(v AS INT) FROM t;", "'bounded' = 'false'")
    for _ in range(2):
        engine = w.engine(kit.plan_of(sql), tmp_path, settings=kit.one_batch_at_a_time())
        threading.Timer(0.1, engine.stop).start()
        engine.run("forever")
        assert engine.progress().state == "stopped"
    engine = w.engine(kit.plan_of(sql), tmp_path)
    engine.run("caught-up")
    assert engine.progress().state == "finished"
    assert [r["v"] for r in w.rows("copy")] == list(range(100))


def test_a_slow_sink_slows_the_source(tmp_path: Path) -> None:
    rows = batch(list(range(2000)))
    w = world({"0": rows})
    w.inputs["t"]["0"].cuts = range(0, 2000, 10)
    ahead: list[int] = []

    def slow(step: str, epoch: int) -> None:
        if step == "write":
            time.sleep(0.002)

    def hook(source: Any) -> None:
        ahead.append(source.positions["0"] - sum(len(b) for _, _, b in w.groups[0].committed))

    w.groups[0].fail, w.read_hook = slow, hook
    settings = EngineSettings(
        epoch_interval_ms=1, rows_min=10, rows_max=10, queued_bytes_max=200, read_timeout_ms=5
    )
    finish(
        w, text("INSERT INTO copy SELECT k, CAST(v AS INT) FROM t;"), tmp_path, settings=settings
    )
    assert len(w.rows("copy")) == 2000
    assert max(ahead) < 400


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    finish(world({"0": batch([1, 2])}), text(WIN), tmp_path)
    assert threading.active_count() == before


def test_a_bounded_input_that_has_grown_goes_on(tmp_path: Path) -> None:
    w = world({"0": batch([1, 2, 12])})
    sql = text(WIN + "INSERT INTO copy SELECT k, CAST(COUNT(*) AS INT) FROM t GROUP BY k;")
    finish(w, sql, tmp_path)
    finish(w, sql, tmp_path)
    assert [r["n"] for r in w.rows("win")] == [2, 1]
    assert [r["v"] for r in w.rows("copy")] == [3]
    w.inputs["t"]["0"] = Partition(batch([1, 2, 12, 13, 25, 26]))
    progress = finish(w, sql, tmp_path)
    assert [r["n"] for r in w.rows("win")] == [2, 1, 2]
    assert progress.late == 1
    assert [r["v"] for r in w.rows("copy")] == [3, 6]


def test_a_result_of_the_whole_input_is_not_joined_beside_its_old_self(tmp_path: Path) -> None:
    sql = text(
        "INSERT INTO copy SELECT t.k, a.n FROM t CROSS JOIN "
        "(SELECT CAST(COUNT(*) AS INT) AS n FROM t) a;"
    )
    w = world({"0": batch([1, 2])})
    for _ in range(2):
        finish(w, sql, tmp_path)
        assert [row["v"] for row in w.rows("copy")] == [2, 2]
    w.inputs["t"]["0"] = Partition(batch([1, 2, 3]))
    with pytest.raises(EngineError) as caught:
        finish(w, sql, tmp_path)
    assert caught.value.code == "engine.result-written"
    assert [row["v"] for row in w.rows("copy")] == [2, 2]
