"""The native decoder gives the rows of the Python decoder, or hands the message back."""

from __future__ import annotations

import importlib.util
import json
import shutil
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.formats import FORMATS
from tidemill.formats.json.decoder import JsonDecoder
from tidemill.formats.json.options import DecodeRules
from tidemill.interfaces.native import library
from tidemill.interfaces.native_types import field_spec
from tidemill.model import Column, DataType, Schema, TypeRoot
from tidemill.model.types import BIGINT, BOOLEAN, DOUBLE, FLOAT, INT, STRING, TINYINT, Field

COLUMNS: dict[str, DataType] = {
    "b": BOOLEAN,
    "t": TINYINT,
    "i": INT,
    "l": BIGINT,
    "f": FLOAT,
    "d": DOUBLE,
    "s": STRING,
    "r": DataType(TypeRoot.INTEGER, nullable=False),
    "day": DataType(TypeRoot.DATE),
    "ts": DataType(TypeRoot.TIMESTAMP, precision=3),
    "tn": DataType(TypeRoot.TIMESTAMP, precision=9),
    "tz": DataType(TypeRoot.TIMESTAMP_LTZ, precision=3),
    "c": DataType(TypeRoot.DECIMAL, precision=6, scale=2),
    "row": DataType(
        TypeRoot.ROW,
        fields=(Field("x", INT), Field("y", STRING), Field("z", BIGINT.with_nullable(False))),
    ),
    "list": DataType(TypeRoot.ARRAY, element=INT),
    "map": DataType(TypeRoot.MAP, key=STRING, value=DOUBLE),
}
SCHEMA = Schema(tuple(Column(name, type_) for name, type_ in COLUMNS.items()))
PYTHON = JsonDecoder(SCHEMA, DecodeRules(decimals=True), None)
FIELDS = [field_spec(name, type_, "SQL") for name, type_ in COLUMNS.items()]


def both(messages: list[bytes | None]) -> tuple[list[dict[str, Any]], set[int], dict[int, Any]]:
    """Native rows, the indexes it handed back, and Python's row of each message that has one."""
    crate = library()
    batch, unsure = crate.JsonDecoder(FIELDS).decode(messages)
    schema, columns = SCHEMA.arrow(), pa.record_batch(batch).columns
    assert [column.type for column in columns] == [field.type for field in schema]
    rows = pa.table(columns, names=schema.names).to_pylist()
    decoded = PYTHON.decode(messages)
    origin = range(len(messages)) if decoded.origin is None else decoded.origin.to_pylist()
    python: dict[int, Any] = {}
    for index, row in zip(origin, decoded.rows.to_pylist(), strict=True):
        python.setdefault(index, []).append(row)
    return rows, set(unsure), python


def agree(messages: list[bytes | None]) -> set[int]:
    """Assert that every message that native decided has exactly Python's row."""
    rows, unsure, python = both(messages)
    assert len(rows) == len(messages)
    for index in set(range(len(messages))) - unsure:
        assert python.get(index) == [rows[index]], messages[index]
    return unsure


def test_it_is_built_where_rust_is() -> None:
    assert (importlib.util.find_spec("tidemill_native") is not None) or not shutil.which("cargo")


def with_native(test: Any) -> Any:
    """The laws hold of the crate; where no Rust built it there is nothing to hold to them."""
    return test if library() is not None else lambda: None


@with_native
def test_plain_rows_are_decided() -> None:
    row = {"b": True, "t": -128, "i": 7, "l": -(2**63), "f": 0.1, "d": 1e300, "s": "aé😀", "r": 1}
    messages: list[bytes | None] = [
        json.dumps(row, ensure_ascii=False).encode(),
        b' { "r" : 1 , "x" : { "y" : [ 1 , { } , "}" ] } , "s" : "a\\n\\"b\\\\" } ',
        b'{"r":1,"s":null,"d":3}',
        b'{"r":0,"day":"2024-02-29","ts":"2024-02-29 12:00:00.123456","tn":"1969-12-31 23:59:59.1",'
        b'"tz":"1970-01-01 00:00:00Z","c":"-12.5"}',
        b'{"r":0,"c":1234.5,"row":{"y":"a","z":1},"list":[1,null,-3],"map":{"a":1,"":null}}',
        b'{"r":0,"row":null,"list":[],"map":{}}',
    ]
    assert agree(messages) == set()


