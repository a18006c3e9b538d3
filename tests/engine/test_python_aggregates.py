"""Aggregate functions in Python: in windows, over bounded input, over streams and changelogs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import Crash, Group, Partition, World

from tidemill.errors import SqlError
from tidemill.model import RowKind
from tidemill.project import ProjectFunctions

MODULE = '''
from tidemill.functions import AggregateFunction, Row, udaf

class Joined(AggregateFunction):
    """Depends on the order, so that it shows."""
    def create_accumulator(self):
        return []
    def accumulate(self, accumulator, text):
        if text == "bad":
            accumulator.append("half")
            raise ValueError("no bad words")
        accumulator.append(text)
    def merge(self, accumulator, accumulators):
        for other in accumulators:
            accumulator.extend(other)
    def get_value(self, accumulator):
        return ",".join(accumulator)

joined = udaf(Joined(), result_type="STRING", accumulator_type="ARRAY<STRING>")

class Mean(AggregateFunction):
    def create_accumulator(self):
        return Row(0, 0)
    def accumulate(self, accumulator, value: int, weight: int):
        if value is not None:
            accumulator[0] += value * weight
            accumulator[1] += weight
    def retract(self, accumulator, value: int, weight: int):
        if value is not None:
            accumulator[0] -= value * weight
            accumulator[1] -= weight
    def merge(self, accumulator, accumulators):
        for other in accumulators:
            accumulator[0] += other[0]
            accumulator[1] += other[1]
    def get_value(self, accumulator):
        return accumulator[0] / accumulator[1] if accumulator[1] else None
    def get_result_type(self):
        return "DOUBLE"
    def get_accumulator_type(self):
        return "ROW<total BIGINT, weight BIGINT>"

mean = udaf(Mean())
'''
TABLES = """
CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING, n BIGINT,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'memory' {options});
CREATE TABLE sums (k INT, j STRING, m DOUBLE, n BIGINT) WITH ('connector' = 'memory' {sink});
CREATE FUNCTION joined AS 'sums.joined' LANGUAGE PYTHON;
CREATE FUNCTION mean AS 'sums.mean' LANGUAGE PYTHON;
"""
TUMBLE = """INSERT INTO sums SELECT k, joined(v), mean(n, 1 + k), COUNT(*)
  FROM t GROUP BY k, TUMBLE(ts, INTERVAL '10' SECOND);"""
HOP = """INSERT INTO sums SELECT k, joined(v) FILTER (WHERE v <> 'c'), mean(n, 1), COUNT(DISTINCT v)
  FROM t GROUP BY k, HOP(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND);"""
SESSION = """INSERT INTO sums SELECT k, joined(v), mean(n, 1), COUNT(*)
  FROM t GROUP BY k, SESSION(ts, INTERVAL '5' SECOND);"""
BOUNDED = "INSERT INTO sums SELECT k, joined(v), mean(n, 1), COUNT(*) FROM t GROUP BY k;"
GROUP = "INSERT INTO sums SELECT k, joined(v), mean(n, 1), SUM(n) FROM t GROUP BY k;"


@pytest.fixture(scope="module")
def functions(tmp_path_factory) -> ProjectFunctions:
    root = tmp_path_factory.mktemp("project")
    (root / "sums.py").write_text(MODULE)
    return ProjectFunctions(root)


def rows(values: list[tuple[int, int, str, int | None]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "ts": pa.array([s * 1_000_000 for s, *_ in values], pa.timestamp("us")),
            "k": pa.array([k for _, k, _, _ in values], pa.int32()),
            "v": pa.array([v for _, _, v, _ in values], pa.string()),
            "n": pa.array([n for *_, n in values], pa.int64()),
        }
    )


def run(
    functions: ProjectFunctions, folder: Path, insert: str, batch: pa.RecordBatch, *,
    cuts: Any = (), kinds: list[int] | None = None, stream: bool = False, crash: int | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    world = World({"t": {"0": Partition(batch, kinds, cuts)}}, [Group("main", ("sums", "dead"))])
    options = ", 'changelog' = 'true'" if kinds else ""
    text = TABLES.format(options=options, sink=", 'changelog' = 'true'" if stream else "")
    text = ("SET 'execution.runtime-mode' = 'streaming';" if stream else "") + text + insert
    plan = kit.plan_of(text, functions)
    if crash is not None:
        reads = 0

        def die(_source: Any) -> None:
            nonlocal reads
            reads += 1
            if reads > crash:
                world.read_hook = None
                raise Crash

        world.read_hook = die
    for _ in range(3):
        engine = world.engine(
            plan, folder, dead_letter_table="dead", settings=kit.one_batch_at_a_time()
        )
        try:
            engine.run("finished")
            break
        except Crash:
            continue
    return world.rows("sums"), world.rows("dead")


def materialised(found: list[dict[str, Any]]) -> dict[int, tuple[Any, ...]]:
    """What a changelog comes to, checked to be legal on the way."""
    state: dict[int, tuple[Any, ...]] = {}
    for row in found:
        kind = row.pop("$kind")
        value = tuple(row.values())
        if kind in ("-U", "-D"):
            assert state.pop(row["k"]) == value
        else:
            assert row["k"] not in state
            state[row["k"]] = value
    return state


def by_key(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a key in the order they came in; which key is first nobody promises."""
    return sorted(found, key=lambda row: row["k"])


