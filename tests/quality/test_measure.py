"""Expectations on tables: types, edges, exactness; against the same rule in plain Python."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from tidemill.quality import Expectation, ExpectationResult, measure
from tidemill.quality.arguments import checked, kind_of

ROWS = pa.table(
    {
        "n": pa.array([1, None, 3], pa.int32()),
        "d": pa.array([Decimal("0.12"), Decimal("0.13"), None], pa.decimal128(38, 2)),
        "f": pa.array([1.5, float("nan"), None], pa.float64()),
        "t": pa.array(["a", "é", None], pa.string()),
        "b": pa.array([True, False, None], pa.bool_()),
        "at": pa.array([dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2), None], pa.timestamp("us")),  # noqa: E501, DTZ001
        "z": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None, None], pa.timestamp("us", "UTC")),  # noqa: E501
        "day": pa.array([dt.date(2026, 1, 1), dt.date(2026, 2, 1), None], pa.date32()),
        "l": pa.array([[1], [], None], pa.list_(pa.int32())),
    }
)  # fmt: skip
CONNECTION = duckdb.connect(":memory:", config={"threads": 1})
CONNECTION.execute("SET TimeZone = 'UTC'")
BETWEEN = "expect_column_values_to_be_between"


def look(table: pa.Table, name: str, **kwargs: Any) -> ExpectationResult:
    connection = CONNECTION
    connection.register("rows_", table)
    one = Expectation(name, checked(kind_of(name), kwargs))
    count, columns, (result,) = measure(connection, exp.to_table("rows_"), [one])
    assert (count, columns) == (table.num_rows, tuple(table.column_names))
    return result


@pytest.mark.parametrize(
    ("name", "kwargs", "elements", "unexpected"),
    [
        (BETWEEN, {"column": "d", "min_value": 0.125}, 2, 1),
        (BETWEEN, {"column": "d", "max_value": 0.125}, 2, 1),
        (BETWEEN, {"column": "d", "min_value": 0.12, "strict_min": True}, 2, 1),
        (BETWEEN, {"column": "n", "min_value": 0.5, "max_value": 2.9}, 2, 1),
        (BETWEEN, {"column": "n", "max_value": 10**30}, 2, 0),
        (BETWEEN, {"column": "f", "min_value": -1}, 2, 1),  # NaN lies between nothing
        (BETWEEN, {"column": "t", "min_value": "b"}, 2, 1),
        (BETWEEN, {"column": "at", "max_value": "2026-01-01T12:00:00"}, 2, 1),
        (BETWEEN, {"column": "at", "max_value": dt.date(2026, 1, 1)}, 2, 1),
        (BETWEEN, {"column": "z", "min_value": "2026-01-01T01:00:00+01:00"}, 1, 0),
        (BETWEEN, {"column": "day", "min_value": dt.date(2026, 1, 2)}, 2, 1),
        ("expect_column_values_to_be_in_set", {"column": "b", "value_set": [True]}, 2, 1),
        ("expect_column_values_to_be_in_set", {"column": "t", "value_set": []}, 2, 2),
        ("expect_column_values_to_not_be_in_set", {"column": "t", "value_set": ["é", None]}, 2, 1),
        ("expect_column_values_to_match_regex", {"column": "t", "regex": "^.$"}, 2, 0),
        ("expect_column_values_to_not_be_null", {"column": "l"}, 3, 1),
    ],
)  # fmt: skip
def test_rows_at_the_edges(
    name: str, kwargs: dict[str, Any], elements: int, unexpected: int
) -> None:
    result = look(ROWS, name, **kwargs)
    assert (result.elements, result.unexpected, result.exception) == (elements, unexpected, None)
    assert len(result.rows) == unexpected
    assert all(list(row) == ROWS.column_names for row in result.rows)


@pytest.mark.parametrize(
    ("name", "kwargs", "reason"),
    [
        (BETWEEN, {"column": "x", "min_value": 0}, "no column `x`"),
        (BETWEEN, {"column": "t", "min_value": 0}, "is not text"),
        (BETWEEN, {"column": "b", "min_value": False}, "has no range"),
        (BETWEEN, {"column": "day", "min_value": "tomorrow"}, "2026-01-31"),
        (BETWEEN, {"column": "at", "min_value": "2026-01-01T00:00:00Z"}, "is not a TIMESTAMP"),
        ("expect_column_values_to_match_regex", {"column": "n", "regex": "1"}, "needs text"),
        ("expect_column_mean_to_be_between", {"column": "t", "min_value": 0}, "`t` is string"),
        ("expect_column_values_to_be_in_set", {"column": "l", "value_set": [1]}, "compared"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_no_success(name: str, kwargs: dict[str, Any], reason: str) -> None:
    result = look(ROWS, name, **kwargs)
    assert not result.success
    assert result.exception is not None
    assert reason in result.exception


@pytest.mark.parametrize(
    ("name", "kwargs", "success", "observed"),
    [
        ("expect_column_max_to_be_between", {"column": "d", "max_value": 0.13}, True, Decimal("0.13")),  # noqa: E501
        ("expect_column_min_to_be_between", {"column": "at", "min_value": "2026-01-01"}, True,
         dt.datetime(2026, 1, 1)),  # noqa: DTZ001
        ("expect_column_mean_to_be_between", {"column": "n", "min_value": 2, "strict_min": True}, False, 2.0),  # noqa: E501
        ("expect_column_values_to_be_of_type", {"column": "d", "type_": "decimal(38,2)"}, True, "DECIMAL(38, 2)"),  # noqa: E501
        ("expect_column_values_to_be_of_type", {"column": "z", "type_": "TIMESTAMP_LTZ(3)"}, True, "TIMESTAMP_LTZ"),  # noqa: E501
        ("expect_column_values_to_be_of_type", {"column": "t", "type_": "VARCHAR(3)"}, True, "STRING"),  # noqa: E501
        ("expect_table_row_count_to_equal", {"value": 3}, True, 3),
    ],
)  # fmt: skip
def test_tables(name: str, kwargs: dict[str, Any], success: bool, observed: object) -> None:
    result = look(ROWS, name, **kwargs)
    assert (result.success, result.observed) == (success, observed)


def test_an_empty_table_meets_what_is_said_of_rows_and_no_range_of_an_aggregate() -> None:
    empty = ROWS.schema.empty_table()
    assert look(empty, BETWEEN, column="n", min_value=5).success
    assert not look(empty, "expect_column_mean_to_be_between", column="n", min_value=0).success


values = st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=12)


@settings(max_examples=40)
@given(a=values, b=values, mostly=st.floats(0, 1))
def test_the_same_as_plain_python(a: list[int | None], b: list[int | None], mostly: float) -> None:
    pairs = list(zip(a, b, strict=False))
    table = pa.table(
        {
            "a": pa.array([x for x, _ in pairs], pa.int64()),
            "b": pa.array([y for _, y in pairs], pa.int64()),
        }
    )
    known = [x for x, _ in pairs if x is not None]
    unique = look(table, "expect_column_values_to_be_unique", column="a", mostly=mostly)
    repeated = sum(known.count(x) > 1 for x in known)
    assert (unique.elements, unique.unexpected) == (len(known), repeated)
    assert unique.success == (not known or (len(known) - repeated) / len(known) >= mostly)

    some = [p for p in pairs if p != (None, None)]
    compound = look(table, "expect_compound_columns_to_be_unique", column_list=["a", "b"])
    assert compound.elements == len(some)
    assert compound.unexpected == sum(some.count(p) > 1 for p in some)

    greater = look(
        table, "expect_column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b"
    )
    wrong = [(x, y) for x, y in some if x is None or y is None or not x > y]
    assert (greater.elements, greater.unexpected) == (len(some), len(wrong))
