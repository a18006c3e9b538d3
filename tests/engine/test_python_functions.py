"""Python functions in the engine: values in and out, bad rows with their origin, late rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from kit import Group, Partition, World

from tidemill.errors import EngineError, SqlError
from tidemill.model import RowKind
from tidemill.project import ProjectFunctions

MODULE = """
import datetime, decimal
import pyarrow as pa
import pyarrow.compute as pc
from tidemill.functions import AggregateFunction, Row, ScalarFunction, udaf, udf, udtf

CALLS = []

@udf
def shout(text: str) -> str:
    CALLS.append(text)
    if text == "bad":
        raise ValueError("no bad words")
    return None if text is None else text.upper() + "!"

@udf
def length(text: str) -> int:
    return len(text)

@udf(func_type="arrow")
def doubled(x: int) -> int:
    if pc.any(pc.equal(x, 13)).as_py():
        raise RuntimeError("unlucky")
    return pc.multiply(x, 2)

@udf(result_type="INT", input_types=["INT"])
def tiny(x):
    return 3_000_000_000 if x == 1 else "two" if x == 2 else x + 0.9

@udf(result_type="BIGINT")
def stops(x):
    if x == 2:
        raise StopIteration
    return x

class Adder(ScalarFunction):
    def open(self, context):
        self.step = 100
    def eval(self, x: int) -> int:
        return x + self.step

adder = udf(Adder())

@udf(result_type="BIGINT", deterministic=False)
def counter():
    CALLS.append(None)
    return len(CALLS)

@udf(result_type="STRING")
def described(value):
    return f"{type(value).__name__} {value!r}"

@udf(result_type="ROW<a BIGINT, b STRING>")
def pair(a, b):
    return Row(b=b, a=a) if a else Row(a, b)

@udf(result_type="ARRAY<BIGINT>")
def upto(n):
    return list(range(n))

@udf(result_type="MAP<STRING, BIGINT>")
def letters(text):
    return {c: text.count(c) for c in text}

@udf(result_type="DECIMAL(5, 2)")
def money(x):
    return decimal.Decimal(x) / 8

@udf(result_type="TIMESTAMP(3)")
def later(t):
    return t + datetime.timedelta(microseconds=1_999)
"""

MODULE += """
@udtf(result_types=["STRING", "INT"])
def exploded(text):
    if text == "one":
        return "one", 1
    if text == "none":
        return None
    return ((word, len(word)) for word in text.split() if check(word))

def check(word):
    if word == "bad":
        raise ValueError("no bad words")
    return True

@udtf(result_types=["BIGINT"])
def count_words(n: int):
    return range(n)
