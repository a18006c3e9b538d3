"""Expressions built in Python: what they read as, what they are worth, what they refuse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tidemill as tm
from tidemill.api.expressions import interval, sql
from tidemill.errors import SqlError, UserError


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: tm.col("fare") > 10, "(`fare` > 10)"),
        (lambda: (tm.col("a") == "x") & ~tm.col("b"), "((`a` = 'x') AND (NOT `b`))"),
        (lambda: tm.col("t.a") + 1, "(`t`.`a` + 1)"),
        (lambda: 2 * tm.col("a"), "(2 * `a`)"),
        (lambda: -tm.col("a") % 3, "((-`a`) % 3)"),
        (lambda: tm.col("a").is_in([1, None]), "(`a` IN (1, NULL))"),
        (lambda: tm.col("a").between(-1, 2), "(`a` BETWEEN (-1) AND 2)"),
        (lambda: tm.col("r").field("x y"), "`r`.`x y`"),
        (lambda: tm.col("m").at("k"), "`m`['k']"),
        (lambda: tm.fn.upper("name"), "UPPER(name)"),
        (lambda: tm.count("id", distinct=True), "COUNT(DISTINCT id)"),
        (lambda: tm.sum_("a").filter("b > 1"), "SUM(a) FILTER (WHERE (b > 1))"),
        (lambda: tm.case((tm.col("a") > 1, "x"), otherwise=None),
         "CASE WHEN (`a` > 1) THEN 'x' ELSE NULL END"),
        (lambda: tm.col("it`s"), "`it``s`"),
        (lambda: tm.fn.row_number().over(partition_by="a", order_by=tm.col("t").desc()),
         "ROW_NUMBER() OVER (PARTITION BY a ORDER BY `t` DESC)"),
    ],
)  # fmt: skip
def test_what_it_reads_as(made: Any, text: str) -> None:
    assert made().sql == text


_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, width=64)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
    | st.binary(min_size=1, max_size=8)
    | st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
    | st.datetimes()
    | st.decimals(-(10**9), 10**9, places=3)
)


@given(st.lists(_VALUES, min_size=1, max_size=4))
def test_a_literal_is_worth_its_value(values: list[Any]) -> None:
    items = ", ".join(
        tm.lit(v).alias(f"c{i}").item() for i, v in enumerate(values) if v is not None
    )
    if not items:
        return
    (row,) = tm.Session().query(f"SELECT {items}").rows()
    for index, value in enumerate(values):
        if value is not None:
            assert row[f"c{index}"] == value


def test_nested_literals_and_instants() -> None:
    instant = dt.datetime(2024, 2, 29, 12, 0, 0, 250_000, tzinfo=dt.UTC)
    session = tm.Session()
    items = {"a": [1, 2], "m": {"k": 1.5}, "t": instant}
    text = ", ".join(tm.lit(value).alias(name).item() for name, value in items.items())
    (row,) = session.query(f"SELECT {text}").rows()
    assert row["a"] == [1, 2]
    assert dict(row["m"]) == {"k": 1.5}
    assert row["t"] == instant


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (dt.timedelta(minutes=1), "INTERVAL '1' MINUTE"),
        (dt.timedelta(minutes=90), "INTERVAL '90' MINUTE"),
        (dt.timedelta(days=400), "INTERVAL '400' DAY(3)"),
        (dt.timedelta(seconds=100), "INTERVAL '100' SECOND(3)"),
        (dt.timedelta(milliseconds=1500), "INTERVAL '1.500' SECOND(2, 3)"),
    ],
)
def test_intervals(length: dt.timedelta, text: str) -> None:
    assert interval(length) == text
    assert tm.Session().query(
        f"SELECT TIMESTAMP '2024-01-01 00:00:00.000' + {text} AS t"
    ).rows() == [{"t": dt.datetime.fromisoformat("2024-01-01T00:00:00") + length}]


@pytest.mark.parametrize(
    "text", ["a; DROP TABLE t", "a FROM t", "a) OR (b", "1 AS x, 2", "", "a b c"]
)
def test_a_text_is_one_expression(text: str) -> None:
    with pytest.raises(SqlError):
        sql(text)


def test_what_python_would_get_wrong_is_refused() -> None:
    with pytest.raises(TypeError, match="is_null"):
        tm.col("a") == None  # noqa: B015, E711
    with pytest.raises(TypeError, match="& for AND"):
        bool(tm.col("a") > 1)
    with pytest.raises(UserError, match="object is no value"):
        tm.lit(object())
    with pytest.raises(SqlError):
        tm.col("a").cast("BIGINT) FROM t --")
    with pytest.raises(UserError, match="finer"):
        interval(dt.timedelta(microseconds=1))


def test_names_of_columns() -> None:
    assert tm.col("t.a").name == "a"
    assert (sql("fare * 2 AS x").sql, sql("fare * 2 AS x").name) == ("(fare * 2)", "x")
    assert (sql("fare").sql, sql("fare").name) == ("fare", "fare")
    assert tm.lit(Decimal("-1.50")).sql == "(-1.50)"