INPUT = rows(
    [(1, 0, "b", 2), (2, 1, "a", 10), (3, 0, "a", None), (9, 0, "c", 5), (12, 1, "z", 1),
     (13, 1, "y", 3), (25, 0, "q", 7)]
)  # fmt: skip


@pytest.mark.parametrize("cuts", [(), (1, 2, 3, 4, 5, 6), (3,)])
def test_rows_of_a_window_are_folded_in_their_order(functions, tmp_path, cuts) -> None:
    found, dead = run(functions, tmp_path, TUMBLE, INPUT, cuts=cuts)
    assert not dead
    assert [tuple(row.values()) for row in found] == [
        (0, "b,a,c", 3.5, 3), (1, "a", 10.0, 1), (1, "z,y", 2.0, 2), (0, "q", 7.0, 1),
    ]  # fmt: skip


def test_hopping_windows_share_rows_but_not_their_order(functions, tmp_path) -> None:
    found, _ = run(functions, tmp_path, HOP, INPUT, cuts=(2, 4))
    assert [tuple(row.values()) for row in found if row["k"] == 0] == [
        (0, "b,a", 2.0, 2), (0, "b,a", 3.5, 3), (0, "", 5.0, 1), (0, "q", 7.0, 1), (0, "q", 7.0, 1),
    ]  # fmt: skip


def test_bounded_input_gives_its_groups_once(functions, tmp_path) -> None:
    found, _ = run(functions, tmp_path, BOUNDED, INPUT)
    assert [tuple(row.values()) for row in found] == [
        (0, "b,a,c,q", 14 / 3, 4), (1, "a,z,y", 14 / 3, 3),
    ]  # fmt: skip


def test_a_stream_keeps_accumulators_and_gives_changes(functions, tmp_path) -> None:
    found, _ = run(functions, tmp_path, GROUP, INPUT, cuts=(1, 2, 3), stream=True)
    assert [row["$kind"] for row in found] == ["+I", "+I", "-U", "+U", "-U", "+U", "-U", "+U"]
    assert materialised(found) == {
        0: (0, "b,a,c,q", 14 / 3, 14), 1: (1, "a,z,y", 14 / 3, 14),
    }  # fmt: skip