@with_native
def test_what_needs_other_rules_is_handed_back() -> None:
    messages: list[bytes | None] = [
        None, b"", b"[]", b"null", b"{", b'{"r":1}}', b'{"r":"1"}', b'{"r":1.0}', b'{"r":1e0}',
        b'{"i":2147483648,"r":1}', b'{"t":128,"r":1}', b'{"s":5,"r":1}', b'{"r":01}',
        b'{"r":1,"r":2}', b'{"s":"\xff","r":1}', b'{"x":"\xff","r":1}', b'{"s":"\\u00e4","r":1}',
        b'{"x":tru,"r":1}', b'{"s":"\x01","r":1}', b'{"b":1,"r":1}', b'{"i":1}', b'{"r":null}',
        b'{"d":NaN,"r":1}', b'{"r":1,}', b"[" * 10_000, b'{"x":' + b"[" * 10_000,
        b'{"d":-0.0,"r":1}', b'{"r":1,"day":"2023-02-29"}', b'{"r":1,"ts":"2024-01-01T00:00:00"}',
        b'{"r":1,"ts":"2024-01-01 24:00:00"}', b'{"r":1,"ts":1}', b'{"r":1,"c":1.005}',
        b'{"r":1,"c":12345}', b'{"r":1,"c":1e1}', b'{"r":1,"row":{"x":1}}', b'{"r":1,"row":[]}',
        b'{"r":1,"list":[1.5]}', b'{"r":1,"list":1}', b'{"r":1,"map":{"a":1,"a":2}}',
        b'{"r":1,"tn":"9999-01-01 00:00:00"}', b'{"r":1,"tz":"1970-01-01 00:00:00"}',
    ]  # fmt: skip
    assert agree(messages) == set(range(len(messages)))


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.integers(-200, 200),
    st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
    st.datetimes().map(str), st.dates().map(str), st.datetimes().map(lambda at: f"{at}Z"),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-9999, max_value=9999)
    .map(str),
    st.fixed_dictionaries(
        {"z": st.integers(-5, 5)}, optional={"x": st.integers(-5, 5), "y": st.text(max_size=3)}
    ),
    st.lists(st.none() | st.integers(-9, 9), max_size=4),
)  # fmt: skip
objects = st.dictionaries(st.sampled_from([*COLUMNS, "x", "y"]), values, max_size=10)


@with_native
@given(st.lists(st.tuples(objects, st.booleans()), max_size=12))
def test_any_object(items: list[tuple[dict[str, Any], bool]]) -> None:
    agree([json.dumps(row, ensure_ascii=ascii_only).encode() for row, ascii_only in items])


@with_native
@given(st.lists(st.tuples(objects, st.integers(0, 200), st.binary(max_size=4)), max_size=8))
def test_any_damage(items: list[tuple[dict[str, Any], int, bytes]]) -> None:
    messages: list[bytes | None] = []
    for row, at, junk in items:
        text = json.dumps(row).encode()
        at = min(at, len(text))
        messages.append(text[:at] + junk + text[at + 1 :])
    agree(messages)


@with_native
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes(messages: list[bytes]) -> None:
    agree(list(messages))


@with_native
@given(st.lists(st.tuples(objects, st.integers(0, 200), st.binary(max_size=1)), max_size=8))
def test_the_format_puts_both_together(items: list[tuple[dict[str, Any], int, bytes]]) -> None:
    """Rows, their messages, rejects and skips are the Python decoder's."""
    messages: list[bytes | None] = [None, b""]
    for row, at, junk in items:
        text = json.dumps([row, None, row] if at == 0 else row).encode()
        messages.append(text[:at] + junk + text[at + len(junk) :])
    factory = FORMATS["json"]
    assert factory.decoder is not None
    found = factory.decoder(SCHEMA, factory.options.parse({}), None).decode(messages)
    expected = PYTHON.decode(messages)
    assert found.rows.schema == expected.rows.schema
    assert found.rows.to_pylist() == expected.rows.to_pylist()
    assert found.origin is not None and expected.origin is not None
    assert found.origin.to_pylist() == expected.origin.to_pylist()
    assert (found.rejects, found.skipped) == (expected.rejects, expected.skipped)


@pytest.mark.parametrize(
    "kind",
    [
        DataType(TypeRoot.TIME, precision=0),
        DataType(TypeRoot.VARBINARY, length=10),
        DataType(TypeRoot.CHAR, length=3),
        DataType(TypeRoot.MAP, key=INT, value=INT),
        DataType(TypeRoot.ROW, fields=(Field("t", DataType(TypeRoot.TIME, precision=0)),)),
    ],
    ids=str,
)
def test_other_types_are_left_to_python(kind: DataType) -> None:
    assert field_spec("x", kind, "SQL") is None
