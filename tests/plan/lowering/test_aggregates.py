"""Partials merged in any order give what the aggregate gives over all rows, with and without -D."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.model import DataType
from tidemill.model.types import BIGINT, BOOLEAN, DOUBLE, INT, decimal
from tidemill.plan.lowering import AggregatePlan, aggregate_plan
from tidemill.sql.expressions import AggregateCall, InputRef
from tidemill.sql.functions import AGGREGATES

_CONNECTION = duckdb.connect()


def declared(name: str, type_: DataType, **options: Any) -> AggregateCall:
    bound = AGGREGATES[name].bind([InputRef(0, "v", type_)])
    return AggregateCall(name, bound.arguments, bound.type, **options)


@functools.cache
def planned(name: str, type_: DataType, weight: str | None = None) -> AggregatePlan:
    """How the aggregate of column `v` is computed."""
    columns = ["v"] if weight is None else ["v", weight]
    return aggregate_plan(declared(name, type_), 0, columns, weight)


@functools.cache
def texts(plan: AggregatePlan) -> tuple[str, str, str]:
    """The plan's three queries; writing them down takes longer than computing them."""
    return (
        ", ".join(f'{p.partial.sql(dialect="duckdb")} AS "{p.name}"' for p in plan.partials),
        ", ".join(f'{p.merge.sql(dialect="duckdb")} AS "{p.name}"' for p in plan.partials),
        plan.final.sql(dialect="duckdb"),
    )


def run(plan: AggregatePlan, batches: list[pa.Table]) -> Any:
    """Partials per batch, merged pairwise in turn, then the result."""
    partials, merges, final = texts(plan)
    state: pa.Table | None = None
    for batch in batches:
        _CONNECTION.register("batch", batch)
        partial = _CONNECTION.sql(f"SELECT {partials} FROM batch").to_arrow_table()
        if state is not None:
            _CONNECTION.register("pair", pa.concat_tables([state, partial]))
            partial = _CONNECTION.sql(f"SELECT {merges} FROM pair").to_arrow_table()
        state = partial
    assert state is not None
    _CONNECTION.register("state", state)
    return _CONNECTION.sql(f"SELECT {final} FROM state").fetchall()[0][0]


def tables(values: list[Any], type_: pa.DataType, cut: int) -> list[pa.Table]:
    return [pa.table({"v": pa.array(part, type_)}) for part in (values[:cut], values[cut:])]


def mean_of_integers(values: list[int]) -> int:
    total = sum(values)
    return abs(total) // len(values) * (1 if total >= 0 else -1)


_INTEGERS = st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=12)


@settings(max_examples=40, deadline=None)
@given(_INTEGERS, st.integers(0, 12))
def test_integers(values: list[int | None], cut: int) -> None:
    there = [v for v in values if v is not None]
    batches = tables(values, pa.int32(), cut)
    wrap = (sum(there) + 2**31) % 2**32 - 2**31
    expected = {
        "COUNT": len(there),
        "SUM": wrap if there else None,
        "AVG": mean_of_integers(there) if there else None,
        "MIN": min(there, default=None),
        "MAX": max(there, default=None),
    }
    for name, value in expected.items():
        assert run(planned(name, INT), batches) == value, name


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8))
def test_the_sum_of_bigints_wraps_around(values: list[int]) -> None:
    plan = planned("SUM", BIGINT)
    expected = (sum(values) + 2**63) % 2**64 - 2**63
    assert run(plan, tables(values, pa.int64(), 3)) == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-2)), min_size=1))
def test_decimals_are_exact(values: list[Decimal]) -> None:
    batches = tables(values, pa.decimal128(16, 2), 2)
    assert run(planned("SUM", decimal(16, 2)), batches) == sum(values)
    mean = run(planned("AVG", decimal(16, 2)), batches)
    assert abs(mean - sum(values) / len(values)) <= Decimal("0.0000005")
    assert mean.as_tuple().exponent == -6


_DOUBLES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=10)


@settings(max_examples=30, deadline=None)
@given(_DOUBLES)
def test_variances(values: list[float]) -> None:
    import statistics

    batches = tables(values, pa.float64(), 1)
    expected = {
        "VAR_POP": statistics.pvariance(values),
        "VAR_SAMP": statistics.variance(values),
        "STDDEV_POP": statistics.pstdev(values),
        "STDDEV_SAMP": statistics.stdev(values),
    }
    for name, value in expected.items():
        found = run(planned(name, DOUBLE), batches)
        assert found == pytest.approx(value, rel=1e-6, abs=1e-2), name


@settings(max_examples=40, deadline=None)
@given(_INTEGERS, st.data())
def test_what_came_and_went_leaves_no_trace(values: list[int | None], data: Any) -> None:
    gone = data.draw(st.lists(st.sampled_from(values), max_size=5) if values else st.just([]))
    kept = list(values)
    for value in gone:
        if value in kept:
            kept.remove(value)
    removed = list(values)
    for value in kept:
        removed.remove(value)
    signed = [(v, 1) for v in values] + [(v, -1) for v in removed]
    batch = pa.table(
        {
            "v": pa.array([v for v, _ in signed], pa.int32()),
            "w": pa.array([w for _, w in signed], pa.int64()),
        }
    )
    for name in ("COUNT", "SUM", "AVG"):
        with_weight = planned(name, INT, weight="w")
        plain = planned(name, INT)
        assert not with_weight.needs_values
        left = pa.table({"v": pa.array(kept, pa.int32())})
        assert run(with_weight, [batch.slice(0, 3), batch.slice(3)]) == run(plain, [left]), name


def test_filter_counts_only_what_it_lets_through() -> None:
    condition = InputRef(1, "ok", BOOLEAN)
    batch = pa.table({"v": [1, 2, 3, None], "ok": [True, False, None, True]})
    expected = {"COUNT": 1, "SUM": 1, "MIN": 1, "MAX": 1, "AVG": 1}
    for name, value in expected.items():
        call = declared(name, BIGINT, filter=condition)
        assert run(aggregate_plan(call, 0, ["v", "ok"], None), [batch]) == value, name


def test_the_empty_group() -> None:
    batch = pa.table({"v": pa.array([], pa.int64()), "w": pa.array([], pa.int64())})
    for weight in (None, "w"):
        assert run(aggregate_plan(declared("COUNT", BIGINT), 0, ["v", "w"], weight), [batch]) == 0
        for name in ("SUM", "AVG"):
            plan = aggregate_plan(declared(name, BIGINT), 0, ["v", "w"], weight)
            assert run(plan, [batch]) is None


@pytest.mark.parametrize(
    ("name", "distinct", "weight", "values_needed"),
    [
        ("COUNT", True, None, True),
        ("COUNT", True, "w", True),
        ("SUM", True, None, True),
        ("MIN", False, None, False),
        ("MIN", True, None, False),
        ("MIN", False, "w", True),
        ("COUNT", False, "w", False),
        ("STDDEV_POP", False, "w", False),
    ],
)
def test_which_aggregates_need_their_values(
    name: str, distinct: bool, weight: str | None, values_needed: bool
) -> None:
    call = declared(name, INT, distinct=distinct)
    plan = aggregate_plan(call, 3, ["v", "w"], weight)
    assert plan.needs_values is values_needed
    assert len(plan.values) == (1 if values_needed else 0)
    assert all(p.name.startswith("a3_") for p in plan.partials)
