"""Set operations and UNNEST against bags of rows, whatever the batches, crashes and retractions."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine import crash_points
from tidemill.plan import PhysicalPlan, explain, lint
from tidemill.plan.operators.set_operation import SetStage

LAWS = kit.laws()
Row = tuple[int, str | None, int | None]
"""Side (0 left, 1 right), text, number."""
SCHEMA = pa.schema([("side", pa.int64()), ("k", pa.string()), ("v", pa.int64())])
OPERATORS = ["INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL", "UNION"]


@lru_cache
def plan(operator: str, bounded: bool = False) -> PhysicalPlan:
    own = "'connector' = 'memory', 'changelog' = 'true'"
    append = bounded and not operator.startswith("UNION ALL")
    sink = "'connector' = 'memory'" if append else own
    return kit.plan_of(
        f"""CREATE TABLE t (side BIGINT, k STRING, v BIGINT)
          WITH ({own}, 'bounded' = '{str(bounded).lower()}');
        CREATE TABLE w (k STRING, v BIGINT) WITH ({sink});
        INSERT INTO w SELECT k, v FROM t WHERE side = 0 {operator}
          SELECT k, v FROM t WHERE side = 1;
        """
    )


def world(rows: list[Row], kinds: list[int], cuts: list[int], bounded: bool = False) -> kit.World:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(SCHEMA.names)}
    batch = pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
    w = kit.World({"t": {"0": kit.Partition(batch, kinds, cuts)}}, [kit.Group("main", ("w",))])
    w.bounded = bounded
    return w


def run(w: kit.World, p: PhysicalPlan, folder: str) -> None:
    engine = w.engine(p, Path(folder), settings=kit.one_batch_at_a_time())
    engine.run("finished" if w.bounded else "caught-up")


def contents(w: kit.World) -> Counter[tuple[Any, ...]]:
    """What a changelog comes to; fails where it is not legal."""
    table: Counter[tuple[Any, ...]] = Counter()
    for row in w.rows("w"):
        values = (row["k"], row["v"])
        if row.get("$kind", "+I") in ("+I", "+U"):
            table[values] += 1
        else:
            assert table[values] > 0, f"{row['$kind']} of a row that is not there: {values}"
            table[values] -= 1
    return +table


def wanted(operator: str, rows: list[Row], kinds: list[int]) -> Counter[tuple[Any, ...]]:
    sides: tuple[Counter[tuple[Any, ...]], ...] = (Counter(), Counter())
    for row, kind in zip(rows, kinds, strict=True):
        sides[row[0]][row[1:]] += -1 if kind in (1, 3) else 1
    left, right = (+side for side in sides)
    if not operator.endswith("ALL"):
        left, right = Counter(set(left)), Counter(set(right))
    if operator == "UNION":
        return left | right
    return left & right if operator.startswith("INTERSECT") else left - right


@st.composite
def changelogs(draw: st.DrawFn) -> tuple[list[Row], list[int]]:
    rows: list[Row] = []
    kinds: list[int] = []
    there: list[Row] = []
    row = st.tuples(
        st.integers(0, 1), st.sampled_from([None, "a", "b"]), st.sampled_from([None, 0, 1])
    )
    for _ in range(draw(st.integers(0, 40))):
        if there and draw(st.integers(0, 2)) == 0:
            rows.append(there.pop(draw(st.integers(0, len(there) - 1))))
            kinds.append(3)
        else:
            rows.append(draw(row))
            kinds.append(0)
            there.append(rows[-1])
    return rows, kinds


CUTS = st.lists(st.integers(1, 40), max_size=8)


@LAWS
@given(changelogs(), CUTS, st.sampled_from(OPERATORS), st.booleans())
def test_any_batches_come_to_the_bag(
    changes: tuple[list[Row], list[int]], cuts: list[int], operator: str, bounded: bool
) -> None:
    w = world(*changes, cuts, bounded)
    with tempfile.TemporaryDirectory() as folder:
        run(w, plan(operator, bounded), folder)
    assert contents(w) == wanted(operator, *changes)


@LAWS
@given(
    changelogs(), CUTS, st.sampled_from(OPERATORS), st.sampled_from(crash_points.POINTS),
    st.integers(1, 5), st.booleans(),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    changes: tuple[list[Row], list[int]], cuts: list[int], operator: str, point: str, nth: int,
    bounded: bool,
) -> None:  # fmt: skip
    w = world(*changes, cuts, bounded)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(20):
                try:
                    run(w, plan(operator, bounded), folder)
                    break
                except kit.Crash:
                    continue
    finally:
        kit.no_crash()
    assert contents(w) == wanted(operator, *changes)


def test_a_dropped_retraction_is_noticed() -> None:
    """The model must notice a change that is not taken back."""
    wrong = plan.__wrapped__("INTERSECT")
    (stage,) = wrong.operators
    object.__setattr__(stage.edges[0], "query", stage.edges[0].query.replace("(1, 3)", "(7, 7)"))
    rows: list[Row] = [(0, "a", 1), (1, "a", 1), (0, "a", 1)]
    w = world(rows, [0, 0, 3], [1, 2])
    with tempfile.TemporaryDirectory() as folder:
        run(w, wrong, folder)
    assert contents(w) != wanted("INTERSECT", rows, [0, 0, 3])


def test_what_explain_and_lint_say() -> None:
    p = plan("EXCEPT ALL")
    (stage,) = p.operators
    assert isinstance(stage, SetStage)
    assert stage.title == "ExceptAll"
    assert [edge.port for edge in stage.edges] == [0, 1]
    assert "unbounded: no TTL" in str(explain(p))
    assert "unbounded-state" in [warning.name for warning in lint(p)]
    assert "until the input ends" in str(explain(plan("EXCEPT", True)))


@pytest.mark.parametrize("batch_rows", [1, 3])
def test_unnested_changes_stand_for_themselves(batch_rows: int) -> None:
    p = kit.plan_of(
        """CREATE TABLE t (k STRING, tags ARRAY<BIGINT>)
          WITH ('connector' = 'memory', 'changelog' = 'true');
        CREATE TABLE w (k STRING, v BIGINT) WITH ('connector' = 'memory', 'changelog' = 'true');
        INSERT INTO w SELECT k, v FROM t LEFT JOIN UNNEST(tags) AS u(v) ON TRUE
          WHERE v > 1 OR v IS NULL;
        """
    )
    rows = [("a", [1, 2, 3]), ("a", [1, 2, 3]), ("a", []), ("b", [9])]
    schema = pa.schema([("k", pa.string()), ("tags", pa.list_(pa.int64()))])
    batch = pa.RecordBatch.from_pydict(
        {"k": [r[0] for r in rows], "tags": [r[1] for r in rows]}, schema=schema
    )
    part = kit.Partition(batch, [0, 1, 2, 0], list(range(batch_rows, 4, batch_rows)))
    w = kit.World({"t": {"0": part}}, [kit.Group("main", ("w",))])
    with tempfile.TemporaryDirectory() as folder:
        run(w, p, folder)
    assert {row["$kind"] for row in w.rows("w")} == {"+I", "-D"}
    assert contents(w) == Counter([("a", None), ("b", 9)])