def test_a_row_that_cannot_be_accumulated_is_set_aside(functions, tmp_path) -> None:
    batch = rows([(1, 0, "a", 1), (2, 0, "bad", 1), (3, 0, "c", 1)])
    for insert, stream in ((TUMBLE, False), (GROUP, True)):
        found, dead = run(functions, tmp_path / str(stream), insert, batch, stream=stream)
        assert found[-1]["j"] == "a,c"
        (letter,) = dead
        assert letter["code"] == "engine.function-failed"
        assert (
            "joined failed: ValueError: no bad words (sums.py:11, in accumulate)"
            in (letter["message"])
        )
        assert b"bad" in letter["value"]
        assert letter["partition"] == ("0" if stream else None)


def test_withdrawn_rows_are_retracted(functions, tmp_path) -> None:
    kinds = [RowKind.INSERT, RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER,
             RowKind.DELETE]  # fmt: skip
    batch = rows([(1, 0, "a", 2), (2, 0, "b", 4), (1, 0, "a", 2), (1, 1, "a", 6), (2, 0, "b", 4)])
    insert = "INSERT INTO sums SELECT k, MIN(v), mean(n, 1), SUM(n) FROM t GROUP BY k;"
    found, _ = run(
        functions, tmp_path, insert, batch, kinds=[int(k) for k in kinds], cuts=(1, 2, 4),
        stream=True,
    )  # fmt: skip
    assert [r["$kind"] for r in found] == ["+I", "-U", "+U", "-U", "+U", "+I", "-D"]
    assert materialised(found) == {1: (1, "a", 6.0, 6)}


def test_sessions_take_their_rows_in_order(functions, tmp_path) -> None:
    found, _ = run(functions, tmp_path, SESSION, INPUT, cuts=(1, 2, 3, 4, 5, 6))
    assert sorted(tuple(row.values()) for row in found) == [
        (0, "b,a", 2.0, 2), (0, "c", 5.0, 1), (0, "q", 7.0, 1), (1, "a", 10.0, 1),
        (1, "z,y", 2.0, 2),
    ]  # fmt: skip


def test_a_function_without_merge_is_refused_where_flink_merges(functions, tmp_path) -> None:
    (functions.root / "short.py").write_text(
        MODULE.replace("    def merge", "    def unused").replace("class Joined", "class Short")
        .replace("udaf(Joined()", "udaf(Short()")
    )  # fmt: skip
    declare = "CREATE FUNCTION short AS 'short.joined' LANGUAGE PYTHON;"
    with pytest.raises(SqlError, match="short cannot be merged") as caught:
        run(functions, tmp_path, declare + SESSION.replace("joined(", "short("), INPUT)
    assert caught.value.code == "plan.not-mergeable"


def test_a_function_without_retract_is_refused_over_changes(functions, tmp_path) -> None:
    with pytest.raises(SqlError, match="joined cannot take rows back") as caught:
        run(functions, tmp_path, GROUP, INPUT, kinds=[0] * INPUT.num_rows, stream=True)
    assert caught.value.code == "plan.not-retractable"


_ROWS = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(0, 2), st.sampled_from(["a", "b", "bad"]),
        st.none() | st.integers(-9, 9),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=4, deadline=None)
@given(values=_ROWS, data=st.data())
def test_any_batches_and_any_restart_give_the_same(
    functions, tmp_path_factory, values, data
) -> None:
    batch = rows(sorted(values, key=lambda row: row[0]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(values)))))
    crash = data.draw(st.integers(1, 6))
    for insert, stream in ((TUMBLE, False), (HOP, False), (SESSION, False), (GROUP, True)):
        folder = tmp_path_factory.mktemp("run")
        whole, lost = run(functions, folder / "a", insert, batch, stream=stream)
        pieces, also = run(
            functions, folder / "b", insert, batch, stream=stream, cuts=cuts, crash=crash
        )
        if stream:
            assert materialised(pieces) == materialised(whole)
        else:
            assert by_key(pieces) == by_key(whole)
        assert sorted(map(str, also)) == sorted(map(str, lost))
