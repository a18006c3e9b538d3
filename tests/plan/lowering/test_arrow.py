"""Arrow functions: JSON as Jackson has it, any split into batches, and failed rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.plan.lowering.arrow import ARROW_FUNCTIONS, register
from tidemill.plan.lowering.arrow.jackson import NotJsonError, read, write

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_what_is_written_reads_the_same(value: Any) -> None:
    assert read(write(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "a": 2} rest', {"a": 2}),
        ("1.50", Decimal("1.50")),
        ("-0.0", Decimal("0.0")),
        ('"x" y', "x"),
        ("1 2", 1),
        (" [ ] ", []),
    ],
)
def test_jacksons_leniency(text: str, value: Any) -> None:
    found = read(text)
    assert found == value
    assert str(found) == str(value)


@pytest.mark.parametrize(
    "text", ["", "01", "1x", "truex", "NaN", "[1,]", "{'a': 1}", '"a\tb"', "+1"]
)
def test_what_jackson_refuses(text: str) -> None:
    with pytest.raises(NotJsonError):
        read(text)


_TEXTS = st.lists(st.none() | st.text("ab1:/é😀%{}\"' ", max_size=12), min_size=1, max_size=20)


@given(_TEXTS, st.integers(1, 5))
def test_any_split_into_batches_gives_the_same(texts: list[str | None], size: int) -> None:
    column = pa.array(texts, pa.string())
    for name in ("flink_json_kind", "flink_url_decode", "flink_json_quote", "flink_json_unquote"):
        compute = ARROW_FUNCTIONS[name].compute
        parts = [compute(column.slice(i, size)) for i in range(0, len(column), size)]
        assert pa.concat_arrays(parts).equals(compute(column))


def test_only_named_functions_are_registered_and_once() -> None:
    connection = duckdb.connect()
    try:
        for _ in range(2):
            register(connection, "SELECT FLINK_JSON_KIND(x), flink_nothing(x)")
        known = connection.sql(
            "SELECT function_name FROM duckdb_functions() WHERE function_name LIKE 'flink_%'"
        ).fetchall()
        assert known == [("flink_json_kind",)]
        with pytest.raises(duckdb.Error, match=r"\[engine.invalid-argument\]"):
            register(connection, "flink_sha2")
            connection.sql("SELECT flink_sha2('a'::BLOB, 1)").fetchall()
    finally:
        connection.close()