"""

NAMES = """shout length doubled tiny stops adder counter described pair upto letters money later
count_words exploded spread total"""
TABLES = """
CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'memory' {options});
"""


@pytest.fixture
def functions(tmp_path: Path) -> ProjectFunctions:
    folder = tmp_path / "project" / "functions"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(MODULE)
    return ProjectFunctions(tmp_path / "project")


def declared() -> str:
    return "".join(
        f"CREATE FUNCTION {n} AS 'mine.{n}' LANGUAGE PYTHON;" for n in NAMES.split()
        if f"def {n}(" in MODULE or f"\n{n} = " in MODULE
    )  # fmt: skip


def rows(values: list[Any], ks: list[int | None] | None = None) -> pa.RecordBatch:
    n = len(values)
    return pa.RecordBatch.from_pydict(
        {
            "ts": pa.array([i * 1_000_000 for i in range(n)], pa.timestamp("us")),
            "k": pa.array(ks or list(range(n)), pa.int32()),
            "v": pa.array(values, pa.string()),
        }
    )


def run(
    functions: ProjectFunctions, folder: Path, query: str, batch: pa.RecordBatch,
    options: str = "", **more: Any,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], World]:  # fmt: skip
    kinds = more.pop("kinds", None)
    cuts = more.pop("cuts", ())
    world = World({"t": {"0": Partition(batch, kinds, cuts)}}, [Group("main", ("dead", "t$late"))])
    text = TABLES.format(options=f", {options}" if options else "") + declared() + query
    more.setdefault("settings", kit.one_batch_at_a_time())
    engine = world.engine(
        kit.plan_of(text, functions), folder / "state", dead_letter_table="dead", **more
    )
    engine.run("finished")
    found = []
    for _, part in world.selected:
        taken = part.rows.to_pylist()
        if part.kinds is not None:
            taken = [
                {**row, "$": RowKind(kind).short}
                for row, kind in zip(taken, part.kinds.to_pylist(), strict=True)
            ]
        found += taken
    return found, world.rows("dead"), world


def test_a_row_wise_function_is_called_once_for_each_row_that_passes(functions, tmp_path) -> None:
    found, dead, _ = run(
        functions, tmp_path, "SELECT k, shout(v) AS s FROM t WHERE k <> 1;", rows(["a", "b", None])
    )
    assert found == [{"k": 0, "s": "A!"}, {"k": 2, "s": None}]
    assert not dead
    assert functions.function("mine.shout").function.__globals__["CALLS"] == ["a", None]


def test_calls_within_calls_and_in_conditions(functions, tmp_path) -> None:
    query = """SELECT k, length(shout(v) || '?') + 1 AS n, UPPER(shout(LOWER(v))) AS u
      FROM t WHERE k >= 0 AND length(v) < 3 AND k < 9;"""
    found, _, _ = run(functions, tmp_path, query, rows(["a", "long", "bc"]))
    assert found == [{"k": 0, "n": 4, "u": "A!"}, {"k": 2, "n": 5, "u": "BC!"}]


def test_an_exception_names_function_file_line_and_row(functions, tmp_path) -> None:
    found, dead, _ = run(
        functions, tmp_path, "SELECT k, shout(v) AS s FROM t;", rows(["a", "bad", "c"])
    )
    assert [row["s"] for row in found] == ["A!", "C!"]
    (letter,) = dead
    line = MODULE[: MODULE.index('raise ValueError("no')].count("\n") + 1
    assert letter["code"] == "engine.function-failed"
    assert letter["message"] == (
        f"the function shout failed: ValueError: no bad words (functions/mine.py:{line}, in shout)"
    )
    assert letter["table"] == "t" and letter["partition"] == "0"
    assert b'"v": "bad"' in letter["value"]


def test_wrong_results_are_set_aside_and_others_coerced(functions, tmp_path) -> None:
    found, dead, _ = run(
        functions, tmp_path, "SELECT k, tiny(k) AS n FROM t;", rows(["", "", "", ""])
    )
    assert found == [{"k": 0, "n": 0}, {"k": 3, "n": 3}]
    assert [d["code"] for d in dead] == ["engine.wrong-result"] * 2
    assert "int 3000000000 for the type INT: out of range" in dead[0]["message"]
    assert "str 'two' for the type INT" in dead[1]["message"]


def test_a_vectorised_function_is_called_for_a_batch_and_bisected(functions, tmp_path) -> None:
    found, dead, _ = run(
        functions, tmp_path, "SELECT doubled(k) AS n FROM t;",
        rows([""] * 5, [1, 13, None, 13, 5]),
    )  # fmt: skip
    assert [row["n"] for row in found] == [2, None, 10]
    assert len(dead) == 2 and "RuntimeError: unlucky" in dead[0]["message"]


def test_a_stop_iteration_is_an_exception_like_others(functions, tmp_path) -> None:
    found, dead, _ = run(functions, tmp_path, "SELECT stops(k) AS n FROM t;", rows([""] * 5))
    assert [row["n"] for row in found] == [0, 1, 3, 4]
    assert "StopIteration" in dead[0]["message"]


def test_objects_are_opened_and_functions_without_arguments_called(functions, tmp_path) -> None:
    found, _, _ = run(
        functions, tmp_path, "SELECT adder(k) AS a, counter() AS c FROM t;", rows([""] * 3)
    )
    assert found == [{"a": 100, "c": 1}, {"a": 101, "c": 2}, {"a": 102, "c": 3}]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CAST(1 AS TINYINT)", "int 1"),
        ("1.50", "Decimal Decimal('1.50')"),
        ("CAST(1.5 AS DOUBLE)", "float 1.5"),
        ("x'00ff'", "bytes b'\\x00\\xff'"),
        ("DATE '2024-02-29'", "date datetime.date(2024, 2, 29)"),
        ("TIME '01:02:03'", "time datetime.time(1, 2, 3)"),
        (
            "CAST('2024-01-01 00:00:00.123456789' AS TIMESTAMP(9))",
            "datetime datetime.datetime(2024, 1, 1, 0, 0, 0, 123456)",
        ),
        ("TO_TIMESTAMP_LTZ(0, 3)",
         "datetime datetime.datetime(1970, 1, 1, 0, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))"),
        ("ARRAY[1, CAST(NULL AS INT)]", "list [1, None]"),
        ("MAP['a', 1]", "dict {'a': 1}"),
        ("ROW(1, 'x')", "Row Row(EXPR$0=1, EXPR$1='x')"),
        ("ARRAY[ROW(1, MAP['a', 2])]", "list [Row(EXPR$0=1, EXPR$1={'a': 2})]"),
        ("CAST(NULL AS INT)", "NoneType None"),
    ],
)  # fmt: skip
def test_values_come_as_pyflink_gives_them(functions, tmp_path, sql: str, expected: str) -> None:
    found, dead, _ = run(functions, tmp_path, f"SELECT described({sql}) AS d FROM t;", rows([""]))
    assert not dead
    assert found == [{"d": expected}]


def test_nested_results_and_rounding(functions, tmp_path) -> None:
    query = """SELECT pair(k, v) AS p, upto(k) AS a, letters(v) AS m, money(k) AS d, later(ts) AS t,
      pair(k, v).b AS b FROM t;"""
    found, dead, _ = run(functions, tmp_path, query, rows(["xx", "y"], [0, 3]))
    assert not dead
    assert found[1]["p"] == {"a": 3, "b": "y"} and found[0]["p"] == {"a": 0, "b": "xx"}
    assert found[1]["a"] == [0, 1, 2] and found[0]["m"] == [("x", 2)]
    assert found[1]["d"] == Decimal("0.38") and found[1]["b"] == "y"
    assert str(found[0]["t"]) == "1970-01-01 00:00:00.001000"


def test_late_rows_behind_a_function_are_kept_as_the_table_has_them(functions, tmp_path) -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "ts": pa.array([s * 1_000_000 for s in (1, 25, 2, 26)], pa.timestamp("us")),
            "k": pa.array([1, 2, 3, 4], pa.int32()),
            "v": pa.array(["a", "b", "c", "bad"], pa.string()),
        }
    )
    query = """CREATE VIEW shouted AS SELECT ts, shout(v) AS s FROM t;
    SELECT s, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE shouted, DESCRIPTOR(ts), INTERVAL '10' SECOND))
      GROUP BY s, window_start, window_end;"""
    found, dead, world = run(
        functions, tmp_path, query, batch, "'late-handling.mode' = 'table'", cuts=[1, 2, 3],
        late_tables={"t": "t$late"},
    )  # fmt: skip
    assert found == [{"s": "A!", "n": 1}, {"s": "B!", "n": 1}]
    assert [row["k"] for row in world.rows("t$late")] == [3]
    assert [d["code"] for d in dead] == ["engine.function-failed"]


def test_computed_columns_in_python_stand_behind_the_watermark(functions, tmp_path) -> None:
    text = """
    CREATE FUNCTION shout AS 'mine.shout' LANGUAGE PYTHON;
    CREATE TABLE c (ts TIMESTAMP(3), k INT, v STRING, s AS shout(v || 'x'), n AS k + 1,
      WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'memory');
    SELECT s, SUM(n) AS n FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '10' SECOND))
      GROUP BY s, window_start, window_end;
    SELECT k FROM c;
    """
    world = World({"c": {"0": Partition(rows(["a", "b", "a"]))}}, [Group("main", ("dead",))])
    plan = kit.plan_of(text, functions)
    world.engine(plan, tmp_path / "s", settings=kit.one_batch_at_a_time()).run("finished")
    by_select: dict[int, list[Any]] = {}
    for index, part in world.selected:
        by_select.setdefault(index, []).extend(part.rows.to_pylist())
    assert {(r["s"], r["n"]) for r in by_select[0]} == {("AX!", 4), ("BX!", 2)}
    assert [r["k"] for r in by_select[1]] == [0, 1, 2]


def test_a_change_whose_half_fails_stays_a_legal_changelog(functions, tmp_path) -> None:
    kinds = [RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER]
    found, dead, _ = run(
        functions, tmp_path, "SELECT k, shout(v) AS s FROM t;", rows(["a", "a", "bad"], [1, 1, 1]),
        "'changelog' = 'true'", kinds=[int(k) for k in kinds],
    )  # fmt: skip
    assert found == [{"k": 1, "s": "A!", "$": "+I"}, {"k": 1, "s": "A!", "$": "-D"}]
    assert len(dead) == 1


def test_a_function_that_is_not_deterministic_is_refused_over_changes(functions, tmp_path) -> None:
    with pytest.raises(SqlError, match="not deterministic") as caught:
        run(
            functions, tmp_path, "SELECT k, counter() AS c FROM t;", rows(["a"]),
            "'changelog' = 'true'", kinds=[0],
        )  # fmt: skip
    assert caught.value.code == "plan.not-deterministic"


def test_the_mode_fail_stops_at_the_first_bad_row(functions, tmp_path) -> None:
    with pytest.raises(EngineError, match="no bad words"):
        run(
            functions, tmp_path, "SELECT shout(v) AS s FROM t;", rows(["a", "bad"]),
            "'error-handling.mode' = 'fail'",
        )  # fmt: skip


def test_table_functions_give_rows_beside_each_row(functions, tmp_path) -> None:
    query = """SELECT k, w, n FROM t, LATERAL TABLE(exploded(v)) AS a (w, n) WHERE n < 9;
      SELECT k, w FROM t LEFT JOIN LATERAL TABLE(exploded(v)) AS a (w, n) ON TRUE;
      SELECT k, f0 FROM t CROSS JOIN LATERAL TABLE(count_words(k + 1)) WHERE k < 2;
      SELECT f0 FROM LATERAL TABLE(count_words(2)) AS c;"""
    batch = rows(["a bc", "one", "none", "x bad", "", "quitealong word"])
    world = World({"t": {"0": Partition(batch)}}, [Group("main", ("dead",))])
    plan = kit.plan_of(TABLES.format(options="") + declared() + query, functions)
    settings = kit.one_batch_at_a_time()
    world.engine(plan, tmp_path / "s", settings=settings, dead_letter_table="dead").run("finished")
    found: dict[int, list[Any]] = {}
    for index, part in world.selected:
        found.setdefault(index, []).extend(tuple(r.values()) for r in part.rows.to_pylist())
    assert sorted(found[0]) == [(0, "a", 1), (0, "bc", 2), (1, "one", 1), (5, "word", 4)]
    assert sorted(found[1], key=str) == [
        (0, "a"), (0, "bc"), (1, "one"), (2, None), (4, None), (5, "quitealong"), (5, "word"),
    ]  # fmt: skip
    assert sorted(found[2]) == [(0, 0), (1, 0), (1, 1)]
    assert sorted(found[3]) == [(0,), (1,)]
    assert {d["code"] for d in world.rows("dead")} == {"engine.function-failed"}
    assert "in check)" in world.rows("dead")[0]["message"]


def test_a_change_behind_a_table_function_is_rows_that_go_and_come(functions, tmp_path) -> None:
    kinds = [RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER]
    found, _, _ = run(
        functions, tmp_path, "SELECT w FROM t, LATERAL TABLE(exploded(v)) AS a (w, n);",
        rows(["a b", "a b", "c"], [1, 1, 1]), "'changelog' = 'true'",
        kinds=[int(k) for k in kinds],
    )  # fmt: skip
    assert [(row["w"], row["$"]) for row in found] == [
        ("a", "+I"), ("b", "+I"), ("a", "-D"), ("b", "-D"), ("c", "+I"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("JOIN t AS b ON shout(a.v) = shout(b.v) AND a.k < b.k", [(0, 3)]),
        ("LEFT JOIN t AS b ON shout(a.v) = b.v || '!' AND length(b.v) = 1 AND a.k <> b.k",
         [(0, None), (1, None), (2, None), (3, None)]),
        ("LEFT JOIN t AS b ON shout(a.v) = shout(UPPER(b.v)) AND a.k < b.k",
         [(0, 3), (1, None), (2, None), (3, None)]),
        ("FULL JOIN t AS b ON length(a.v) = length(b.v) + 1",
         [(0, None), (1, None), (2, 0), (2, 1), (2, 3), (3, None), (None, 2)]),
    ],
)  # fmt: skip
def test_a_condition_of_a_join_is_computed_on_its_sides(
    functions, tmp_path, join: str, expected: list[Any]
) -> None:
    found, dead, _ = run(
        functions, tmp_path, f"SELECT a.k, b.k AS k2 FROM t AS a {join};",
        rows(["a", "b", "bb", "a"]),
    )  # fmt: skip
    assert not dead
    assert sorted((tuple(r.values()) for r in found), key=str) == sorted(expected, key=str)


def test_a_function_over_both_sides_of_a_join_is_refused(functions, tmp_path) -> None:
    with pytest.raises(SqlError, match="reads both sides") as caught:
        run(
            functions, tmp_path,
            "SELECT a.k FROM t AS a JOIN t AS b ON length(a.v || b.v) > 1;", rows(["a"]),
        )  # fmt: skip
    assert caught.value.code == "plan.python-join"
